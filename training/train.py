"""Train one network of `recipes.py`, or go on with one, and export it.

    python3 -m training.train photo-x4 --pictures DIR --valid DIR --out DIR

`--pictures` is what `prepare.py` laid out. --out receives NAME.checkpoint (the same command resumes from it), NAME.log
and, at the end, NAME.safetensors: of the times that the averaged weights are measured, the latest that is as good as the
best (of a network that aims at texture, the last).
"""

from __future__ import annotations

import argparse
import copy
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import torch
from torch import Tensor

from .amx import hasten
from .data import Crops, smooth_pair, teacher_named
from .degrade import MARGIN, damage, moved
from .evaluate import Validation
from .level import level
from .network import Enlarger, SRResNetCompact, mean_errors, multiply_adds
from .optimizer import MuonAdam
from .recipes import RECIPES, Recipe
from .safetensors import load, save
from .texture import Texture

WARM_UP = 0.02
"""Share of the time over which the rate rises; after it, it falls as a cosine."""

LUMA_SHARE, LUMA_FINISH = 0.5, 0.85
"""How much of the loss is the luma's, and in the finish: eyes and PSNR-Y see it first, and photographs' JPEGs halve
their colours."""

FINISH = 0.25
"""The last share of the time, in which each crop's squared error counts by its logarithm, as in a mean of PSNRs (Chen et
al. 2021): else the few crops that no network can tell outweigh the clean ones. Before, absolute errors learn faster.
For a network that restores, its root: of light and heavy damage the heavy is to count for more."""

LOG_SHARE, LOG_FLOOR = 2e-3, 1e-6
"""Weight of that logarithm, which makes it of the other losses' size, and the squared error below which it ends."""
ROOT_FLOOR = 1e-8

SMOOTH = {"pixels": 1, "restore": 1, "texture": 3}
"""Weight of what is added to a surface without texture, by the network's aim: if the places within an input pixel
differ there, it is a grid."""
SMOOTH_SIDE, SMOOTH_BORDER = 32, 10
"""The side of that surface, in input pixels, and what of it is left out."""
EXACT_STEPS = 4
"""Every so many steps one also computes in float32 what half precision would hide, with so many times the weight."""

GAIN = 2.0**18
"""Factor on every loss: means over millions of values have gradients below half precision. No optimiser sees it."""

VALID_QUALITY = 40
"""JPEG quality of the validation input of a network that restores."""

LEVEL_BATCHES = 150
STILLNESS = {"pixels": 0.03, "restore": 0.03, "texture": 0.002}
"""Batches on which a network is levelled in the end, and how little that may change pixels (`level.py`)."""

TIE = 0.01
"""What PSNR on a few photographs cannot tell apart, in dB."""

CHECKS = 10
SAVE_SECONDS = 120


def rate_at(progress: float, highest: float) -> float:
    """The learning rate at `progress` 0..1 through the time."""
    if progress < WARM_UP:
        return highest * progress / WARM_UP
    return highest * 0.5 * (1 + math.cos(math.pi * min(1, (progress - WARM_UP) / (1 - WARM_UP))))


@dataclass(frozen=True)
class Counting:
    """How errors count: `of_mean` of each crop's mean of |error|^power; and how much of the loss is the luma's."""

    power: int
    of_mean: Callable[[Tensor], Tensor]
    luma: float


LEARNING = Counting(1, lambda mean: mean, LUMA_SHARE)
FINISHING = {
    "pixels": Counting(2, lambda mean: LOG_SHARE * (mean + LOG_FLOOR).log(), LUMA_FINISH),
    "restore": Counting(2, lambda mean: (mean + ROOT_FLOOR).sqrt(), LUMA_FINISH),
}


def pixel_loss(network: Enlarger, small: Tensor, large: Tensor, counting: Counting) -> Tensor:
    """The mean error of colours and luma, as `counting` says. RGB in 0..1 -> number"""
    colours, luma = counting.of_mean(mean_errors(network, small, large, counting.power)).mean(0)
    return (1 - counting.luma) * colours + counting.luma * luma


