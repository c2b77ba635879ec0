"""The small network that says which shapes are scratches or dust, for `--repair auto`.

    deno run --allow-read --allow-write bench/damage_shapes.ts shapes.txt PHOTO...
    python3 -m training.damage shapes.txt --choose others.txt --out src/inspect/damage_score.json

`damage_shapes.ts` draws damage on photographs and writes what the program's own search finds on them, with and without
it: a line for each shape, with what is known of it and how much of it is damage. The network has two hidden layers;
a shape counts by the root of its pixels, and twice if it is no damage: a clean picture is not to be touched. With
`--choose`, shapes of other photographs are judged, and printed is what each score would find and touch.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

HIDDEN, ROUNDS, BATCH, RATE, DECAY = (48, 24), 25, 256, 6e-3, 3e-2
FALSE_COST, MOST = 2, 1000
"""How much more it costs to touch a pixel that is whole than to leave one that is damaged; and the pixels that a shape
counts as at most."""
PHOTO, IS_DAMAGED, AREA, DAMAGED, PIXELS, NEAR, RIMMED, RIMMED_DAMAGED, PARENT = range(9)
"""Columns of a line, see `bench/damage_shapes.ts`."""
FIRST = 9
"""The column from which on the features come."""
MOSTLY, HARDLY = 0.6, 0.2
"""Shapes of which that share is damaged are damage; of which less is, none; those between teach nothing."""


def read(path: Path) -> np.ndarray:
    return np.array([json.loads(line) for line in path.read_text().splitlines()], np.float32)


def lessons(table: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
    """Features [n, f], whether it is damage [n], and how much it counts [n]."""
    share = table[:, NEAR] / table[:, PIXELS]
    table = table[(share >= MOSTLY) | (share < HARDLY)]
    damage = table[:, NEAR] / table[:, PIXELS] >= MOSTLY
    weight = np.minimum(table[:, PIXELS], MOST) ** 0.5 * np.where(damage, 1, FALSE_COST)
    return torch.from_numpy(table[:, FIRST:]), torch.from_numpy(damage).float(), torch.from_numpy(weight)


def fit(features: Tensor, damage: Tensor, weight: Tensor) -> list[torch.nn.Linear]:
    """The layers, which take the features as they are."""
    mean, deviation = features.mean(0), features.std(0) + 1e-6
    inputs = (features - mean) / deviation
    sizes = [inputs.shape[1], *HIDDEN, 1]
    layers = [torch.nn.Linear(*pair) for pair in zip(sizes, sizes[1:])]
    network = chained(layers)
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    steps = ROUNDS * -(-len(inputs) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    weight = weight / weight.mean()
    for _ in range(ROUNDS):
        for some in torch.randperm(len(inputs)).split(BATCH):
            losses = F.binary_cross_entropy_with_logits(network(inputs[some])[:, 0], damage[some], reduction="none")
            optimizer.zero_grad()
            (losses * weight[some]).mean().backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        layers[0].weight /= deviation
        layers[0].bias -= layers[0].weight @ mean
    return layers


def chained(layers: list[torch.nn.Linear]) -> torch.nn.Sequential:
    return torch.nn.Sequential(*[part for layer in layers for part in (layer, torch.nn.ReLU())][:-1])


def judge(table: np.ndarray, scores: np.ndarray) -> None:
    """Prints what each score would find and touch; what lies in a shape that counts already is not counted again."""
    pictures = {}
    for row, score in zip(table, scores):
        pictures.setdefault((row[PHOTO], row[IS_DAMAGED]), []).append((row, score))
    print("score  clean touched: mean, most, above 0.05 %  found  falsely found")
    for least in np.arange(0, 8.1, 0.5):
        touched = [counted(rows, least)[0] for (_, damaged), rows in pictures.items() if not damaged]
        both = [counted(rows, least) for (_, damaged), rows in pictures.items() if damaged]
        found = np.mean([each[1] for each in both])
        falsely = np.mean([each[2] for each in both])
        above = sum(share > 5e-4 for share in touched)
        print(f"{least:5.1f}  {100 * np.mean(touched):.3f} % {100 * np.max(touched):.3f} % {above:3d} of {len(touched)}"
              f"  {100 * found:5.1f} %  {100 * falsely:.3f} %")


def counted(rows: list[tuple[np.ndarray, float]], least: float) -> tuple[float, float, float]:
    """Shares: touched of all, found of the damage, falsely found of all."""
    sums = np.zeros(2)
    side, counts = -1, []
    for row, score in rows:
        if row[-1] != side:
            side, counts = row[-1], []
        within = row[PARENT] >= 0 and counts[int(row[PARENT])]
        counts.append(within or score >= least)
        if counts[-1] and not within:
            sums += row[RIMMED], row[RIMMED_DAMAGED]
    row = rows[0][0]
    return sums[0] / row[AREA], sums[1] / max(1, row[DAMAGED]), (sums[0] - sums[1]) / row[AREA]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", type=Path, nargs="+")
    parser.add_argument("--choose", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    features, damage, weight = (torch.cat(parts) for parts in zip(*(lessons(read(path)) for path in options.shapes)))
    print(f"{len(damage)} shapes, {int(damage.sum())} of them damage")
    layers = fit(features, damage, weight)
    for path in options.choose:
        table = read(path)
        with torch.no_grad():
            judge(table, chained(layers)(torch.from_numpy(table[:, FIRST:]))[:, 0].numpy())
    rows = [torch.cat((layer.weight, layer.bias[:, None]), 1).tolist() for layer in layers]
    rounded = [[[float(f"{value:.4g}") for value in row] for row in layer] for layer in rows]
    options.out.write_text(json.dumps({"layers": rounded}) + "\n")


if __name__ == "__main__":
    main()
