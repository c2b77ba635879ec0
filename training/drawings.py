"""Self-made line art and text for training, so that screenshots and diagrams do not break.

Each drawing is a page of rectangles, lines, ellipses and words in random colours, drawn at twice the size and halved,
so that its edges are as soft as a good renderer's.
"""

from __future__ import annotations

import string

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE = 768
FONTS = (
    "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "DejaVuSansMono.ttf")
"""Free fonts by file name, found where the system keeps its fonts; without them Pillow's own stands in."""


def font(random: np.random.Generator) -> ImageFont.ImageFont:
    """A random face at a random size, in pixels of the doubled drawing."""
    try:
        return ImageFont.truetype(str(random.choice(FONTS)), int(random.integers(20, 90)))
    except OSError:
        return ImageFont.load_default()


def colour(random: np.random.Generator) -> tuple[int, int, int]:
    """Often a grey (ink and paper are), else any colour."""
    if random.random() < 0.5:
        return (int(random.choice([0, 255, random.integers(256)])),) * 3
    return tuple(int(value) for value in random.integers(256, size=3))


def words(random: np.random.Generator) -> str:
    """A line of random letters, digits and signs in word-like groups."""
    letters = string.ascii_letters + string.digits + ".,:;()/-+=%&?!"
    return " ".join(
        "".join(random.choice(list(letters), int(random.integers(1, 10)))) for _ in range(random.integers(1, 9)))


def draw(random: np.random.Generator) -> np.ndarray:
    """One page: uint8 [SIDE, SIDE, 3]."""
    side = 2 * SIDE
    page = Image.new("RGB", (side, side), colour(random))
    pen = ImageDraw.Draw(page)
    for _ in range(40):
        x0, x1 = sorted(int(value) for value in random.integers(side, size=2))
        y0, y1 = sorted(int(value) for value in random.integers(side, size=2))
        width, ink = int(random.integers(1, 14)), colour(random)
        kind = random.integers(6)
        if kind == 0:
            pen.rectangle((x0, y0, x0 + (x1 - x0) // 2, y0 + (y1 - y0) // 2), colour(random), ink, width)
        elif kind == 1:
            pen.ellipse((x0, y0, x0 + (x1 - x0) // 2, y0 + (y1 - y0) // 2), None, ink, width)
        elif kind == 2:
            pen.line((x0, y1, x1, y0) if random.random() < 0.5 else (x0, y0, x1, y1), ink, width)
        else:
            pen.text((x0 - 100, y0), words(random), ink, font(random))
    return np.asarray(page.resize((SIDE, SIDE), Image.Resampling.BOX))
