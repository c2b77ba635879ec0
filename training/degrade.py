"""What happens to pictures in the world, on batches on the device: another shrinking, blur, noise, JPEG; each at times.

A JPEG's loss is its rounding of the cosine transform, its colours' halving and the rounding to 8 bits; its entropy coding
loses nothing, so that none is written. `compressed` is the real thing, for validation.
"""

from __future__ import annotations

import io
import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

CLEAN_SHARE, MIXED_SHARE = 0.1, 0.5
"""Crops that stay as they are, and those to which several things happen; to the others one thing, noise or a JPEG."""
RESHRUNK_SHARE, BLUR_SHARE, NOISE_SHARE, JPEG_SHARE, HALVED_SHARE = 0.4, 0.3, 0.4, 0.75, 0.7
QUALITIES = (30, 96)
MARGIN = 16
"""Pixels by which a crop that is to be damaged is wider: where JPEG's blocks fall then varies, and blur sees its
surroundings."""

LUMA_TABLE = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99)
CHROMA_TABLE = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99) + (99,) * 32
"""The standard's example tables (ITU-T T.81, annex K), which libjpeg scales by its quality."""


def compressed(picture: np.ndarray, quality: int, subsampling: int = 2) -> np.ndarray:
    """The picture after a JPEG, 4:2:0 unless `subsampling` is 0: uint8 [h, w, 3]."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.array(Image.open(buffer))


def chance(like: Tensor, share: float) -> Tensor:
    """True in a share of the batch: [n, 1, 1, 1]"""
    return torch.rand((len(like), 1, 1, 1), device=like.device) < share


def uniform(like: Tensor, low: float, high: float) -> Tensor:
    """A number for each of the batch: [n, 1, 1, 1]"""
    return low + (high - low) * torch.rand((len(like), 1, 1, 1), device=like.device)


def rounded(picture: Tensor) -> Tensor:
    """To 8 bits."""
    return (picture * 255).round().clamp(0, 255) / 255


def blurred(picture: Tensor) -> Tensor:
    """A Gaussian of sigma 0.2 to 0.9 pixels."""
    n, channels, height, width = picture.shape
    offset = torch.arange(-2, 3, device=picture.device).view(1, 1, 1, 5)
    weight = torch.exp(-0.5 * (offset / uniform(picture, 0.2, 0.9)) ** 2)
    weight = (weight / weight.sum(3, keepdim=True)).repeat_interleave(channels, 0)
    values = F.pad(picture.reshape(1, n * channels, height, width), (2, 2, 2, 2), mode="replicate")
    values = F.conv2d(F.conv2d(values, weight, groups=n * channels), weight.transpose(2, 3), groups=n * channels)
    return values.reshape(picture.shape)


def noisy(picture: Tensor) -> Tensor:
    """Gaussian noise of sigma 1 to 25 of 255, in half the cases the same for all three colours."""
    grain = torch.randn_like(picture)
    grain = torch.where(chance(picture, 0.5), grain[:, :1], grain)
    return picture + grain * uniform(picture, 1, 25) / 255


def cosines(device: torch.device) -> Tensor:
    """The orthonormal cosine transform of eight values: [8, 8]"""
    k, x = torch.arange(8, device=device)[:, None], torch.arange(8, device=device)[None]
    table = torch.cos((2 * x + 1) * k * math.pi / 16) / 2
    return torch.where(k == 0, table / math.sqrt(2), table)


def table(numbers: tuple[int, ...], quality: Tensor) -> Tensor:
    """libjpeg's divisors of a quality [n, 1, 1, 1]: [n, 1, 1, 8, 8]"""
    percent = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality)
    base = torch.stack([torch.full_like(quality, number) for number in numbers], dim=-1)
    return ((base * percent[..., None] + 50) / 100).floor().clamp(1, 255).reshape(-1, 1, 1, 8, 8)


