"""Take the grid out of a trained network, by its last layer alone.

A pixel shuffle gives each of the scale^2 places within an input pixel weights of its own. Where their means over a
neighbourhood differ, that is a grid (Odena et al. 2016, "Deconvolution and checkerboard artifacts"): a twentieth of a
level, which no loss sees and half precision drowns, but a spectrum shows. What a place's mean is too high by is
nearly linear in the means of the last layer's inputs, so least squares find what to subtract from its weights.
"""

from __future__ import annotations

from typing import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from .network import SRResNetCompact
from .spectrum import ROUNDING

BORDER = 8
"""Input pixels of a crop that are left out on every side, as they see what is not there."""
FAINTEST = ROUNDING / 255**2
"""Power of detail that rounding to 8 bits hides, and a grid of that size with it."""


def smoothed(picture: Tensor, scale: int) -> Tensor:
    """Without what a grid of `scale` pixels is made of, slopes as they are: a box of `scale` pixels, then one of 2, along
    both axes. [n, 3, h, w] -> same"""
    weight = torch.full((scale + 1,), 1 / scale, device=picture.device)
    weight[[0, -1]] /= 2
    rows = F.pad(picture.flatten(0, 1)[:, None], (scale // 2,) * 4, mode="replicate")
    rows = F.conv2d(F.conv2d(rows, weight.view(1, 1, -1, 1)), weight.view(1, 1, 1, -1))
    return rows.view_as(picture)


class Sums:
    """What the least squares are made of, over crops. A row is a crop's mean inputs, and 1 for the bias."""

    def __init__(self, network: SRResNetCompact) -> None:
        layer, self.network = network.conv_last, network
        rows, kind = layer.in_channels + 1, {"dtype": torch.float64, "device": layer.weight.device}
        self.means, self.wanted = torch.zeros(rows, rows, **kind), torch.zeros(rows, layer.out_channels, **kind)
        self.pixels, self.weight, self.count = torch.zeros(rows, rows, **kind), 0.0, 0

    def add(self, small: Tensor) -> None:
        """Crops [n, 3, h, w]. A crop counts as much more as its detail is faint: there a grid shows."""
        network, inner = self.network, slice(BORDER, -BORDER)
        inputs = network.features(small)
        picture = network.complete(small, network.conv_last(inputs))
        inputs = with_one(F.avg_pool2d(inputs, 3, 1, 1)[..., inner, inner])
        grid, detail = (F.pixel_unshuffle(part, network.scale)[..., inner, inner].unflatten(1, (3, network.scale**2))
                        for part in (picture - smoothed(picture, network.scale), picture))
        grid, detail = (part - part.mean(2, keepdim=True) for part in (grid, detail))
        weight = 1 / (detail.square().mean((1, 2, 3, 4)).double() + FAINTEST)
        row, wanted = inputs.mean((2, 3)), grid.mean((3, 4)).flatten(1).double()
        self.means += row.T @ (weight[:, None] * row)
        self.wanted += row.T @ (weight[:, None] * wanted)
        self.pixels += torch.einsum("ncyx,ndyx->cd", inputs, inputs)
        self.weight, self.count = self.weight + weight.sum(), self.count + inputs[:, 0].numel()

    def correction(self, stillness: float) -> Tensor:
        """What to subtract, by inputs and bias: least grid, and `stillness` times what it changes in pixels."""
        return torch.linalg.solve(self.means / self.weight + stillness * self.pixels / self.count,
                                  self.wanted / self.weight).float()


def with_one(inputs: Tensor) -> Tensor:
    """[n, c, h, w] -> float64 [n, c + 1, h, w], the last of them 1."""
    return F.pad(inputs.double(), (0, 0, 0, 0, 0, 1), value=1)


@torch.no_grad()
def level(network: SRResNetCompact, inputs: Iterable[Tensor], stillness: float) -> None:
    """Subtract from the last layer what is a grid in the pictures of these inputs, RGB in 0..1 [n, 3, h, w].

    The greater `stillness`, the less any pixel changes: 0.03 costs `photo-x4` 0.001 dB on photographs and takes a quarter
    of its grid, 0.001 costs 0.02 dB and takes nearly all.
    """
    sums, layer = Sums(network), network.conv_last
    for small in inputs:
        sums.add(small)
    correction = sums.correction(stillness)
    layer.weight.sub_(correction[:-1].T[:, :, None, None] / layer.weight[0, 0].numel())
    layer.bias.sub_(correction[-1])
