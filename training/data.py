"""Training pairs: random crops of photographs, of smaller copies of them and of drawings, with their shrunk inputs.

Everything is decoded and shrunk once, at the start, and kept in memory as uint8. A batch is then a matter of slicing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from .degrade import damage
from .drawings import draw
from .pictures import crop_to_multiple, list_pictures, read_picture, shrink

SIZES = (1.0, 0.7, 0.5)
"""Each photograph is kept at these sizes: the smaller copies are sharper and free of their JPEG's traces."""

DRAWINGS = 48
DRAWING_SHARE = 0.08
MARGIN = 8
"""Pixels around a crop that is to be damaged: where JPEG's blocks fall then varies, and blur sees its surroundings."""


@dataclass
class Pair:
    """One picture and its input: large [scale * h, scale * w, 3], small [h, w, 3], both uint8."""

    large: np.ndarray
    small: np.ndarray


def make_pair(picture: np.ndarray, scale: int) -> Pair:
    """Cut to whole input pixels and shrink."""
    large = np.ascontiguousarray(crop_to_multiple(picture, scale))
    return Pair(large, np.ascontiguousarray(shrink(large, scale)))


def resized(picture: np.ndarray, size: float) -> np.ndarray:
    """The picture at `size` times its own size."""
    if size == 1:
        return picture
    height, width = picture.shape[:2]
    image = Image.fromarray(picture).resize((round(width * size), round(height * size)), Image.Resampling.BICUBIC)
    return np.asarray(image)


def unshuffle(picture: np.ndarray, scale: int) -> np.ndarray:
    """[scale * h, scale * w, 3] -> [h, w, 3 * scale^2], the channel order of a pixel shuffle."""
    height, width = picture.shape[0] // scale, picture.shape[1] // scale
    blocks = picture.reshape(height, scale, width, scale, 3)
    return blocks.transpose(0, 2, 4, 1, 3).reshape(height, width, 3 * scale**2)


def detail(picture: np.ndarray) -> float:
    """How much there is to learn: the mean step between neighbours, in green. [h, w, 3] -> number"""
    green = picture[..., 1].astype(np.int16)
    return float(np.abs(np.diff(green, axis=0)).mean() + np.abs(np.diff(green, axis=1)).mean())


class Crops(IterableDataset):
    """An endless supply of batches; each worker process of a loader draws its own."""

    def __init__(self, photos: Path, scale: int, patch: int, batch: int, damaged: bool, seed: int) -> None:
        self.scale, self.patch, self.batch, self.damaged, self.seed = scale, patch, batch, damaged, seed
        self.random = np.random.default_rng(seed)
        self.photographs = [
            make_pair(resized(picture, size), scale)
            for picture in map(read_picture, list_pictures(photos)) for size in SIZES
        ]
        self.drawings = [make_pair(draw(self.random), scale) for _ in range(DRAWINGS)]

    def window(self, pair: Pair, side: int) -> tuple[int, int]:
        """The corner, in input pixels, of the more detailed of two random windows."""
        def corner() -> tuple[int, int]:
            height, width = pair.small.shape[:2]
            return int(self.random.integers(height - side + 1)), int(self.random.integers(width - side + 1))

        return max(corner(), corner(), key=lambda at: detail(pair.small[at[0]:at[0] + side, at[1]:at[1] + side]))

    def crop(self) -> tuple[np.ndarray, np.ndarray]:
        """One example: small [patch, patch, 3] and large, unshuffled [patch, patch, 3 * scale^2], uint8."""
        source = self.drawings if self.random.random() < DRAWING_SHARE else self.photographs
        pair = source[self.random.integers(len(source))]
        margin = MARGIN if self.damaged else 0
        side = self.patch + margin
        top, left = self.window(pair, side)
        small = pair.small[top:top + side, left:left + side]
        large = pair.large[top * self.scale:(top + side) * self.scale, left * self.scale:(left + side) * self.scale]
        turns = int(self.random.integers(4))
        small, large = np.rot90(small, turns), np.rot90(large, turns)
        if self.random.random() < 0.5:
            small, large = small[:, ::-1], large[:, ::-1]
        if self.damaged:
            small = damage(np.ascontiguousarray(small), np.ascontiguousarray(large), self.random)
            y, x = self.random.integers(margin + 1, size=2)
            small = small[y:y + self.patch, x:x + self.patch]
            y, x = y * self.scale, x * self.scale
            large = large[y:y + self.patch * self.scale, x:x + self.patch * self.scale]
        return np.ascontiguousarray(small), unshuffle(large, self.scale)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """small [n, patch, patch, 3] and large, unshuffled [n, patch, patch, 3 * scale^2], uint8."""
        worker = get_worker_info()
        self.random = np.random.default_rng([self.seed, worker.id if worker else 0])
        while True:
            small, large = map(np.stack, zip(*(self.crop() for _ in range(self.batch))))
            yield torch.from_numpy(small), torch.from_numpy(large)
