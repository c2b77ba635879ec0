"""Train one network of `recipes.py`, or go on with one, and export it.

    python3 -m training.train photo-x4 --photos DIR --out DIR

DIR/train and DIR/valid hold the photographs. --out receives NAME.checkpoint (saved every two minutes; the same command
resumes from it), NAME.log and, at the end, NAME.safetensors: of the six times that the averaged weights are measured on
DIR/valid, the best.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from pathlib import Path
from typing import Callable

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from .data import Crops
from .evaluate import measure, network_from
from .matrix_unit import MatrixUnit
from .network import SRVGGNetCompact
from .optimizer import make_optimizers
from .recipes import RECIPES, Recipe
from .safetensors import load, save

WARM_UP = 0.02
"""Share of the time over which the rate rises; after it, it falls as a cosine."""

AVERAGE = 0.999
"""Decay of the moving average of the weights, which is what is measured and exported."""

LUMA = (0.299, 0.587, 0.114)
LUMA_SHARE = 0.5
"""How much of the loss is the luma's: eyes and PSNR-Y see it first, and photographs' JPEGs halve their colours."""

FINISH = 0.25
"""The last share of the time, in which the error is squared: PSNR counts it so; before, absolute errors learn faster.
Not for a network that restores: there, the worst damage would outweigh everything (it lost 0.03 dB)."""

VALID_QUALITY = 40
"""JPEG quality of the validation input of a network that restores."""

CHECKS = 6
SAVE_SECONDS = 120


def rate_at(progress: float, highest: float) -> float:
    """The learning rate at `progress` 0..1 through the time."""
    if progress < WARM_UP:
        return highest * progress / WARM_UP
    return highest * 0.5 * (1 + math.cos(math.pi * min(1, (progress - WARM_UP) / (1 - WARM_UP))))


def luma_of(colours: Tensor) -> Tensor:
    """The luma of values before the shuffle: [n, 3 * s^2, h, w] -> [n, s^2, h, w]"""
    return sum(weight * channel for weight, channel in zip(LUMA, colours.chunk(3, dim=1)))


def loss_of(network: SRVGGNetCompact, small: Tensor, large: Tensor, squared: bool) -> Tensor:
    """Mean error, absolute or squared, of colours and luma: half each. uint8 as of `Crops` -> number"""
    small, large = (tensor.permute(0, 3, 1, 2).float() / 255 for tensor in (small, large))
    with torch.autocast(small.device.type, dtype=torch.bfloat16):
        found = network.missing(small)
    error = found.float() + small.repeat_interleave(network.scale**2, dim=1) - large
    size = torch.square if squared else torch.abs
    return (1 - LUMA_SHARE) * size(error).mean() + LUMA_SHARE * size(luma_of(error)).mean()


class Run:
    """A network on its way: everything that a checkpoint holds, and one step."""

    PLAIN = ("average", "best", "best_psnr", "steps", "seconds")

    def __init__(self, recipe: Recipe, options: argparse.Namespace) -> None:
        device, start = torch_device(options.device), options.start
        torch.manual_seed(options.seed)
        self.network = SRVGGNetCompact(recipe.features, recipe.convs, recipe.scale)
        if start:
            self.network.start_from(load(start)[0])
        self.network.to(device)
        self.matrix_unit: MatrixUnit | None = None
        if options.device == "amx":
            self.matrix_unit = MatrixUnit(self.network, options.patch, options.threads)
        else:
            self.network.to(memory_format=torch.channels_last)
        self.optimizers = make_optimizers(self.network)
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.best, self.best_psnr = self.average, -math.inf
        self.steps, self.seconds = 0, 0.0

    def step(self, small: Tensor, large: Tensor, rate: float, squared: bool) -> float:
        """One update of the weights and of their average; returns the loss."""
        loss = self.differentiate(small, large, squared)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
        self.steps += 1
        decay = min(AVERAGE, self.steps / (self.steps + 10))
        for name, value in self.network.state_dict().items():
            self.average[name].lerp_(value, 1 - decay)
        return loss

    def differentiate(self, small: Tensor, large: Tensor, squared: bool) -> float:
        """The loss; sets the gradients."""
        if self.matrix_unit:
            return self.matrix_unit.differentiate(small, large, LUMA_SHARE, squared)
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        loss = loss_of(self.network, small, large, squared)
        loss.backward()
        return loss.item()

    def choose(self, valid: Path, quality: int | None) -> float:
        """PSNR-Y of the averaged weights on the validation photographs; remembers the best."""
        device = next(self.network.parameters()).device
        average = network_from(self.average).to(device, memory_format=torch.channels_last)
        psnr = float(np.mean(measure(average, valid, quality, exact=False)[0]))
        if psnr > self.best_psnr:
            self.best_psnr = psnr
            self.best = {name: value.clone() for name, value in self.average.items()}
        return psnr

    def save(self, file: Path) -> None:
        """Write the checkpoint; an interruption leaves the previous one whole."""
        state = {
            "network": self.network.state_dict(), "optimizers": [each.state_dict() for each in self.optimizers],
            **{name: getattr(self, name) for name in self.PLAIN},
        }
        partial = file.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, file)

    def resume(self, file: Path, device: str) -> None:
        """Go on where a checkpoint stopped."""
        state = torch.load(file, map_location=device)
        self.network.load_state_dict(state["network"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(saved)
        for name in self.PLAIN:
            setattr(self, name, state[name])


def torch_device(device: str) -> str:
    """Where PyTorch's tensors live: beside the matrix unit, in the processor's memory."""
    return "cpu" if device == "amx" else device


def train(run: Run, options: argparse.Namespace, checkpoint: Path, report: Callable[[str], None]) -> None:
    """Step until the time is used up; save every two minutes, measure at equal distances."""
    recipe = RECIPES[options.recipe]
    budget = 60 * options.minutes
    quality = VALID_QUALITY if recipe.damaged else None
    crops = Crops(
        options.photos / "train", recipe.scale, options.patch, options.batch, recipe.damaged,
        seed=options.seed + run.steps)
    batches = iter(DataLoader(crops, batch_size=None, num_workers=options.workers))
    device = torch_device(options.device)
    losses: list[float] = []
    saved = time.monotonic()
    while run.seconds < budget:
        began, progress = time.monotonic(), run.seconds / budget
        small, large = (tensor.to(device, non_blocking=True) for tensor in next(batches))
        squared = not recipe.damaged and progress > 1 - FINISH
        losses.append(run.step(small, large, rate_at(progress, options.rate), squared))
        run.seconds += time.monotonic() - began
        if int(run.seconds / budget * CHECKS) > int(progress * CHECKS):
            psnr = run.choose(options.photos / "valid", quality)
            report(f"{run.seconds / 60:6.1f} min  step {run.steps:7}  loss {np.mean(losses):.5f}  valid {psnr:.3f} dB")
            losses.clear()
        if time.monotonic() - saved > SAVE_SECONDS:
            run.save(checkpoint)
            saved = time.monotonic()
    run.save(checkpoint)


def export(run: Run, options: argparse.Namespace, file: Path, report: Callable[[str], None]) -> None:
    """Write the best weights as F16 and measure, in float32, what was written."""
    recipe = RECIPES[options.recipe]
    metadata = {
        "format": "pt", "architecture": "SRVGGNetCompact", "scale": str(recipe.scale), "recipe": options.recipe,
        "data": f"{options.photos.name}/train, openly licensed photographs, and drawn text and line art",
        "start": options.start.name if options.start else "none", "steps": str(run.steps),
        "batch": f"{options.batch} crops of {options.patch}x{options.patch}", "minutes": f"{run.seconds / 60:.0f}",
        "seed": str(options.seed), "licence": "MIT",
    }
    save(file, run.best, metadata)
    scores, yardstick = measure(network_from(load(file)[0]), options.photos / "valid")
    metadata["psnr"] = f"{options.photos.name}/valid {np.mean(scores):.2f} dB, bicubic {np.mean(yardstick):.2f}"
    save(file, run.best, metadata)
    report(f"{file.name}: {metadata['psnr']}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--photos", type=Path, required=True, help="a folder with train/ and valid/")
    parser.add_argument("--out", type=Path, required=True, help="where checkpoint, log and network go")
    parser.add_argument("--start", type=Path, help="weights to start from (.safetensors; the recipe's)")
    parser.add_argument("--minutes", type=float, help="time budget; the schedule ends with it (the recipe's)")
    parser.add_argument("--rate", type=float, help="the highest learning rate (the recipe's)")
    parser.add_argument("--batch", type=int, default=8, help="crops a step")
    parser.add_argument("--patch", type=int, default=48, help="side of a crop, in input pixels")
    parser.add_argument("--device", default="cpu", choices=("cpu", "amx", "cuda"),
                        help="amx: the matrix unit of Intel's processors")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of the network")
    parser.add_argument("--workers", type=int, default=0, help="processes that cut crops; 0 cuts in this one")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    recipe = RECIPES[options.recipe]
    options.minutes = options.minutes or recipe.minutes
    options.rate = options.rate or recipe.rate
    if options.start is None and recipe.start:
        options.start = options.out / f"{recipe.start}.safetensors"
        if not options.start.exists():
            parser.error(f"{options.recipe} starts from {options.start}, which is not there: "
                         f"train {recipe.start} first, or give --start")
    return options


def main() -> None:
    options = parse()
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    stem = options.out / options.recipe

    def report(line: str) -> None:
        print(line, flush=True)
        with stem.with_suffix(".log").open("a") as log:
            log.write(line + "\n")

    run = Run(RECIPES[options.recipe], options)
    checkpoint = stem.with_suffix(".checkpoint")
    if checkpoint.exists():
        run.resume(checkpoint, torch_device(options.device))
        report(f"resumed at step {run.steps}, {run.seconds / 60:.1f} of {options.minutes:g} minutes")
    if run.seconds < 60 * options.minutes:
        train(run, options, checkpoint, report)
    export(run, options, stem.with_suffix(".safetensors"), report)


if __name__ == "__main__":
    main()
