"""Shapes of equal work side by side: each is trained for the same few steps on the same crops, then measured.

    python3 -m training.trial --pictures DIR --valid DIR --steps 600

Prints a line for each, and with --out writes the lines. README.md keeps the table that decided the shape.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from .data import Crops
from .evaluate import Validation
from .network import Enlarger, SRResNetCompact, SRVGGNetCompact, multiply_adds
from .recipes import Recipe
from .train import FINISH, Run, rate_at

SHAPES: dict[str, tuple] = {
    "32 features, 6 blocks of 4, SiLU": (32, 6, 4, "silu"),
    "32 features, 6 blocks of 4, ReLU": (32, 6, 4, "relu"),
    "32 features, 6 blocks of 4, gate": (32, 6, 4, "gate"),
    "40 features, 5 blocks of 3, SiLU": (40, 5, 3, "silu"),
    "48 features, 3 blocks of 3, SiLU": (48, 3, 3, "silu"),
    "SRVGGNetCompact, 40 features, 15": (40, 15),
    "24 features, 4 blocks of 4, SiLU": (24, 4, 4, "silu"),
    "24 features, 4 blocks of 4, gate": (24, 4, 4, "gate"),
    "32 features, 2 blocks of 4, SiLU": (32, 2, 4, "silu"),
    "SRVGGNetCompact, 32 features, 8": (32, 8),
}
"""The first six are of `photo-x4`'s work, the others of `fast-x4`'s."""

RATE = 2e-3
OTHER_RATES = (4e-3,)
"""The first shape is tried with these, too."""


def build(shape: tuple) -> Enlarger:
    """A network of one row of the table, x4."""
    if len(shape) == 2:
        return SRVGGNetCompact(*shape, scale=4)
    features, blocks, convs, kind = shape
    return SRResNetCompact(features, blocks, convs, 4, kind)


def trial(name: str, rate: float, crops: Crops, validation: Validation, options: argparse.Namespace) -> str:
    """Train one shape and measure it: a line of the table."""
    torch.manual_seed(1)
    run = Run(build(SHAPES[name]), Recipe(0, 0, 0, "", 4, "pixels", 0, ""), options)
    began = time.monotonic()
    while run.steps < options.steps:
        progress = run.steps / options.steps
        run.step(crops, rate_at(progress, rate), progress > 1 - FINISH).item()
    milliseconds = 1e3 * (time.monotonic() - began) / run.steps
    return (f"{name:34} rate {rate:g}  {multiply_adds(run.network):7} multiply-adds  {milliseconds:6.1f} ms a step  "
            f"valid {run.choose(validation):.3f} dB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, required=True, help="a folder that prepare.py filled")
    parser.add_argument("--valid", type=Path, required=True, help="the validation photographs")
    parser.add_argument("--out", type=Path, help="a file for the lines")
    parser.add_argument("--steps", type=int, default=600, help="for each shape")
    parser.add_argument("--batch", type=int, default=8, help="crops a step")
    parser.add_argument("--patch", type=int, default=48, help="side of a crop, in input pixels")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.backends.cudnn.allow_tf32 = False
    crops = Crops(options.pictures, 4, options.patch, options.device)
    validation = Validation(options.valid, 4, None, options.device)
    torch.backends.cudnn.benchmark = True
    first = next(iter(SHAPES))
    for name, rate in [(name, RATE) for name in SHAPES] + [(first, rate) for rate in OTHER_RATES]:
        line = trial(name, rate, crops, validation, options)
        print(line, flush=True)
        if options.out:
            with options.out.open("a") as out:
                out.write(line + "\n")


if __name__ == "__main__":
    main()
