"""How far a picture's spectrum is from the truth's, as a loss: what src/quality/spectrum.ts measures, of crops.

A distance of pixels or features is least where uncertain detail is left out, and a discriminator notices a part of it
only; the power that is missing can be asked for by name.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from .evaluate import LUMA_8BIT

FINE = (0.125, 0.5)
"""The radii that count as fine detail, in cycles per pixel."""
ROUNDING = 1 / 12
"""Noise power of rounding to 8 bits, in levels squared."""


def power_of(picture: Tensor) -> Tensor:
    """The luma's power under a Hann window: RGB in 0..1 [n, 3, side, side] -> levels squared per bin [n, side * side]"""
    weight = torch.tensor(LUMA_8BIT, device=picture.device).view(3, 1, 1)
    luma = (picture * weight).sum(1)
    hann = torch.hann_window(luma.shape[-1], device=picture.device)
    window = hann[:, None] * hann
    spectrum = torch.fft.fft2((luma - luma.mean((1, 2), keepdim=True)) * window)
    return ((spectrum.real.square() + spectrum.imag.square()) / window.square().sum()).flatten(1)


def decibel(power: Tensor) -> Tensor:
    return 10 * torch.log10(power + ROUNDING)


@lru_cache(maxsize=None)
def rings(side: int, device: str) -> Tensor:
    """Averages a spectrum over each ring of fine radii, one bin wide: [rings, side * side]"""
    bins = torch.fft.fftfreq(side) * side
    radius = (bins[:, None].square() + bins.square()).sqrt().round().flatten()
    members = radius == torch.arange(round(FINE[0] * side), round(FINE[1] * side) + 1)[:, None]
    return (members / members.sum(1, keepdim=True)).to(device)


def spectrum_distance(found: Tensor, large: Tensor) -> Tensor:
    """The mean distance of the rings' power, crop by crop, in dB: RGB in 0..1, both [n, 3, side, side] -> number"""
    own, truth = (power_of(picture) @ rings(picture.shape[-1], str(picture.device)).T for picture in (found, large))
    return (decibel(own) - decibel(truth)).abs().mean()
