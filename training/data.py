"""Training pairs: random crops of many pictures, cut on the device by index arithmetic alone.

All pictures lie in one flat tensor, and so do their shrunk inputs; a batch is one gathering of indices.
Windows lie on a grid over every input, with how much there is to learn in each: of two random windows the one with more
detail is taken, moved by less than a step of the grid, turned and mirrored at random.
"""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .pictures import crop_to_multiple, list_pictures, read_picture, shrink

DRAWING_PREFIX = "drawing-"
"""How the names of drawn pages begin (`prepare.py`); they are `DRAWING_SHARE` of all crops."""
INPUTS = "small"
"""A folder beside the pictures with inputs of their names, where those are not the pictures shrunk (`teacher.py`)."""
TEACHER = "teacher.txt"
"""The file in it that names the teacher."""
DRAWING_SHARE = 0.1


class Flat:
    """Pictures of any sizes in one tensor, one after the other; a pixel is an int32, of whose bytes the first three are
    RGB: so it is gathered as one."""

    def __init__(self, pictures: list[np.ndarray], device: str) -> None:
        sizes = torch.tensor([picture.shape[:2] for picture in pictures])
        ends = (sizes[:, 0] * sizes[:, 1]).cumsum(0)
        self.start = (ends - sizes[:, 0] * sizes[:, 1]).to(device)
        self.width = sizes[:, 1].contiguous().to(device)
        self.values = torch.zeros(int(ends[-1]), dtype=torch.int32, device=device)
        colours = self.values.view(torch.uint8).view(-1, 4)[:, :3]
        for picture, begin, end in zip(pictures, self.start.tolist(), ends.tolist()):
            colours[begin:end] = torch.from_numpy(np.ascontiguousarray(picture)).reshape(-1, 3).to(device)

    def gather(self, which: Tensor, y: Tensor, x: Tensor) -> Tensor:
        """Pixels at rows and columns [n, side, side] of pictures [n] -> RGB in 0..1 [n, 3, side, side]"""
        at = self.start[which, None, None] + y * self.width[which, None, None] + x
        colours = self.values[at.reshape(-1)].view(torch.uint8).view(*at.shape, 4)[..., :3]
        return colours.permute(0, 3, 1, 2).float() / 255


class Crops:
    """An endless supply of pairs from a folder of pictures; every other side is in input pixels."""

    def __init__(self, folder: Path, scale: int, patch: int, device: str, drawings: float = DRAWING_SHARE) -> None:
        self.scale, self.patch, self.device, self.drawings = scale, patch, device, drawings
        files = list_pictures(folder)
        with ThreadPoolExecutor() as pool:
            pairs = list(pool.map(lambda file: pair_of(file, scale, device), files))
        usable = [(file, large, small) for file, (large, small) in zip(files, pairs) if min(small.shape[:2]) >= patch]
        usable.sort(key=lambda each: each[0].name.startswith(DRAWING_PREFIX))
        self.large = Flat([large for _, large, _ in usable], device)
        self.small = Flat([small for _, _, small in usable], device)
        self.megapixels = len(self.large.values) / 1e6
        windows = [windows_of(index, small, patch) for index, (_, _, small) in enumerate(usable)]
        drawn = sum(len(window) for window, (file, _, _) in zip(windows, usable) if file.name.startswith(DRAWING_PREFIX))
        self.windows = torch.cat(windows).to(device)  # [windows][picture, y, x, last y, last x, detail]
        self.photographed = len(self.windows) - drawn

    def narrower(self, patch: int) -> Crops:
        """The same supply in crops of another side, at most that of these."""
        if patch > self.patch:
            raise ValueError(f"Cannot cut crops of {patch} pixels from windows of {self.patch}")
        other = copy.copy(self)
        other.patch = patch
        return other

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """small [count, 3, patch, patch], large [count, 3, scale * patch, scale * patch], RGB in 0..1"""
        window = self.choose(count)
        step = self.patch // 2
        corner = window[:, 1:3] + (torch.rand((count, 2), device=self.device) * step).floor()
        corner = torch.minimum(corner, window[:, 3:5]).long()
        which, flips = window[:, 0].long(), torch.rand((count, 3), device=self.device) < 0.5
        small = self.small.gather(which, *grid(corner, self.patch, flips))
        large = self.large.gather(which, *grid(corner * self.scale, self.patch * self.scale, flips))
        return small, large

    def choose(self, count: int) -> Tensor:
        """The more detailed of two random windows, `count` times: [count, 6]"""
        chance = torch.rand((2, count), device=self.device)
        photograph = (chance * self.photographed).long()
        drawing = self.photographed + (chance * (len(self.windows) - self.photographed)).long()
        drawn = torch.rand(count, device=self.device) < (self.drawings if len(self.windows) > self.photographed else 0)
        first, second = self.windows[torch.where(drawn, drawing, photograph).clamp(max=len(self.windows) - 1)]
        return torch.where(first[:, 5:] > second[:, 5:], first, second)


