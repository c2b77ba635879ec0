"""Train the whole family of `recipes.py` in one program: pictures are read once, and each network gets its share.

    python3 -m training.family --pictures DIR --valid DIR --out DIR --minutes 60

For a GPU that is at hand for some minutes only. Networks come in the order of the table of shares, so that each finds
the one that it starts from; what is finished stays, and the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import copy

from .recipes import RECIPES
from .train import add_options, set_up, train_recipe

SHARES = {
    "photo-x4": 0.34, "fast-x4": 0.16, "restore-x4": 0.10, "detail-x4": 0.20, "photo-x2": 0.07, "fast-restore-x4": 0.06,
    "fast-x2": 0.04, "portrait-x4": 0.03,
}
"""How much of the time each network gets, in their order."""

TEXTURE_BATCH, TEXTURE_PATCH = 16, 48
"""A judge and features cost much more than the network: smaller batches, at most these, more steps."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    common = parser.parse_args()
    material = set_up(common)
    for name, share in SHARES.items():
        recipe, options = RECIPES[name], copy.copy(common)
        options.recipe, options.rate, options.minutes = name, recipe.rate, share * common.minutes
        options.start = options.out / f"{recipe.start}.safetensors" if recipe.start else None
        if recipe.aim == "texture":
            if common.features is None:
                print(f"{name} is left out: it needs --features", flush=True)
                continue
            options.batch, options.patch = min(common.batch, TEXTURE_BATCH), min(common.patch, TEXTURE_PATCH)
        train_recipe(options, material)


if __name__ == "__main__":
    main()
