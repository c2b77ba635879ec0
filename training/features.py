"""The feature distance of training: how far two pictures are apart for a small network that learned to see.

MobileNetV2 (Sandler et al. 2018) up to a sixteenth of the size, as in bench/mobilenet.ts. Its weights are not part of
this repository: `mobilenet.ts` takes them from the npm package nsfwjs 4.4.0 (MIT), whose convolutions are ImageNet's.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .safetensors import load

HALVING = (1, 3, 6, 13)
"""Blocks whose depthwise convolution halves the size: what their expansion finds is compared, at 1/2, 1/4, 1/8, 1/16."""


def unit(features: Tensor) -> Tensor:
    """Each position's features scaled to length 1: [n, c, h, w] -> same"""
    return features * torch.rsqrt(features.square().sum(1, keepdim=True) + 1e-6)


class MobileNetFeatures(nn.Module):
    """RGB in 0..1 [n, 3, h, w] -> four feature maps. In float32: the first layers magnify differences below a level."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        for name, tensor in load(weights)[0].items():
            self.register_buffer(name.replace(".", "_"), tensor)

    def convolve(self, name: str, x: Tensor, stride: int = 1, groups: int = 1) -> Tensor:
        """A convolution with its folded normalisation; Keras pads a halving one to the right and below only."""
        weight, bias = getattr(self, f"{name}_weight"), getattr(self, f"{name}_bias")
        if stride == 2:
            return F.conv2d(F.pad(x, (0, 1, 0, 1)), weight, bias, stride, 0, 1, groups)
        return F.conv2d(x, weight, bias, stride, weight.shape[2] // 2, 1, groups)

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        x = F.relu6(self.convolve("Conv1", x, 2))
        x = self.convolve("expanded_conv_project", F.relu6(self.convolve("expanded_conv_depthwise", x, 1, 32)))
        for block in range(1, HALVING[-1] + 1):
            y = F.relu6(self.convolve(f"block_{block}_expand", x))
            if block in HALVING:
                maps.append(y)
            if block == HALVING[-1]:
                break
            y = self.convolve(f"block_{block}_depthwise", y, 2 if block in HALVING else 1, y.shape[1])
            y = self.convolve(f"block_{block}_project", F.relu6(y))
            x = x + y if x.shape == y.shape else y
        return maps

    def distance(self, found: Tensor, wanted: Tensor) -> Tensor:
        """LPIPS without learned weights (Zhang et al. 2018): squared differences of unit features, summed over maps."""
        with torch.no_grad():
            truths = self(wanted)
        pairs = zip(self(found), truths)
        return sum((unit(own) - unit(truth)).square().sum(1).mean() for own, truth in pairs)
