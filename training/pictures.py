"""Pictures as arrays: reading, MATLAB's bicubic shrinking, and PSNR as the literature reports it.

Every picture here is uint8 RGB of shape [height, width, 3]. The field's benchmarks shrink with MATLAB's `imresize`
(cubic kernel with a = -0.5, widened by the factor, edges repeated, rounded to 8 bits after the rows and again after
the columns); a network trained on any other shrinking loses tenths of a decibel on them, so it is reproduced here to
the last bit.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"}


def list_pictures(folder: Path) -> list[Path]:
    """The picture files of a folder, in name order."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    if not files:
        raise FileNotFoundError(f"No picture in {folder}: looked for {', '.join(sorted(SUFFIXES))}")
    return files


def read_picture(file: Path) -> np.ndarray:
    """Decode to uint8 RGB [h, w, 3]."""
    with Image.open(file) as image:
        return np.array(image.convert("RGB"))


def crop_to_multiple(picture: np.ndarray, factor: int) -> np.ndarray:
    """Cut the right and the lower edge so that both sides are multiples of `factor`."""
    height, width = picture.shape[:2]
    return picture[:height - height % factor, :width - width % factor]


def cubic(x: np.ndarray) -> np.ndarray:
    """Keys' cubic kernel with a = -0.5."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0))


def shrink_rows(picture: np.ndarray, factor: int) -> np.ndarray:
    """Shrink the first axis: uint8 [h, w, 3] -> uint8 [h / factor, w, 3]."""
    height = picture.shape[0]
    taps = 4 * factor + 2
    centre = (np.arange(height // factor) + 0.5) * factor - 0.5
    first = np.floor(centre - 2 * factor).astype(int)
    position = first[:, None] + np.arange(taps)
    weight = cubic((centre[:, None] - position) / factor)
    weight /= weight.sum(axis=1, keepdims=True)
    source = np.clip(position, 0, height - 1)
    result = np.zeros((height // factor, *picture.shape[1:]))
    for tap in range(taps):
        result += weight[:, tap, None, None] * picture[source[:, tap]]
    return np.clip(np.floor(result + 0.5), 0, 255).astype(np.uint8)


def shrink(picture: np.ndarray, factor: int) -> np.ndarray:
    """MATLAB's `imresize(picture, 1 / factor)`: uint8 [h, w, 3] -> uint8 [h / factor, w / factor, 3]."""
    height, width = picture.shape[:2]
    if height % factor or width % factor:
        raise ValueError(f"Cannot shrink {width}x{height} by {factor}: both sides must be multiples of it")
    return shrink_rows(shrink_rows(picture, factor).transpose(1, 0, 2), factor).transpose(1, 0, 2)


def luma(picture: np.ndarray) -> np.ndarray:
    """The Y of BT.601 in studio range: RGB in 0..255 [h, w, 3] -> [h, w] in 16..235, as MATLAB's `rgb2ycbcr`."""
    return picture.astype(np.float64) @ np.array([65.481, 128.553, 24.966]) / 255 + 16


def psnr_y(picture: np.ndarray, truth: np.ndarray, border: int) -> float:
    """PSNR of the luma in dB, leaving out `border` pixels on each side."""
    inside = (slice(border, -border), slice(border, -border))
    error = luma(picture)[inside] - luma(truth)[inside]
    return float(10 * np.log10(255**2 / np.mean(error**2)))
