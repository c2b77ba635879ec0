"""PSNR of a network on folders of pictures: each is shrunk by MATLAB's bicubic, enlarged again and compared.

    python3 -m training.evaluate models/photo-x4.safetensors Set5=DIR Kodak24=DIR
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .degrade import compressed
from .network import SRVGGNetCompact
from .pictures import crop_to_multiple, list_pictures, psnr_y, read_picture, shrink
from .safetensors import load


def network_from(weights: dict[str, torch.Tensor]) -> SRVGGNetCompact:
    """The network that these weights belong to; its shape is read from theirs."""
    indices = sorted(int(name.split(".")[1]) for name, tensor in weights.items() if tensor.dim() == 4)
    features, outputs = len(weights["body.0.weight"]), len(weights[f"body.{indices[-1]}.weight"])
    network = SRVGGNetCompact(features, len(indices) - 2, round((outputs / 3) ** 0.5))
    network.load_state_dict(weights)
    return network


@torch.no_grad()
def upscale(network: SRVGGNetCompact, small: np.ndarray, exact: bool = True) -> np.ndarray:
    """uint8 [h, w, 3] -> uint8 [scale * h, scale * w, 3]; in float32, or in bfloat16 unless `exact`."""
    device = next(network.parameters()).device
    x = torch.from_numpy(small).permute(2, 0, 1)[None].float().div(255).to(device)
    x = x.contiguous(memory_format=torch.channels_last)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=not exact):
        y = network(x)[0]
    return y.float().clamp(0, 1).mul(255).round().byte().permute(1, 2, 0).cpu().numpy()


def bicubic(small: np.ndarray, scale: int) -> np.ndarray:
    """The yardstick: uint8 [h, w, 3] -> uint8 [scale * h, scale * w, 3]."""
    height, width = small.shape[:2]
    return np.asarray(Image.fromarray(small).resize((width * scale, height * scale), Image.Resampling.BICUBIC))


def measure(
    network: SRVGGNetCompact, folder: Path, quality: int | None = None, exact: bool = True,
) -> tuple[list[float], list[float]]:
    """PSNR-Y of every picture: (the network's, bicubic's). With `quality`, the small picture goes through a JPEG."""
    scale, network_scores, bicubic_scores = network.scale, [], []
    for file in list_pictures(folder):
        truth = crop_to_multiple(read_picture(file), scale)
        small = shrink(truth, scale)
        if quality is not None:
            small = compressed(small, quality)
        network_scores.append(psnr_y(upscale(network, small, exact), truth, scale))
        bicubic_scores.append(psnr_y(bicubic(small, scale), truth, scale))
    return network_scores, bicubic_scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path, help="a .safetensors file of an SRVGGNetCompact")
    parser.add_argument("sets", nargs="+", metavar="NAME=DIR", help="a name and a folder of pictures")
    parser.add_argument("--jpeg", type=int, metavar="QUALITY", help="compress the small picture first (4:2:0)")
    parser.add_argument("--each", action="store_true", help="print every picture, not only the mean")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    network = network_from(load(options.network)[0]).to(memory_format=torch.channels_last)
    for entry in options.sets:
        name, folder = entry.split("=", 1)
        ours, theirs = measure(network, Path(folder), options.jpeg)
        if options.each:
            for file, own, other in zip(list_pictures(Path(folder)), ours, theirs):
                print(f"{name:12} {file.name:32} {own:6.2f} dB, bicubic {other:6.2f}, gain {own - other:+.2f}")
        gains = np.array(ours) - np.array(theirs)
        print(f"{name:12} {np.mean(ours):6.2f} dB, bicubic {np.mean(theirs):6.2f}, smallest gain {gains.min():+.2f}")


if __name__ == "__main__":
    main()
