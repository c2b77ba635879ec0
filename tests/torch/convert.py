"""Writes PyTorch checkpoints as safetensors files of F32. Usage: python3 convert.py FOLDER FILE..."""

import sys
from pathlib import Path

import torch

from safetensors_file import write


def main():
    folder = Path(sys.argv[1])
    for path in map(Path, sys.argv[2:]):
        tensors = torch.load(path, map_location="cpu")
        write(folder / f"{path.stem}.safetensors", tensors)


main()
