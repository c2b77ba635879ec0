"""Lay out the pictures that training reads: half-size photographs, some more at seven tenths, and drawn pages.

    python3 -m training.prepare --photos DIR --more DIR --out DIR

`--photos` is a folder of the photographs of `photos.tsv`, whose column `use` says which are trained on and which were put
aside. Half-size copies are sharp and free of their JPEG's traces. `--more` are photographs without a list, such as those
of 2 megapixels that the first networks learned from.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from .data import DRAWING_PREFIX
from .drawings import draw, installed_fonts
from .pictures import list_pictures

TABLE = Path(__file__).parent / "photos.tsv"
QUALITY = 90
"""Of the JPEGs that are written, at full chroma."""
PAGES = 64
HALF, MORE = 0.5, 0.7


def rows() -> list[dict[str, str]]:
    """The table of photographs, a row for each."""
    head, *lines = (line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines())
    return [dict(zip(head, line)) for line in lines]


def write_smaller(task: tuple[Path, Path, float]) -> None:
    """Write a picture at `size` times its own size."""
    source, target, size = task
    with Image.open(source) as image:
        width, height = (round(side * size) for side in image.size)
        smaller = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    smaller.save(target, quality=QUALITY, subsampling=0, optimize=True, progressive=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--more", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--faces", action="store_true", help="only photographs with a face, for portraits; no pages")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    chosen = [row for row in rows() if row["use"] == "train" and not (options.faces and row["face"] == "0")]
    tasks = [(options.photos / row["file"], options.out / row["file"], HALF) for row in chosen]
    if options.more and not options.faces:
        tasks += [(file, options.out / f"{file.stem}.jpg", MORE) for file in list_pictures(options.more)]
    with ProcessPoolExecutor(options.workers) as pool:
        list(pool.map(write_smaller, tasks))
    if not options.faces:
        random, fonts = np.random.default_rng(1), installed_fonts()
        for page in range(PAGES):
            draw(random, fonts).save(options.out / f"{DRAWING_PREFIX}{page:02}.webp", lossless=True)


if __name__ == "__main__":
    main()
