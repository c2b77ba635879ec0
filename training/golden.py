"""What PyTorch makes of one small picture with every network of `models/`, for the program's tests to agree with.

    python3 -m training.golden tests/networks/golden/embedded.safetensors
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from .network import network_from
from .safetensors import load, save

MODELS = Path(__file__).parent.parent / "models"
HEIGHT, WIDTH = 13, 18


def picture() -> Tensor:
    """A smooth picture with an edge and some noise, values from 0 to 1: [1, 3, HEIGHT, WIDTH]"""
    generator = torch.Generator().manual_seed(1)
    y = torch.linspace(0, 1, HEIGHT).view(1, 1, -1, 1)
    x = torch.linspace(0, 1, WIDTH).view(1, 1, 1, -1)
    colour = torch.tensor([0.2, 0.5, 0.8]).view(1, 3, 1, 1)
    noise = torch.rand((1, 3, HEIGHT, WIDTH), generator=generator)
    return 0.5 * colour + 0.2 * x * y + 0.2 * (x + y > 1) + 0.1 * noise


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    tensors = {"picture": picture()[0]}
    for entry in json.loads((MODELS / "models.json").read_text()):
        network = network_from(load(MODELS / entry["file"])[0])
        tensors[entry["name"]] = network(picture())[0]
    options.file.parent.mkdir(parents=True, exist_ok=True)
    save(options.file, tensors, {}, "F32")


if __name__ == "__main__":
    main()
