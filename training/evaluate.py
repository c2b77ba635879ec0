"""PSNR of a network on folders of pictures: each is shrunk by MATLAB's bicubic, enlarged again and compared.

    python3 -m training.evaluate models/photo-x4.safetensors Set5=DIR Kodak24=DIR
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .degrade import compressed
from .network import Enlarger, network_from
from .pictures import crop_to_multiple, list_pictures, psnr_y, read_picture, shrink
from .safetensors import load

LUMA_8BIT = (65.481, 128.553, 24.966)
"""The luma that `psnr_y` compares, of RGB in 0..1, without its offset."""


@torch.no_grad()
def upscale(network: Enlarger, small: np.ndarray) -> np.ndarray:
    """uint8 [h, w, 3] -> uint8 [scale * h, scale * w, 3]; in float32"""
    device = next(network.parameters()).device
    x = torch.from_numpy(np.ascontiguousarray(small)).permute(2, 0, 1)[None].float().div(255).to(device)
    y = network(x.contiguous(memory_format=torch.channels_last))[0]
    return y.clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).cpu().numpy()


def bicubic(small: np.ndarray, scale: int) -> np.ndarray:
    """The yardstick: uint8 [h, w, 3] -> uint8 [scale * h, scale * w, 3]."""
    height, width = small.shape[:2]
    return np.asarray(Image.fromarray(small).resize((width * scale, height * scale), Image.Resampling.BICUBIC))


def pair_of(file: Path, scale: int, quality: int | None, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """(truth, input), the input with Gaussian noise of `sigma` and through a JPEG, if asked: uint8 [h, w, 3]."""
    truth = crop_to_multiple(read_picture(file), scale)
    small = shrink(truth, scale)
    if sigma:
        grain = np.random.default_rng(1).normal(0, sigma, small.shape)
        small = np.clip(np.rint(small + grain), 0, 255).astype(np.uint8)
    return truth, small if quality is None else compressed(small, quality)


def measure(
    network: Enlarger, folder: Path, quality: int | None = None, sigma: float = 0,
) -> tuple[list[float], list[float]]:
    """PSNR-Y of every picture: (the network's, bicubic's)."""
    scale, network_scores, bicubic_scores = network.scale, [], []
    for file in list_pictures(folder):
        truth, small = pair_of(file, scale, quality, sigma)
        network_scores.append(psnr_y(upscale(network, small), truth, scale))
        bicubic_scores.append(psnr_y(bicubic(small, scale), truth, scale))
    return network_scores, bicubic_scores


class Validation:
    """The validation pictures on the device, for a quick figure during training."""

    def __init__(self, folder: Path, scale: int, quality: int | None, device: str) -> None:
        self.scale = scale
        with ThreadPoolExecutor() as pool:
            pairs = pool.map(lambda file: pair_of(file, scale, quality, 0), list_pictures(folder))
            self.pairs = [[torch.tensor(array).permute(2, 0, 1)[None].to(device) for array in pair] for pair in pairs]

    @torch.no_grad()
    def psnr(self, network: Enlarger) -> float:
        """Mean PSNR-Y in dB, within 0.01 of `measure`'s."""
        weight = torch.tensor(LUMA_8BIT, device=self.pairs[0][0].device).view(1, 3, 1, 1)
        inside, scores = slice(self.scale, -self.scale), []
        for truth, small in self.pairs:
            found = network(small.float() / 255).mul(255).round().clamp(0, 255)
            error = ((found - truth.float()) / 255 * weight).sum(1)[:, inside, inside]
            scores.append(10 * torch.log10(255**2 / error.square().mean()))
        return float(torch.stack(scores).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path, help="a .safetensors file of an SRResNetCompact")
    parser.add_argument("sets", nargs="+", metavar="NAME=DIR", help="a name and a folder of pictures")
    parser.add_argument("--noise", type=float, default=0, metavar="SIGMA", help="add Gaussian noise to the small picture")
    parser.add_argument("--jpeg", type=int, metavar="QUALITY", help="then compress it (4:2:0)")
    parser.add_argument("--each", action="store_true", help="print every picture, not only the mean")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    network = network_from(load(options.network)[0]).to(memory_format=torch.channels_last)
    for entry in options.sets:
        name, folder = entry.split("=", 1)
        ours, theirs = measure(network, Path(folder), options.jpeg, options.noise)
        if options.each:
            for file, own, other in zip(list_pictures(Path(folder)), ours, theirs):
                print(f"{name:12} {file.name:32} {own:6.2f} dB, bicubic {other:6.2f}, gain {own - other:+.2f}")
        gains = np.array(ours) - np.array(theirs)
        print(f"{name:12} {np.mean(ours):6.2f} dB, bicubic {np.mean(theirs):6.2f}, smallest gain {gains.min():+.2f}")


if __name__ == "__main__":
    main()
