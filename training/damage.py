"""The small network that says which shapes are scratches or dust, for `--repair auto`.

    deno run --allow-read --allow-write bench/damage_shapes.ts shapes.txt PHOTO...
    python3 -m training.damage shapes.txt --out src/inspect/damage_score.json

`damage_shapes.ts` draws damage on photographs and writes what the program's own search finds on them, with and without
it: a line for each shape, with what is known of it and how much of it is damage. The network has two hidden layers;
a shape counts by the root of its pixels, and twice if it is no damage: a clean picture is not to be touched.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

HIDDEN, ROUNDS, BATCH, RATE, DECAY = (32, 16), 25, 256, 6e-3, 1e-2
FALSE_COST, MOST = 2, 1000
"""How much more it costs to touch a pixel that is whole than to leave one that is damaged; and the pixels that a shape
counts as at most."""
PIXELS, DAMAGED = 4, 5
"""Columns of a line: pixels of the shape, and those of them that are damaged or beside damage."""
FIRST = 7
"""The column from which on the features come."""
MOSTLY, HARDLY = 0.6, 0.2
"""Shapes of which that share is damaged are damage; of which less is, none; those between teach nothing."""


def read(path: Path) -> tuple[Tensor, Tensor, Tensor]:
    """Features [n, f], whether it is damage [n], and how much it counts [n]."""
    table = np.array([json.loads(line) for line in path.read_text().splitlines()], np.float32)
    share = table[:, DAMAGED] / table[:, PIXELS]
    table = table[(share >= MOSTLY) | (share < HARDLY)]
    damage = table[:, DAMAGED] / table[:, PIXELS] >= MOSTLY
    weight = np.minimum(table[:, PIXELS], MOST) ** 0.5 * np.where(damage, 1, FALSE_COST)
    return torch.from_numpy(table[:, FIRST:]), torch.from_numpy(damage).float(), torch.from_numpy(weight)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    features, damage, weight = (torch.cat(parts) for parts in zip(*map(read, options.shapes)))
    mean, deviation = features.mean(0), features.std(0)
    inputs = (features - mean) / deviation
    sizes = [inputs.shape[1], *HIDDEN, 1]
    layers = [torch.nn.Linear(*pair) for pair in zip(sizes, sizes[1:])]
    network = torch.nn.Sequential(*[part for layer in layers for part in (layer, torch.nn.ReLU())][:-1])
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
    print(f"{len(damage)} shapes, {int(damage.sum())} of them damage")
    with torch.no_grad():
        layers[0].weight /= deviation
        layers[0].bias -= layers[0].weight @ mean
    rows = [torch.cat((layer.weight, layer.bias[:, None]), 1).tolist() for layer in layers]
    rounded = [[[round(value, 5) for value in row] for row in layer] for layer in rows]
    options.out.write_text(json.dumps({"layers": rounded}) + "\n")


if __name__ == "__main__":
    main()