def pair_of(file: Path, scale: int, device: str) -> tuple[np.ndarray, np.ndarray]:
    """A picture, cut to whole input pixels, and its input: uint8 [h, w, 3]."""
    large, given = crop_to_multiple(read_picture(file), scale), file.parent / INPUTS / file.name
    if not given.exists():
        return large, shrink_on(large, scale, device)
    small = read_picture(given)
    if large.shape[0] != scale * small.shape[0] or large.shape[1] != scale * small.shape[1]:
        raise ValueError(f"{file} is {large.shape[1]}x{large.shape[0]}, {given} {small.shape[1]}x{small.shape[0]}: "
                         f"they do not belong together at x{scale}")
    return large, small


def shrink_on(picture: np.ndarray, scale: int, device: str) -> np.ndarray:
    """`pictures.shrink`, in float32 where the device is a GPU: rarely one level off."""
    if device == "cpu":
        return shrink(picture, scale)
    rows = torch.from_numpy(picture).to(device).permute(2, 0, 1)[None]
    return shrink_tensor(rows.float(), scale, rounded=True)[0].permute(1, 2, 0).byte().cpu().numpy()


def smooth_pair(side: int, scale: int, device: str) -> tuple[Tensor, Tensor]:
    """A surface without texture, flat or with a slope, both of a random colour: small [1, 3, side, side] and large."""
    colour = torch.randint(0, 256, (1, 3, 1, 1), device=device) / 255
    slopes = (torch.rand((2, 1, 3, 1, 1), device=device) - 0.5) * 4 / 255 * (torch.rand((), device=device) < 0.5)

    def at(pixels: int) -> Tensor:
        place = (torch.arange(pixels, device=device) + 0.5) * (side / pixels) - side / 2
        return (colour + slopes[0] * place[:, None] + slopes[1] * place).clamp(0, 1)

    return at(side), at(scale * side)


def shrink_tensor(large: Tensor, scale: int, rounded: bool = False) -> Tensor:
    """MATLAB's bicubic shrinking of [n, c, scale * h, scale * w], differentiable unless `rounded` -> [n, c, h, w]"""
    n, channels, height, width = large.shape
    offset = torch.arange(4 * scale, device=large.device, dtype=torch.float32) - 2 * scale + 0.5
    x = (offset / scale).abs()
    weight = torch.where(x <= 1, (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2)
    weight, side = weight / weight.sum(), 3 * scale // 2
    kept = (lambda values: values.add(0.5).floor().clamp(0, 255)) if rounded else (lambda values: values)
    values = large.reshape(n * channels, 1, height, width)
    values = F.pad(values, (0, 0, side, side), mode="replicate")
    values = kept(F.conv2d(values, weight.view(1, 1, -1, 1), stride=(scale, 1)))
    values = F.pad(values, (side, side, 0, 0), mode="replicate")
    values = kept(F.conv2d(values, weight.view(1, 1, 1, -1), stride=(1, scale)))
    return values.reshape(n, channels, height // scale, width // scale)


def teacher_named(folder: Path) -> str:
    """Who made the pictures of a folder, or "none"."""
    file = folder / INPUTS / TEACHER
    return file.read_text().strip() if file.exists() else "none"


def steps_of(small: np.ndarray) -> Tensor:
    """How far green differs from the pixel above and the one to the left: uint8 [h, w, 3] -> [h - 1, w - 1]"""
    green = torch.from_numpy(small[..., 1].astype(np.float32))
    return green.diff(dim=0)[:, 1:].abs() + green.diff(dim=1)[1:].abs()


def windows_of(index: int, small: np.ndarray, patch: int) -> Tensor:
    """The windows of one input: float32 [windows][picture, y, x, last y, last x, detail]."""
    height, width = small.shape[:2]
    stride = patch // 2
    detail = F.avg_pool2d(steps_of(small)[None, None], patch - 1, stride)[0, 0]
    y, x = torch.meshgrid(*(torch.arange(count) * stride for count in detail.shape), indexing="ij")
    constant = torch.tensor([index, 0, 0, height - patch, width - patch, 0]).float().repeat(detail.numel(), 1)
    constant[:, 1], constant[:, 2], constant[:, 5] = y.reshape(-1), x.reshape(-1), detail.reshape(-1)
    return constant


def grid(corner: Tensor, side: int, flips: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and columns of square crops at corners [n, 2], each axis mirrored and both exchanged: [n, side, side]"""
    step = torch.arange(side, device=corner.device).expand(len(corner), side)
    down = torch.where(flips[:, :1], side - 1 - step, step)[:, :, None]
    right = torch.where(flips[:, 1:2], side - 1 - step, step)[:, None, :]
    exchanged = flips[:, 2, None, None]
    y = torch.where(exchanged, right.expand(-1, side, -1), down.expand(-1, -1, side))
    x = torch.where(exchanged, down.expand(-1, -1, side), right.expand(-1, side, -1))
    return corner[:, 0, None, None] + y, corner[:, 1, None, None] + x
