"""The networks of this project, one line of table each: what they look like and how they are trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Shape, data and schedule of one network."""

    features: int
    convs: int
    scale: int
    damaged: bool
    """Train on damaged input (`degrade.py`) instead of a clean shrunk picture."""
    rate: float
    """The learning rate at its highest."""
    minutes: float
    """The time budget used for the published network, on one CPU core."""
    start: str
    """The network whose weights it starts from, "" for none. A restorer must share its start: their weights blend."""


RECIPES: dict[str, Recipe] = {
    #                          features convs scale damaged  rate   minutes start
    "photo-x4":        Recipe(64,      16,   4,    False,   1e-3,  105,    ""),
    "fast-x4":         Recipe(32,      8,    4,    False,   1e-3,  27,     ""),
    "restore-x4":      Recipe(64,      16,   4,    True,    1e-3,  21,     "photo-x4"),
    "fast-restore-x4": Recipe(32,      8,    4,    True,    1e-3,  8,      "fast-x4"),
    "photo-x2":        Recipe(64,      16,   2,    False,   1e-3,  28,     "photo-x4"),
    "fast-x2":         Recipe(32,      8,    2,    False,   1e-3,  11,     "fast-x4"),
}
