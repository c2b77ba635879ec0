"""Put trained networks into `models/`: the files, and in `models.json` their hashes and figures.

    python3 -m training.publish OUT Set5=DIR Kodak24=DIR

Takes every network of `recipes.py` that OUT holds; a text for people is theirs to write. Golden values follow with
`training.golden`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import torch

from .evaluate import measure
from .golden import MODELS
from .network import network_from
from .recipes import RECIPES
from .safetensors import load

INDEX = MODELS / "models.json"


def figures(file: Path, sets: list[tuple[str, Path]]) -> dict[str, dict[str, float]]:
    """PSNR-Y in dB on each set, the network's beside bicubic's."""
    network = network_from(load(file)[0]).to(memory_format=torch.channels_last)
    found = {}
    for name, folder in sets:
        ours, theirs = measure(network, folder)
        found[name] = {"bicubic": round(float(np.mean(theirs)), 2), "network": round(float(np.mean(ours)), 2)}
    return found


def publish(file: Path, entry: dict, sets: list[tuple[str, Path]]) -> None:
    """Copy one network, and bring its entry of the index up to date."""
    shutil.copyfile(file, MODELS / entry["file"])
    entry["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    entry["architecture"] = "SRResNetCompact"
    entry["psnrY"] = figures(file, sets)
    print(entry["name"], entry["psnrY"], flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="where training put its networks")
    parser.add_argument("sets", nargs="+", metavar="NAME=DIR", help="a name and a folder of pictures")
    parser.add_argument("--only", nargs="+", choices=RECIPES, default=list(RECIPES), metavar="NAME")
    options = parser.parse_args()
    sets = [(name, Path(folder)) for name, _, folder in (entry.partition("=") for entry in options.sets)]
    entries = json.loads(INDEX.read_text())
    for entry in entries:
        file = options.out / f"{entry['name']}.safetensors"
        if entry["name"] in options.only and file.exists():
            publish(file, entry, sets)
    INDEX.write_text(json.dumps(entries, indent=2) + "\n")


if __name__ == "__main__":
    main()
