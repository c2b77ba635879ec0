"""The loss of a network that aims at texture: what looks real, and still shrinks back to the input.

A U-Net discriminator judges every pixel (Schönfeld et al. 2020, as Real-ESRGAN has it, with spectral norm and the hinge
loss). Beside it: the distance of features (`features.py`) and of spectra (`spectrum.py`); the picture must shrink to its
input; where the truth is flat, the picture must be as calm as what the network it started from makes; and the sixteen
places within an input pixel must not differ on average, which would be a grid.
"""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .amx import hasten
from .data import shrink_tensor
from .features import MobileNetFeatures
from .level import smoothed
from .network import Enlarger, half_precision, missing_of
from .spectrum import spectrum_distance

PIXEL, SHRUNK, FEATURE, ADVERSARIAL, CALM, GRID = 0.2, 4.0, 0.12, 0.022, 2.0, 10.0
SPECTRUM = 0.004
"""Weights of the parts of the loss, the last for each dB."""

JUDGE_FEATURES = 32
JUDGE_RATE = 2e-4
JUDGE_GAIN = 2.0**14
"""As `train.GAIN`."""
GRID_WINDOW = 12
LEVEL = 1.0 / 255
FLAT = 3 * LEVEL
"""Where the truth's luma deviates by less than this within 7x7 pixels it is flat."""


class NormalisedConv(nn.Conv2d):
    """A convolution divided by its largest singular value (Miyato et al. 2018), found by one power step a call."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, stride: int = 1) -> None:
        super().__init__(inputs, outputs, size, stride, (size - 1) // 2)
        self.register_buffer("left", F.normalize(torch.randn(outputs), dim=0))

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            matrix = self.weight.flatten(1)
            with torch.no_grad():
                right = F.normalize(matrix.T @ self.left, dim=0)
                left = F.normalize(matrix @ right, dim=0)
                self.left.copy_(left)
            weight = self.weight / (left @ (matrix @ right))
        return F.conv2d(x, weight, self.bias, self.stride, self.padding)


class Judge(nn.Module):
    """A U-Net: RGB in 0..1 [n, 3, h, w], sides divisible by 8 -> how real each 2x2 pixels are [n, 1, h/2, w/2]

    It sees every pixel, but works at half the size, at a quarter of the time.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        widths = [features, 2 * features, 4 * features]
        self.first = NormalisedConv(12, features)
        self.down = nn.ModuleList([NormalisedConv(a, b, 4, 2) for a, b in zip(widths, widths[1:])])
        self.up = nn.ModuleList([NormalisedConv(b, a) for a, b in reversed(list(zip(widths, widths[1:])))])
        self.last = nn.ModuleList([NormalisedConv(features, features), NormalisedConv(features, 1)])

    def forward(self, picture: Tensor) -> Tensor:
        levels = [F.leaky_relu(self.first(F.pixel_unshuffle(2 * picture - 1, 2)), 0.2)]
        for layer in self.down:
            levels.append(F.leaky_relu(layer(levels[-1]), 0.2))
        x = levels.pop()
        for layer in self.up:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = F.leaky_relu(layer(x), 0.2) + levels.pop()
        return self.last[1](F.leaky_relu(self.last[0](x), 0.2))


def flatness(large: Tensor) -> Tensor:
    """1 where the picture is flat, near 0 elsewhere: RGB [n, 3, h, w] -> [n, 1, h, w]"""
    luma = large.mean(1, keepdim=True)
    mean, square = (F.avg_pool2d(values, 7, 1, 3, count_include_pad=False) for values in (luma, luma.square()))
    return torch.exp(-(square - mean.square()).clamp(min=0) / FLAT**2)


def windowed(places: Tensor) -> Tensor:
    """Means over windows of `GRID_WINDOW` input pixels: [n, c, h, w] -> [n, c, windows, windows]"""
    return F.avg_pool2d(places, min(GRID_WINDOW, *places.shape[2:]))


def contrast_of(truth: Tensor) -> Tensor:
    """The variance within each window, of a picture before the shuffle: [n, 3 * scale^2, h, w] -> [n, windows, windows]"""
    return (windowed(truth.square()) - windowed(truth).square()).clamp(min=0).mean(1)


