"""SRResNetCompact, the network of `models/`: residual blocks at the small size, one pixel shuffle at the end.

    f = conv_first(x)
    b = f, and for each block: b + silu(conv(... silu(conv(b))))
    picture = pixel_shuffle(conv_last(conv_body(b) + f)) + x enlarged by repeating pixels

All convolutions are 3x3. The shape is EDSR's (Lim et al. 2017) with the activation after every convolution of a block,
as the winners of the efficiency challenges have it. Training compares before the shuffle (`missing`): a shuffle only
reorders values, so the loss is the same and the large picture is not built.
"""

from __future__ import annotations

from typing import Optional, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

BLOCK_GAIN = 0.3
"""Factor on the first weights of each block's last convolution: blocks begin as small corrections."""


def convolution(inputs: int, outputs: int, gain: float = 1) -> nn.Conv2d:
    """3x3, padded with zeros; Kaiming's scaling times `gain`."""
    layer = nn.Conv2d(inputs, outputs, 3, padding=1)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    with torch.no_grad():
        layer.weight.mul_(gain)
    return layer


class Block(nn.Module):
    """`convs` convolutions and a skip around them: [n, f, h, w] -> same"""

    def __init__(self, features: int, convs: int, kind: str) -> None:
        super().__init__()
        self.convs, self.gate, self.activation = convs, kind == "gate", F.relu if kind == "relu" else F.silu
        for index in range(1, convs + 1):
            gain = BLOCK_GAIN if index == convs else 1
            setattr(self, f"conv{index}", convolution(features, features, gain))

    def forward(self, x: Tensor) -> Tensor:
        inner = x
        for index in range(1, self.convs + 1):
            inner = getattr(self, f"conv{index}")(inner)
            if self.gate and index == self.convs:
                return (inner + x) * (torch.sigmoid(inner) - 0.5)
            inner = self.activation(inner)
        return x + inner


LUMA = (0.299, 0.587, 0.114)


class Fast(Protocol):
    """Another way to what a network lacks while it is trained (`amx.py`)."""

    def missing(self, small: Tensor) -> Tensor:
        """As `Enlarger.missing`"""

    def mean_errors(self, small: Tensor, large: Tensor, power: int) -> Tensor:
        """As `mean_errors` below"""


class Enlarger(nn.Module):
    """What every network here has in common: the missing part, and the picture that it completes."""

    scale: int
    fast: Optional[Fast] = None

    def missing(self, small: Tensor) -> Tensor:
        """small [n, 3, h, w] -> what to add to the enlarged input, before the shuffle [n, 3 * scale^2, h, w]"""
        raise NotImplementedError

    def complete(self, small: Tensor, missing: Tensor) -> Tensor:
        """The picture that an input and what is missing make: [n, 3, scale * h, scale * w], not clamped"""
        return F.interpolate(small, scale_factor=self.scale, mode="nearest") + F.pixel_shuffle(missing, self.scale)

    def forward(self, small: Tensor) -> Tensor:
        """[n, 3, h, w] -> [n, 3, scale * h, scale * w], RGB in 0..1, not clamped"""
        return self.complete(small, self.missing(small).float())