def smooth_loss(network: Enlarger, device: str) -> Tensor:
    """Mean error on a surface without texture. In float32: what half precision rounds is as large as the grid."""
    small, large = smooth_pair(SMOOTH_SIDE, network.scale, device)
    border = SMOOTH_BORDER * network.scale
    return (network(small) - large)[..., border:-border, border:-border].abs().mean()


class Recorded:
    """A function of no arguments that returns a number; on a GPU it is recorded once and replayed as one piece."""

    WARM_UP_CALLS = 3

    def __init__(self, function: Callable[[], Tensor], device: str) -> None:
        self.function, self.graph, self.result = function, None, torch.zeros(())
        if device == "cuda":
            self.record()

    def record(self) -> None:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(self.WARM_UP_CALLS):
                self.function()
        torch.cuda.current_stream().wait_stream(stream)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.result = self.function()

    def __call__(self) -> Tensor:
        if self.graph is None:
            return self.function()
        self.graph.replay()
        return self.result


class Run:
    """A network on its way: everything that a checkpoint holds, and its steps."""

    PLAIN = ("best", "best_psnr", "steps", "seconds")

    def __init__(self, network: Enlarger, recipe: Recipe, options: argparse.Namespace) -> None:
        self.network, self.recipe, self.options = network, recipe, options
        self.network.to(options.device, memory_format=torch.channels_last)
        self.optimizer = MuonAdam(self.network)
        self.rate = torch.zeros((), device=options.device)
        self.best, self.best_psnr = self.optimizer.averaged(), -math.inf
        self.steps, self.seconds = 0, 0.0
        self.recorded: dict[tuple[Counting, bool], Recorded] = {}
        self.texture = None
        if recipe.aim == "texture":
            self.texture = Texture(self.network, options.features, options.device)
        hasten(self.network, options.device)

    def pair(self, crops: Crops) -> tuple[Tensor, Tensor]:
        """A batch: small [n, 3, h, w] and large, RGB in 0..1, the small one damaged for a network that restores."""
        small, large = crops.draw(self.options.batch)
        if self.recipe.aim != "restore":
            return small, large
        return moved(damage(small, large), large, self.recipe.scale)

    def loss(self, crops: Crops, counting: Counting, exact: bool) -> Tensor:
        """The loss of a new batch, and what is seen in float32 only: a smooth surface and, of texture, spectra."""
        small, large = self.pair(crops)
        if self.texture is None:
            loss = pixel_loss(self.network, small, large, counting)
        else:
            loss = self.texture.loss(small, large)
        if exact:
            loss = loss + EXACT_STEPS * SMOOTH[self.recipe.aim] * smooth_loss(self.network, self.options.device)
        if exact and self.texture is not None:
            loss = loss + EXACT_STEPS * self.texture.exact_loss(small, large)
        return loss

    def step(self, crops: Crops, rate: float, finishing: bool) -> Tensor:
        """One update of the weights and of their average; returns the loss, on the device."""
        counting = FINISHING.get(self.recipe.aim, LEARNING) if finishing else LEARNING
        exact = self.steps % EXACT_STEPS == 0

        def update() -> Tensor:
            loss = self.loss(crops, counting, exact)
            (loss * GAIN).backward()
            self.optimizer.step(self.rate)
            return loss.detach()

        self.rate.fill_(rate)
        self.steps += 1
        if (counting, exact) not in self.recorded:
            self.recorded[counting, exact] = Recorded(update, self.options.device)
        return self.recorded[counting, exact]()

    def choose(self, validation: Validation) -> float:
        """PSNR-Y of the averaged weights on the validation pictures; remembers the latest that is as good as the best
        (of texture, the last)."""
        weights = self.optimizer.averaged()
        average = copy.deepcopy(self.network)
        average.load_state_dict(weights)
        psnr = validation.psnr(average)
        if self.recipe.aim == "texture":
            self.best, self.best_psnr = weights, psnr
        elif psnr > self.best_psnr - TIE:
            self.best, self.best_psnr = weights, max(psnr, self.best_psnr)
        return psnr

    def save(self, file: Path) -> None:
        """Write the checkpoint; an interruption leaves the previous one whole."""
        state = {"optimizer": self.optimizer.state(), **{name: getattr(self, name) for name in self.PLAIN}}
        if self.texture is not None:
            state["texture"] = self.texture.state()
        partial = file.with_suffix(".partial")
        torch.save(state, partial)
        os.replace(partial, file)

    def resume(self, file: Path) -> None:
        """Go on where a checkpoint stopped."""
        state = torch.load(file, map_location=self.options.device)
        self.optimizer.load_state(state["optimizer"])
        if self.texture is not None:
            self.texture.load_state(state["texture"])
        for name in self.PLAIN:
            setattr(self, name, state[name])


