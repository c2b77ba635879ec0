"""How much of a restorer serves which damage: the table behind `--denoise auto`.

    python3 -m training.blend models/photo-x4.safetensors models/restore-x4.safetensors PHOTOS/valid

Each photograph is shrunk, damaged by a known amount (noise, then a JPEG), and two parts of it are enlarged by every
blend of the two networks. A row of the table is one amount of damage, its columns the mean PSNR-Y of each blend.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np
import torch

from .degrade import compressed
from .evaluate import upscale
from .network import Enlarger, network_from
from .pictures import crop_to_multiple, list_pictures, psnr_y, read_picture, shrink
from .safetensors import load

BLENDS = (0, 0.25, 0.5, 0.75, 1)
QUALITIES = (None, 95, 90, 80, 70, 60, 50, 40, 30, 20, 10)
SIGMAS = (0, 2, 4, 7, 10, 15, 20)


def blended(base: Path, restorer: Path, share: float) -> Enlarger:
    """The network whose weights are those of `base` and, by `share`, those of `restorer`."""
    weights, others = load(base)[0], load(restorer)[0]
    mixed = {name: torch.lerp(tensor, others[name], share) for name, tensor in weights.items()}
    return network_from(mixed).to(memory_format=torch.channels_last)


def damaged(small: np.ndarray, quality: int | None, sigma: float, seed: int) -> np.ndarray:
    """`small` with Gaussian noise in each colour, then through a JPEG (4:2:0): uint8 [h, w, 3]."""
    grain = np.random.default_rng(seed).normal(0, 1, small.shape) * sigma
    noisy = np.clip(np.rint(small + grain), 0, 255).astype(np.uint8)
    return noisy if quality is None else compressed(noisy, quality)


def windows(picture: np.ndarray, side: int) -> list[tuple[int, int]]:
    """The upper left corners (y, x) of two parts of a picture: its middle, and halfway to a corner."""
    height, width = (max(length - side, 0) for length in picture.shape[:2])
    return [(height // 2, width // 2), (height // 4, width // 4)]


def scores_of(networks: list[Enlarger], truth: np.ndarray, small: np.ndarray, side: int) -> np.ndarray:
    """PSNR-Y of each network on the parts of `small`, which is `truth` shrunk and damaged: [windows, networks]."""
    scale, scores = networks[0].scale, []
    for y, x in windows(small, side):
        target = truth[scale * y:scale * (y + side), scale * x:scale * (x + side)]
        part = small[y:y + side, x:x + side]
        scores.append([psnr_y(upscale(network, part), target, 4 * scale) for network in networks])
    return np.array(scores)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path, help="a .safetensors file")
    parser.add_argument("restorer", type=Path, help="one of the same shape that started from it")
    parser.add_argument("folder", type=Path, help="photographs")
    parser.add_argument("--side", type=int, default=96, help="of the parts, in pixels of the small picture")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    networks = [blended(options.base, options.restorer, share) for share in BLENDS]
    truths = [crop_to_multiple(read_picture(file), networks[0].scale) for file in list_pictures(options.folder)]
    smalls = [shrink(truth, networks[0].scale) for truth in truths]
    print("quality  noise  " + "  ".join(f"{share:5}" for share in BLENDS) + "   best")
    for quality, sigma in itertools.product(QUALITIES, SIGMAS):
        scores = [scores_of(networks, truth, damaged(small, quality, sigma, seed), options.side)
                  for seed, (truth, small) in enumerate(zip(truths, smalls))]
        means = np.concatenate(scores).mean(axis=0)
        row = "  ".join(f"{mean:5.2f}" for mean in means)
        print(f"{quality or 'none':>7}  {sigma:5}  {row}   {BLENDS[int(means.argmax())]}", flush=True)


if __name__ == "__main__":
    main()