class SRResNetCompact(Enlarger):
    """`blocks` blocks of `convs` convolutions of `features` channels.

    `kind`: "silu"; "relu" in its place; or "gate", where a block is (o + x) * (sigmoid(o) - 0.5) of its input x and its
    last convolution's output o, as in SPAN (Wan et al. 2024).
    """

    def __init__(self, features: int, blocks: int, convs: int, scale: int, kind: str = "silu") -> None:
        super().__init__()
        self.scale, self.kind = scale, kind
        self.conv_first = convolution(3, features)
        self.body = nn.ModuleList([Block(features, convs, kind) for _ in range(blocks)])
        self.conv_body = convolution(features, features, BLOCK_GAIN)
        self.conv_last = convolution(features, 3 * scale**2, 0.1)

    def layers(self) -> list[nn.Conv2d]:
        """The convolutions, first to last."""
        inner = [getattr(block, f"conv{index}") for block in self.body for index in range(1, block.convs + 1)]
        return [self.conv_first, *inner, self.conv_body, self.conv_last]

    def features(self, small: Tensor) -> Tensor:
        """What the last convolution is given: [n, 3, h, w] -> [n, features, h, w]"""
        first = self.conv_first(small)
        features = first
        for block in self.body:
            features = block(features)
        return self.conv_body(features) + first

    def missing(self, small: Tensor) -> Tensor:
        return self.conv_last(self.features(small))

    def start_from(self, weights: dict[str, Tensor]) -> None:
        """Take over a trained network of the same trunk; one of a larger scale is averaged down in its last layer."""
        taken = {}
        for name, own in self.state_dict().items():
            if name not in weights:
                raise ValueError(f"Cannot start from these weights: they lack {name!r}")
            taken[name] = weights[name]
            if name.startswith("conv_last.") and weights[name].shape != own.shape:
                taken[name] = average_subpixels(weights[name], len(own) // 3)
            if taken[name].shape != own.shape:
                raise ValueError(
                    f"Cannot start from these weights: {name!r} is {list(weights[name].shape)}, not {list(own.shape)}")
        self.load_state_dict(taken)


class SRVGGNetCompact(Enlarger):
    """Real-ESRGAN's small network, a chain without skips: what SRResNetCompact was measured against."""

    def __init__(self, features: int, convs: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        layers: list[nn.Module] = []
        for inputs in [3] + [features] * convs:
            layers += [convolution(inputs, features), nn.PReLU(features, 0.2)]
        self.body = nn.Sequential(*layers, convolution(features, 3 * scale**2, 0.1))

    def missing(self, small: Tensor) -> Tensor:
        return self.body(small)


def half_precision(device: torch.device) -> torch.autocast:
    """Convolutions in the type that the device multiplies fastest; sums and weights stay in float32."""
    dtype = torch.float16 if device.type == "cuda" else torch.bfloat16
    return torch.autocast(device.type, dtype=dtype, cache_enabled=False)


def missing_of(network: Enlarger, small: Tensor) -> Tensor:
    """`network.missing` in half precision, as float32."""
    if network.fast is not None:
        return network.fast.missing(small)
    with half_precision(small.device):
        return network.missing(small.contiguous(memory_format=torch.channels_last)).float()


def luma_of(colours: Tensor) -> Tensor:
    """The luma of values before the shuffle: [n, 3 * s^2, h, w] -> [n, s^2, h, w]"""
    return sum(weight * channel for weight, channel in zip(LUMA, colours.chunk(3, dim=1)))


def mean_errors(network: Enlarger, small: Tensor, large: Tensor, power: int) -> Tensor:
    """Each crop's mean of |error|^power, of its colours and of its luma. RGB in 0..1 -> [n, 2]"""
    if network.fast is not None:
        return network.fast.mean_errors(small, large, power)
    wanted = F.pixel_unshuffle(large, network.scale) - small.repeat_interleave(network.scale**2, dim=1)
    error = missing_of(network, small) - wanted
    return torch.stack([part.abs().pow(power).mean((1, 2, 3)) for part in (error, luma_of(error))], dim=1)


def average_subpixels(weight: Tensor, wanted: int) -> Tensor:
    """[3 * s^2, ...] -> [3 * wanted, ...]: the last layer of a network whose picture is the other's, box-averaged."""
    side, small = int((len(weight) // 3) ** 0.5), int(wanted**0.5)
    factor = side // small
    grid = weight.reshape(3, small, factor, small, factor, *weight.shape[1:])
    return grid.mean(dim=(2, 4)).reshape(3 * wanted, *weight.shape[1:])


def network_from(weights: dict[str, Tensor], kind: str = "silu") -> Enlarger:
    """The network that these weights belong to; its sizes are read from theirs."""
    network = SRResNetCompact(*sizes_of(weights), kind) if "conv_first.weight" in weights else compact_of(weights)
    network.load_state_dict(weights)
    return network


def sizes_of(weights: dict[str, Tensor]) -> tuple[int, int, int, int]:
    """Features, blocks, convolutions in each, and scale of an SRResNetCompact."""
    places = [name.split(".") for name in weights if name.startswith("body.") and name.endswith(".weight")]
    blocks, convs = (max(places) for places in zip(*((int(block), int(conv[4:])) for _, block, conv, _ in places)))
    features, outputs = len(weights["conv_first.weight"]), len(weights["conv_last.weight"])
    return features, blocks + 1, convs, round((outputs / 3) ** 0.5)


def compact_of(weights: dict[str, Tensor]) -> SRVGGNetCompact:
    """An SRVGGNetCompact of the sizes of these weights."""
    layers = sorted(((int(name.split(".")[1]), tensor) for name, tensor in weights.items() if tensor.dim() == 4),
                    key=lambda layer: layer[0])
    features, outputs = len(layers[0][1]), len(layers[-1][1])
    return SRVGGNetCompact(features, len(layers) - 2, round((outputs / 3) ** 0.5))


def multiply_adds(network: nn.Module) -> int:
    """Multiply-adds per input pixel: every convolution works at the small size."""
    return sum(layer.weight.numel() for layer in network.modules() if isinstance(layer, nn.Conv2d))