def grid_of(found: Tensor, large: Tensor, scale: int) -> Tensor:
    """How strong a grid the difference has, beside the contrast of the truth, both of a window: squared, mean of all.

    In a window the places within an input pixel have means of their own; without a grid those are the same but for chance.
    """
    truth = F.pixel_unshuffle(large, scale)
    means = windowed(F.pixel_unshuffle(found, scale) - truth).unflatten(1, (3, scale**2))
    grid = (means - means.mean(2, keepdim=True)).square().mean((1, 2))
    return (grid / (contrast_of(truth) + LEVEL**2)).mean()


class Texture:
    """Owns the judge, its optimiser, and the networks that are only asked."""

    def __init__(self, network: Enlarger, features: Path, device: str) -> None:
        self.network = network
        self.calm = copy.deepcopy(network).requires_grad_(False)
        hasten(self.calm, device)
        self.features = MobileNetFeatures(features).to(device)
        self.judge = Judge(JUDGE_FEATURES).to(device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(
            self.judge.parameters(), lr=JUDGE_RATE, betas=(0.5, 0.99), capturable=device == "cuda")
        self.parts, self.spectrum = torch.zeros(7, device=device), torch.zeros((), device=device)

    def picture(self, network: Enlarger, small: Tensor) -> Tensor:
        return network.complete(small, missing_of(network, small))

    def opinion(self, picture: Tensor) -> Tensor:
        with half_precision(picture.device):
            return self.judge(picture.contiguous(memory_format=torch.channels_last)).float()

    def train_judge(self, found: Tensor, large: Tensor) -> Tensor:
        """One step of the judge: above 1 for what is real, below -1 for what is not."""
        self.judge.requires_grad_(True)
        opinions = self.opinion(torch.cat([found, large]))
        made, real = opinions.chunk(2)
        loss = F.relu(1 + made).mean() + F.relu(1 - real).mean()
        self.optimizer.zero_grad(set_to_none=False)
        (JUDGE_GAIN * loss).backward()
        for parameter in self.judge.parameters():
            parameter.grad.nan_to_num_(0, 0, 0)
        self.optimizer.step()
        self.judge.requires_grad_(False)
        return loss.detach()

    def loss(self, small: Tensor, large: Tensor) -> Tensor:
        """RGB in 0..1 [n, 3, h, w] and [n, 3, scale * h, scale * w] -> number; trains the judge first."""
        found = self.picture(self.network, small)
        with torch.no_grad():
            calm = smoothed(self.picture(self.calm, small), self.network.scale)
        judged = self.train_judge(found.detach(), large)
        pixel = (found - large).abs().mean()
        shrunk = (shrink_tensor(found, self.network.scale) - small)[..., 3:-3, 3:-3].abs().mean()
        feature = self.features.distance(found, large)
        adversarial = -self.opinion(found).mean()
        quiet = (flatness(large) * (found - calm).abs()).mean()
        grid = grid_of(found, large, self.network.scale)
        self.parts.copy_(torch.stack([judged, pixel, shrunk, feature, adversarial, quiet, grid]).detach())
        return (PIXEL * pixel + SHRUNK * shrunk + FEATURE * feature + ADVERSARIAL * adversarial + CALM * quiet
                + GRID * grid)

    def exact_loss(self, small: Tensor, large: Tensor) -> Tensor:
        """What spectra add to the loss, in float32: half precision has power of its own where there is little."""
        spectrum = spectrum_distance(self.network(small), large)
        self.spectrum.copy_(spectrum.detach())
        return SPECTRUM * spectrum

    def __str__(self) -> str:
        names = ("judge", "pixel", "shrunk", "feature", "adversarial", "calm", "grid", "spectrum")
        values = self.parts.tolist() + [float(self.spectrum)]
        return " ".join(f"{name} {value:.4f}" for name, value in zip(names, values))

    def state(self) -> dict:
        return {"judge": self.judge.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state(self, state: dict) -> None:
        self.judge.load_state_dict(state["judge"])
        self.optimizer.load_state_dict(state["optimizer"])
