"""What happens to pictures in the world: blur, another shrinking kernel, noise, JPEG; each at times, in random order.

Works on small numpy crops as they are drawn, so that no two steps see the same damage.
"""

from __future__ import annotations

import io
from typing import Callable

import numpy as np
from PIL import Image, ImageFilter

CLEAN_SHARE = 0.1
KERNELS = (
    Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.HAMMING, Image.Resampling.LANCZOS)
SUBSAMPLING_444, SUBSAMPLING_420 = 0, 2
"""Pillow's numbers for a JPEG's chroma subsampling."""


def blur(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A Gaussian of up to 0.9 pixels."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(random.uniform(0.2, 0.9))))


def noise(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Gaussian noise of sigma 1..20, in half the cases the same for all three colours."""
    channels = 1 if random.random() < 0.5 else 3
    grain = random.normal(0, random.uniform(1, 20), (*picture.shape[:2], channels))
    return np.clip(np.rint(picture + grain), 0, 255).astype(np.uint8)


def compressed(picture: np.ndarray, quality: int, subsampling: int = SUBSAMPLING_420) -> np.ndarray:
    """The picture after a JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.array(Image.open(buffer))


def jpeg(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A JPEG of quality 30..95, its chroma at full or at half size."""
    subsampling = SUBSAMPLING_420 if random.random() < 0.7 else SUBSAMPLING_444
    return compressed(picture, int(random.integers(30, 96)), subsampling)


DAMAGES: tuple[tuple[float, Callable[[np.ndarray, np.random.Generator], np.ndarray]], ...] = (
    (0.3, blur), (0.4, noise), (0.75, jpeg))
"""How often each kind of damage happens."""


def damage(small: np.ndarray, large: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A damaged version of `small` [h, w, 3], which is `large` [scale * h, scale * w, 3] shrunk; uint8."""
    if random.random() < CLEAN_SHARE:
        return small
    if random.random() < 0.4:
        height, width = small.shape[:2]
        kernel = KERNELS[random.integers(len(KERNELS))]
        small = np.asarray(Image.fromarray(large).resize((width, height), kernel))
    for index in random.permutation(len(DAMAGES)):
        share, apply = DAMAGES[index]
        if random.random() < share:
            small = apply(small, random)
    return small