class Material:
    """What several networks may be trained on, one after the other: read once for each scale."""

    def __init__(self, pictures: Path, valid: Path, patch: int, device: str) -> None:
        self.pictures, self.valid, self.patch, self.device = pictures, valid, patch, device
        self.known: dict[object, object] = {}

    def crops(self, scale: int, patch: int) -> Crops:
        """Crops of at most the side that was named at first, and what damaged ones need around them."""
        if scale not in self.known:
            self.known[scale] = Crops(self.pictures, scale, self.patch + MARGIN, self.device)
        return self.known[scale].narrower(patch)

    def validation(self, scale: int, quality: int | None) -> Validation:
        """The validation photographs, shrunk, and through a JPEG if a quality is given."""
        key = (scale, quality)
        if key not in self.known:
            self.known[key] = Validation(self.valid, scale, quality, self.device)
        return self.known[key]


def train(run: Run, crops: Crops, material: Material, checkpoint: Path, report: Callable[[str], None]) -> None:
    """Step until the time is used up; save every two minutes, measure at equal distances."""
    options, recipe = run.options, run.recipe
    budget = 60 * options.minutes
    validation = material.validation(recipe.scale, VALID_QUALITY if recipe.aim == "restore" else None)
    report(f"{options.recipe}: {multiply_adds(run.network)} multiply-adds per pixel, {crops.megapixels:.0f} megapixels, "
           f"{len(crops.windows)} windows, start {run.choose(validation):.3f} dB")
    torch.backends.cudnn.benchmark = True  # from here on, shapes repeat
    losses: list[Tensor] = []
    saved = time.monotonic()
    while run.seconds < budget:
        began, progress = time.monotonic(), run.seconds / budget
        for _ in range(options.together):
            losses.append(run.step(crops, rate_at(progress, options.rate), progress > 1 - FINISH).clone())
        losses[-1].item()
        run.seconds += time.monotonic() - began
        if int(run.seconds / budget * CHECKS) > int(progress * CHECKS):
            loss = torch.stack(losses).mean().item()
            report(f"{run.seconds / 60:6.2f} min  step {run.steps:7}  loss {loss:.5f}  valid {run.choose(validation):.3f} dB"
                   + ("" if run.texture is None else f"  {run.texture}"))
            losses.clear()
        if time.monotonic() - saved > SAVE_SECONDS:
            run.save(checkpoint)
            saved = time.monotonic()
    run.save(checkpoint)


def meaning(kind: str) -> dict[str, str]:
    """What the file says of its blocks, as tensors cannot."""
    return {"activation": "relu" if kind == "relu" else "silu", "block": "gate" if kind == "gate" else "residual"}


def finish(run: Run, crops: Crops) -> None:
    """Take the grid out of the best weights."""
    network = copy.deepcopy(run.network)
    network.load_state_dict(run.best)
    level(network, (run.pair(crops)[0] for _ in range(LEVEL_BATCHES)), STILLNESS[run.recipe.aim])
    run.best = {name: tensor.clone() for name, tensor in network.state_dict().items()}