def requantised(plane: Tensor, divisors: Tensor) -> Tensor:
    """Blocks of 8x8 through the rounded cosine transform: [n, h, w] around 0 -> same"""
    n, height, width = plane.shape
    transform = cosines(plane.device)
    blocks = plane.reshape(n, height // 8, 8, width // 8, 8).transpose(2, 3)
    found = (transform @ blocks @ transform.T / divisors).round() * divisors
    return (transform.T @ found @ transform).transpose(2, 3).reshape(n, height, width)


def jpeg(picture: Tensor, quality: Tensor, halved: Tensor) -> Tensor:
    """RGB in 0..1 [n, 3, h, w] of sides divisible by 16, after JPEGs of qualities [n, 1, 1, 1], chroma 4:2:0 if `halved`"""
    red, green, blue = (rounded(picture) * 255).unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    chroma = torch.stack([(blue - luma) / 1.772, (red - luma) / 1.402], dim=1)
    luma_divisors, chroma_divisors = table(LUMA_TABLE, quality), table(CHROMA_TABLE, quality)
    luma = requantised(luma.round() - 128, luma_divisors) + 128
    full = torch.stack([requantised(plane.round(), chroma_divisors) for plane in chroma.unbind(1)], dim=1)
    small = F.avg_pool2d(chroma, 2).round()
    small = torch.stack([requantised(plane, chroma_divisors) for plane in small.unbind(1)], dim=1)
    half = F.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False)
    blueness, redness = torch.where(halved, half, full).unbind(1)
    luma = luma.round()
    red, blue = luma + 1.402 * redness, luma + 1.772 * blueness
    return rounded(torch.stack([red, (luma - 0.299 * red - 0.114 * blue) / 0.587, blue], dim=1) / 255)


def reshrunk(small: Tensor, large: Tensor) -> Tensor:
    """`large` shrunk by averaging or by a triangle, in place of MATLAB's cubic."""
    size = small.shape[2:]
    box = F.interpolate(large, size=size, mode="area")
    triangle = F.interpolate(large, size=size, mode="bilinear", align_corners=False, antialias=True)
    return torch.where(chance(small, 0.5), box, triangle)


@torch.no_grad()
def damage(small: Tensor, large: Tensor) -> Tensor:
    """A damaged version of `small` [n, 3, h, w], which is `large` [n, 3, scale * h, scale * w] shrunk; sides of 16s."""
    mixed, noised = chance(small, MIXED_SHARE), chance(small, NOISE_SHARE)
    damaged = torch.where(mixed & chance(small, RESHRUNK_SHARE), reshrunk(small, large), small)
    damaged = torch.where(mixed & chance(small, BLUR_SHARE), blurred(damaged), damaged)
    damaged = rounded(torch.where(noised, noisy(damaged), damaged))
    pressed = jpeg(damaged, uniform(small, *QUALITIES).floor(), chance(small, HALVED_SHARE))
    damaged = torch.where(torch.where(mixed, chance(small, JPEG_SHARE), ~noised), pressed, damaged)
    return torch.where(chance(small, CLEAN_SHARE), small, damaged)


def moved(small: Tensor, large: Tensor, scale: int) -> tuple[Tensor, Tensor]:
    """Crops narrower by `MARGIN`, at a random place in each of the batch, of both sizes."""
    corner = torch.randint(0, MARGIN + 1, (len(small), 2), device=small.device)
    return cut(small, corner, small.shape[2] - MARGIN), cut(large, corner * scale, large.shape[2] - scale * MARGIN)


def cut(picture: Tensor, corner: Tensor, side: int) -> Tensor:
    """Squares at corners [n, 2] of [n, c, h, w] -> [n, c, side, side]"""
    step = torch.arange(side, device=picture.device)
    which = torch.arange(len(picture), device=picture.device)[:, None, None]
    rows, columns = corner[:, :1, None] + step[:, None], corner[:, 1:, None] + step
    return picture.permute(0, 2, 3, 1)[which, rows, columns].permute(0, 3, 1, 2)
