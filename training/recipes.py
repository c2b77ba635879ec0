"""The networks of this project, one line of table each: what they look like and how they are trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Shape, aim and schedule of one network."""

    features: int
    blocks: int
    convs: int
    """Convolutions in each block."""
    kind: str
    """"silu", "relu" or "gate": `network.py` tells what a block of each is."""
    scale: int
    aim: str
    """"pixels": the least error; "restore": the same from damaged input; "texture": what looks real (`texture.py`)."""
    rate: float
    """The learning rate at its highest."""
    start: str
    """The network whose weights it starts from, "" for none. Networks that blend must share their start."""


RECIPES: dict[str, Recipe] = {
    #                          features blocks convs kind    scale aim       rate   start
    "photo-x4":        Recipe(32,       6,     4,    "silu", 4,    "pixels",  2e-3, ""),
    "fast-x4":         Recipe(24,       4,     4,    "silu", 4,    "pixels",  2e-3, ""),
    "restore-x4":      Recipe(32,       6,     4,    "silu", 4,    "restore", 1e-3, "photo-x4"),
    "fast-restore-x4": Recipe(24,       4,     4,    "silu", 4,    "restore", 1e-3, "fast-x4"),
    "detail-x4":       Recipe(32,       6,     4,    "silu", 4,    "texture", 2e-4, "photo-x4"),
    "portrait-x4":     Recipe(32,       6,     4,    "silu", 4,    "texture", 1e-4, "detail-x4"),
    "photo-x2":        Recipe(32,       6,     4,    "silu", 2,    "pixels",  6e-4, "photo-x4"),
    "fast-x2":         Recipe(24,       4,     4,    "silu", 2,    "pixels",  6e-4, "fast-x4"),
}
