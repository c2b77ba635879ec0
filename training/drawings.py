"""Self-made pages for training: text in many faces and sizes, dark on light and light on dark, and line art.

Each page is drawn at twice the size and halved, so that its edges are as soft as a good renderer's.
"""

from __future__ import annotations

import string
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIDE = 768
FONT_FOLDER = Path("/usr/share/fonts")
FONTS = (
    "DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "LiberationSans-Regular", "LiberationSerif-Regular",
    "LiberationSans-Bold", "FreeSerifItalic", "Lato-Regular", "Lato-Light", "Cantarell-Regular", "Roboto-Regular",
    "Roboto-Medium", "LinLibertine_R", "EBGaramond12-Regular", "NotoSans-Regular", "NotoSerif-Regular",
    "ComicNeue-Regular", "Inconsolata", "OpenSans-Regular", "Carlito-Regular")
"""Free fonts of Debian by file name; those that are not installed are left out."""
SIZES = (9, 64)
"""Heights of a line of letters, in pixels of the finished page."""
LETTERS = "eeeeeetttttaaaaooooiiiinnnnssshhhrrrdddlllcccuuummmwwfffggyyppbbvkjxqz"
SIGNS = string.digits + ",.;:!?()-/&%+=@#"


def installed_fonts() -> list[str]:
    """Files of the fonts that are here."""
    files = {file.stem: str(file) for file in sorted(FONT_FOLDER.rglob("*.[ot]tf"))}
    found = [files[name] for name in FONTS if name in files]
    if not found:
        raise FileNotFoundError(f"No font in {FONT_FOLDER}: looked for {', '.join(FONTS)}")
    return found


def colours(random: np.random.Generator) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Paper and ink: often black on white or the other way round, else colours apart enough to read."""
    kind = random.random()
    if kind < 0.35:
        return (255, 255, 255), (int(random.integers(60)),) * 3
    if kind < 0.6:
        return (int(random.integers(50)),) * 3, (int(random.integers(190, 256)),) * 3
    while True:
        paper, ink = random.integers(256, size=(2, 3))
        if abs(int(paper.sum()) - int(ink.sum())) > 200:
            return tuple(map(int, paper)), tuple(map(int, ink))


def word(random: np.random.Generator) -> str:
    """Letters as often as English has them, some capitals, digits and signs."""
    letters = "".join(random.choice(list(LETTERS), int(random.integers(1, 11))))
    kind = random.random()
    if kind < 0.12:
        return letters.capitalize()
    if kind < 0.16:
        return letters.upper()
    if kind < 0.24:
        return "".join(random.choice(list(SIGNS), int(random.integers(1, 6))))
    return letters + (str(random.choice(list(",.;:"))) if kind > 0.9 else "")


def text_page(random: np.random.Generator, fonts: list[str]) -> Image.Image:
    """Paragraphs, each in one face, size and pair of colours."""
    page = Image.new("RGB", (2 * SIDE, 2 * SIDE))
    pen = ImageDraw.Draw(page)
    y = 0
    while y < 2 * SIDE:
        height = int(2 * np.exp(random.uniform(*np.log(SIZES))))
        font = ImageFont.truetype(str(random.choice(fonts)), height)
        (paper, ink), lines, step = colours(random), int(random.integers(2, 7)), int(1.35 * height)
        pen.rectangle((0, y, 2 * SIDE, y + lines * step + height), paper)
        for line in range(lines):
            words = " ".join(word(random) for _ in range(int(5 * SIDE / height) + 2))
            pen.text((int(random.integers(4, 60)), y + line * step + height // 3), words, ink, font)
        y += lines * step + height
    return page


def line_art(random: np.random.Generator, fonts: list[str]) -> Image.Image:
    """Rectangles, ellipses and lines in random colours, and a few words."""
    side = 2 * SIDE
    page = Image.new("RGB", (side, side), colours(random)[0])
    pen = ImageDraw.Draw(page)
    for _ in range(40):
        x0, x1 = sorted(int(value) for value in random.integers(side, size=2))
        y0, y1 = sorted(int(value) for value in random.integers(side, size=2))
        (fill, ink), width = colours(random), int(random.integers(1, 14))
        half = (x0, y0, x0 + (x1 - x0) // 2, y0 + (y1 - y0) // 2)
        kind = random.integers(5)
        if kind == 0:
            pen.rectangle(half, fill, ink, width)
        elif kind == 1:
            pen.ellipse(half, None, ink, width)
        elif kind < 4:
            pen.line((x0, y1, x1, y0) if random.random() < 0.5 else (x0, y0, x1, y1), ink, width)
        else:
            pen.text((x0, y0), word(random), ink, ImageFont.truetype(str(random.choice(fonts)), width * 6 + 20))
    return page


def draw(random: np.random.Generator, fonts: list[str]) -> Image.Image:
    """One page of SIDE x SIDE: of three, two are text."""
    make = text_page if random.random() < 2 / 3 else line_art
    return make(random, fonts).resize((SIDE, SIDE), Image.Resampling.BOX)
