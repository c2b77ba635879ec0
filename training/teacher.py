"""What a large network makes of windows of the pictures, for small ones to learn from in place of the photographs.

    python3 -m training.teacher --pictures DIR --weights RRDB_PSNR_x4.safetensors --out DIR

A photograph holds more than its small copy tells of it, and that part is noise to whoever learns to enlarge it; what a
good teacher makes of the small copy is what can be told (Hinton et al. 2015). --out receives NAME.png, the teacher's, and
small/NAME.png, its input, which `data.py` takes together. Drawn pages are copied: there the truth teaches better. A
window that is there is not made again.
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from .data import DRAWING_PREFIX, INPUTS, TEACHER, pair_of, steps_of
from .network import half_precision
from .pictures import list_pictures
from .safetensors import load

WINDOW, MARGIN = 128, 8
"""The side of a window, and what around it the teacher sees and is left out, in input pixels."""
CHOICES = 3
"""Of so many random windows the one with most detail is taken."""


class DenseBlock(nn.Module):
    """Five convolutions, each of all before it: [n, f, h, w] -> same"""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        for index in range(5):
            outputs = features if index == 4 else growth
            setattr(self, f"conv{index + 1}", nn.Conv2d(features + index * growth, outputs, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        known = x
        for index in range(1, 5):
            known = torch.cat((known, F.leaky_relu(getattr(self, f"conv{index}")(known), 0.2)), dim=1)
        return x + 0.2 * self.conv5(known).float()


class ThreeDenseBlocks(nn.Module):
    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (DenseBlock(features, growth) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))


class RRDBNet(nn.Module):
    """ESRGAN's network (Wang et al. 2018), x4: [n, 3, h, w] -> [n, 3, 4 * h, 4 * w], RGB in 0..1"""

    def __init__(self, features: int, growth: int, blocks: int) -> None:
        super().__init__()
        self.conv_first = nn.Conv2d(3, features, 3, padding=1)
        self.body = nn.Sequential(*(ThreeDenseBlocks(features, growth) for _ in range(blocks)))
        for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
            setattr(self, name, nn.Conv2d(features, features, 3, padding=1))
        self.conv_last = nn.Conv2d(features, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        first = self.conv_first(x).float()
        features = first + self.conv_body(self.body(first))
        for enlarge in (self.conv_up1, self.conv_up2):
            features = F.leaky_relu(enlarge(F.interpolate(features, scale_factor=2, mode="nearest")), 0.2)
        return self.conv_last(F.leaky_relu(self.conv_hr(features), 0.2)).float()


def teacher_of(weights: dict[str, Tensor]) -> RRDBNet:
    """The RRDBNet of these weights; its sizes are read from theirs."""
    growth, features = weights["body.0.rdb1.conv1.weight"].shape[:2]
    blocks = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("body."))
    network = RRDBNet(features, growth, blocks)
    network.load_state_dict(weights)
    return network.eval()


def choose_window(small: np.ndarray, random: np.random.Generator) -> tuple[int, int, int, int]:
    """Row, column, height and width of the window to teach."""
    height, width = (min(WINDOW, side) for side in small.shape[:2])
    corners = [(int(random.integers(small.shape[0] - height + 1)), int(random.integers(small.shape[1] - width + 1)))
               for _ in range(CHOICES)]
    y, x = max(corners, key=lambda at: float(steps_of(small[at[0]:at[0] + height, at[1]:at[1] + width]).mean()))
    return y, x, height, width


@torch.no_grad()
def taught(teacher: RRDBNet, small: np.ndarray, window: tuple[int, int, int, int], device: str) -> np.ndarray:
    """The teacher's picture of a window of uint8 [h, w, 3]."""
    y, x, height, width = window
    top, left = max(0, y - MARGIN), max(0, x - MARGIN)
    seen = torch.from_numpy(small[top:y + height + MARGIN, left:x + width + MARGIN].copy()).to(device)
    with half_precision(torch.device(device)):
        large = teacher(seen.permute(2, 0, 1)[None].float().contiguous(memory_format=torch.channels_last) / 255)
    picture = (large[0] * 255).round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()
    return picture[4 * (y - top):4 * (y - top + height), 4 * (x - left):4 * (x - left + width)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, required=True, help="a folder that prepare.py filled")
    parser.add_argument("--weights", type=Path, required=True, help="an RRDBNet x4 that aims at PSNR (.safetensors)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    options = parser.parse_args()
    (options.out / INPUTS).mkdir(parents=True, exist_ok=True)
    (options.out / INPUTS / TEACHER).write_text(options.weights.name.split(".")[0])
    teacher = teacher_of(load(options.weights)[0]).to(options.device, memory_format=torch.channels_last)
    random = np.random.default_rng(1)
    for file in list_pictures(options.pictures):
        target = options.out / f"{file.stem}.png"
        if file.name.startswith(DRAWING_PREFIX):
            shutil.copy(file, options.out)
        elif not target.exists():
            small = pair_of(file, 4, options.device)[1]
            y, x, height, width = window = choose_window(small, random)
            Image.fromarray(small[y:y + height, x:x + width]).save(options.out / INPUTS / target.name)
            partial = target.with_suffix(".partial")  # an interruption leaves no half of a picture
            Image.fromarray(taught(teacher, small, window, options.device)).save(partial, "PNG")
            os.replace(partial, target)


if __name__ == "__main__":
    main()