def export(run: Run, file: Path, report: Callable[[str], None]) -> None:
    """Write the best weights as F16."""
    options, recipe = run.options, run.recipe
    metadata = {
        "format": "pt", "architecture": "SRResNetCompact", **meaning(recipe.kind), "scale": str(recipe.scale),
        "recipe": options.recipe, "data": "openly licensed photographs (training/photos.tsv), drawn text and line art",
        "teacher": teacher_named(options.pictures),
        "start": options.start.name if options.start else "none", "steps": str(run.steps),
        "batch": f"{options.batch} crops of {options.patch}x{options.patch}", "minutes": f"{run.seconds / 60:.1f}",
        "seed": str(options.seed), "licence": "MIT",
    }
    save(file, run.best, metadata)
    report(f"{file.name}: {run.steps} steps, valid {run.best_psnr:.3f} dB")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of every program that trains."""
    parser.add_argument("--pictures", type=Path, required=True, help="a folder that prepare.py filled")
    parser.add_argument("--valid", type=Path, required=True, help="the validation photographs")
    parser.add_argument("--out", type=Path, required=True, help="where checkpoint, log and network go")
    parser.add_argument("--minutes", type=float, required=True, help="time budget; the schedule ends with it")
    parser.add_argument("--batch", type=int, default=8, help="crops a step")
    parser.add_argument("--patch", type=int, default=48, help="side of a crop, in input pixels")
    parser.add_argument("--features", type=Path, help="MobileNetV2's weights, for a network that aims at texture")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--together", type=int, default=1, help="steps between two looks at the clock")
    parser.add_argument("--seed", type=int, default=1)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", choices=RECIPES)
    add_options(parser)
    parser.add_argument("--start", type=Path, help="weights to start from (.safetensors; the recipe's)")
    parser.add_argument("--rate", type=float, help="the highest learning rate (the recipe's)")
    options = parser.parse_args()
    recipe = RECIPES[options.recipe]
    options.rate = options.rate or recipe.rate
    if options.start is None and recipe.start:
        options.start = options.out / f"{recipe.start}.safetensors"
        if not options.start.exists():
            parser.error(f"{options.recipe} starts from {options.start}, which is not there: "
                         f"train {recipe.start} first, or give --start")
    return options


def train_recipe(options: argparse.Namespace, material: Material) -> None:
    """Train what `options.recipe` names, from its checkpoint if there is one, and export it."""
    stem = options.out / options.recipe

    def report(line: str) -> None:
        print(line, flush=True)
        with stem.with_suffix(".log").open("a") as log:
            log.write(line + "\n")

    recipe = RECIPES[options.recipe]
    torch.manual_seed(options.seed)
    network = SRResNetCompact(recipe.features, recipe.blocks, recipe.convs, recipe.scale, recipe.kind)
    if options.start:
        network.start_from(load(options.start)[0])
    run = Run(network, recipe, options)
    checkpoint = stem.with_suffix(".checkpoint")
    if checkpoint.exists():
        run.resume(checkpoint)
        report(f"resumed at step {run.steps}, {run.seconds / 60:.1f} of {options.minutes:g} minutes")
    crops = material.crops(recipe.scale, options.patch + (MARGIN if recipe.aim == "restore" else 0))
    if run.seconds < 60 * options.minutes:
        train(run, crops, material, checkpoint, report)
    finish(run, crops)
    export(run, stem.with_suffix(".safetensors"), report)


def set_up(options: argparse.Namespace) -> Material:
    """Set PyTorch up; returns what the pictures give."""
    torch.set_num_threads(options.threads)
    torch.backends.cudnn.allow_tf32 = False
    options.out.mkdir(parents=True, exist_ok=True)
    return Material(options.pictures, options.valid, options.patch, options.device)


def main() -> None:
    options = parse()
    train_recipe(options, set_up(options))


if __name__ == "__main__":
    main()
