"""Random networks of the architectures that Tessera reads, and what PyTorch makes of a picture with them.

Usage: python3 networks.py FOLDER. For each network two files are written there: NAME.safetensors with the
weights, and NAME.golden.safetensors with `input` and `output`, both [1, 3, height, width].
"""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from safetensors_file import write

torch.set_num_threads(1)


def conv(inputs, outputs, kernel=3, bias=True):
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=bias)


class DenseBlock(nn.Module):
    def __init__(self, features, growth, plus):
        super().__init__()
        for k in range(5):
            outputs = features if k == 4 else growth
            setattr(self, f"conv{k + 1}", conv(features + k * growth, outputs))
        if plus:
            self.conv1x1 = conv(features, growth, 1, bias=False)
        self.plus = plus

    def forward(self, x):
        parts = [x]
        for k in range(1, 5):
            y = F.leaky_relu(getattr(self, f"conv{k}")(torch.cat(parts, 1)), 0.2)
            if self.plus and k == 2:
                y = y + self.conv1x1(x)
            if self.plus and k == 4:
                y = y + parts[2]
            parts.append(y)
        return x + 0.2 * self.conv5(torch.cat(parts, 1))


class ResidualDense(nn.Module):
    def __init__(self, features, growth, plus):
        super().__init__()
        for k in (1, 2, 3):
            setattr(self, f"rdb{k}", DenseBlock(features, growth, plus))

    def forward(self, x):
        return x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))


class RRDBNet(nn.Module):
    def __init__(self, blocks=2, features=16, growth=8, unshuffle=1, upsamplings=2, plus=False):
        super().__init__()
        self.unshuffle, self.upsamplings = unshuffle, upsamplings
        self.conv_first = conv(3 * unshuffle**2, features)
        self.body = nn.Sequential(*(ResidualDense(features, growth, plus) for _ in range(blocks)))
        self.conv_body = conv(features, features)
        for k in range(upsamplings):
            setattr(self, f"conv_up{k + 1}", conv(features, features))
        self.conv_hr = conv(features, features)
        self.conv_last = conv(features, 3)

    def forward(self, x):
        first = self.conv_first(F.pixel_unshuffle(x, self.unshuffle))
        y = first + self.conv_body(self.body(first))
        for k in range(self.upsamplings):
            y = F.interpolate(y, scale_factor=2, mode="nearest")
            y = F.leaky_relu(getattr(self, f"conv_up{k + 1}")(y), 0.2)
        return self.conv_last(F.leaky_relu(self.conv_hr(y), 0.2))


class Compact(nn.Module):
    def __init__(self, features=16, convolutions=3, scale=4):
        super().__init__()
        layers = [conv(3, features), nn.PReLU(features)]
        for _ in range(convolutions):
            layers += [conv(features, features), nn.PReLU(features)]
        self.body = nn.ModuleList(layers + [conv(features, 3 * scale**2)])
        self.scale = scale

    def forward(self, x):
        y = x
        for layer in self.body:
            y = layer(y)
        return F.pixel_shuffle(y, self.scale) + F.interpolate(x, scale_factor=self.scale)


class ResNetBlock(nn.Module):
    def __init__(self, features, convolutions, gate):
        super().__init__()
        self.count, self.gate = convolutions, gate
        for k in range(convolutions):
            setattr(self, f"conv{k + 1}", conv(features, features))

    def forward(self, x):
        t = x
        for k in range(self.count):
            t = getattr(self, f"conv{k + 1}")(t)
            if not self.gate or k < self.count - 1:
                t = F.silu(t)
        return (t + x) * (torch.sigmoid(t) - 0.5) if self.gate else x + t


class SRResNetCompact(nn.Module):
    def __init__(self, features=24, blocks=2, convolutions=3, scale=4, gate=False):
        super().__init__()
        self.scale = scale
        self.conv_first = conv(3, features)
        self.body = nn.Sequential(
            *(ResNetBlock(features, convolutions, gate) for _ in range(blocks))
        )
        self.conv_body = conv(features, features)
        self.conv_last = conv(features, 3 * scale**2)

    def forward(self, x):
        first = self.conv_first(x)
        y = self.conv_last(self.conv_body(self.body(first)) + first)
        return F.pixel_shuffle(y, self.scale) + F.interpolate(x, scale_factor=self.scale)


class WideConv(nn.Module):
    """SPAN's convolution as it is trained."""

    def __init__(self, inputs, outputs, gain=2):
        super().__init__()
        self.sk = nn.Conv2d(inputs, outputs, 1)
        self.conv = nn.Sequential(
            nn.Conv2d(inputs, gain * inputs, 1),
            nn.Conv2d(gain * inputs, gain * outputs, 3),
            nn.Conv2d(gain * outputs, outputs, 1),
        )

    def forward(self, x):
        return self.conv(F.pad(x, (1, 1, 1, 1))) + self.sk(x)


class SpanBlock(nn.Module):
    def __init__(self, features):
        super().__init__()
        for k in (1, 2, 3):
            setattr(self, f"c{k}_r", WideConv(features, features))

    def forward(self, x):
        inner = F.silu(self.c1_r(x))
        o = self.c3_r(F.silu(self.c2_r(inner)))
        return (o + x) * (torch.sigmoid(o) - 0.5), inner


class SPAN(nn.Module):
    def __init__(self, features=24, scale=4, norm=True):
        super().__init__()
        self.scale, self.norm = scale, norm
        self.conv_1 = WideConv(3, features)
        for block in range(1, 7):
            setattr(self, f"block_{block}", SpanBlock(features))
        self.conv_2 = WideConv(features, features)
        self.conv_cat = conv(4 * features, features, 1)
        self.upsampler = nn.Sequential(conv(features, 3 * scale**2), nn.PixelShuffle(scale))
        if not norm:
            self.register_buffer("no_norm", torch.zeros(1))

    def forward(self, x):
        if self.norm:
            x = (x - torch.tensor([0.4488, 0.4371, 0.4040]).view(1, 3, 1, 1)) * 255
        first = self.conv_1(x)
        y, outputs = first, []
        for block in range(1, 7):
            y, inner = getattr(self, f"block_{block}")(y)
            outputs.append(y)
        y = self.conv_cat(torch.cat([first, self.conv_2(y), outputs[0], inner], 1))
        return self.upsampler(y)


class PartialConv(nn.Module):
    def __init__(self, convolved, kernel):
        super().__init__()
        self.conv = conv(convolved, convolved, kernel)
        self.convolved = convolved

    def forward(self, x):
        first, others = x[:, : self.convolved], x[:, self.convolved :]
        return torch.cat([self.conv(first), others], 1)


class Attention(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.f = nn.Sequential(conv(features, features), nn.Sigmoid())

    def forward(self, x):
        return x * self.f(x)


class PixelNorm(nn.Module):
    """Layer norm over the channels of each pixel."""

    def __init__(self, features):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))

    def forward(self, x):
        y = F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias, 1e-6)
        return y.permute(0, 3, 1, 2)


class LargeKernelBlock(nn.Module):
    def __init__(self, features, convolved, kernel, real, norm, attention):
        super().__init__()
        mixer = nn.Sequential(
            conv(features, 2 * features),
            nn.Mish() if real else nn.GELU(),
            conv(2 * features, features),
        )
        setattr(self, "channel_mixer" if real else "channe_mixer", mixer)
        self.lk = PartialConv(convolved, kernel)
        if attention:
            self.attn = Attention(features)
        self.refine = conv(features, features, 1)
        if norm == "group":
            self.norm = nn.GroupNorm(4, features)
        if norm == "layer":
            self.layer_norm = PixelNorm(features)

    def forward(self, x):
        layers = dict(self.named_children())
        y = layers["layer_norm"](x) if "layer_norm" in layers else x
        y = (layers.get("channel_mixer") or layers["channe_mixer"])(y)
        y = self.lk(y)
        y = layers["attn"](y) if "attn" in layers else y
        y = self.refine(y)
        y = layers["norm"](y) if "norm" in layers else y
        return x + y


class DySample(nn.Module):
    """Enlargement by learned positions (Liu et al., 2023), ending in a 1x1 convolution."""

    def __init__(self, channels, scale):
        super().__init__()
        self.scale = scale
        self.groups = 3 if scale % 2 else 4
        moves = 2 * self.groups * scale**2
        self.end_conv = conv(channels, 3, 1)
        self.offset = conv(channels, moves, 1)
        self.scope = conv(channels, moves, 1, bias=False)
        steps = (torch.arange(scale) - (scale - 1) / 2) / scale
        across = steps.view(1, 1, scale).expand(self.groups, scale, scale)
        down = steps.view(1, scale, 1).expand(self.groups, scale, scale)
        self.register_buffer("init_pos", torch.stack([across, down]).reshape(1, -1, 1, 1))

    def forward(self, x):
        _, channels, height, width = x.shape
        moves = self.offset(x) * torch.sigmoid(self.scope(x)) * 0.5 + self.init_pos
        moves = F.pixel_shuffle(moves, self.scale)  # [1, 2 * groups, rows, columns]
        moves = moves.view(2, self.groups, height * self.scale, width * self.scale)
        column = torch.arange(width).repeat_interleave(self.scale).view(1, 1, -1)
        row = torch.arange(height).repeat_interleave(self.scale).view(1, -1, 1)
        places = torch.stack([column + moves[0], row + moves[1]], -1) + 0.5
        grid = 2 * places / torch.tensor([width, height]) - 1
        parts = x.view(self.groups, channels // self.groups, height, width)
        sampled = F.grid_sample(parts, grid, padding_mode="border", align_corners=False)
        return self.end_conv(sampled.reshape(1, channels, *sampled.shape[2:]))


class PLKSR(nn.Module):
    def __init__(
        self,
        features=16,
        blocks=2,
        scale=4,
        convolved=4,
        kernel=17,
        real=False,
        norm=None,
        attention=True,
        dysample=False,
    ):
        super().__init__()
        self.scale = scale
        layers = [conv(3, features)]
        for _ in range(blocks):
            layers.append(LargeKernelBlock(features, convolved, kernel, real, norm, attention))
        if real:
            layers.append(nn.Dropout2d(0))
        self.feats = nn.Sequential(*layers, conv(features, 3 * scale**2))
        self.to_img = DySample(3 * scale**2, scale) if dysample else nn.PixelShuffle(scale)

    def forward(self, x):
        y = self.feats(x) + torch.repeat_interleave(x, self.scale**2, dim=1)
        return self.to_img(y)


def old_names(blocks, upsamplings):
    """Real-ESRGAN's names as old ESRGAN has them."""
    layers = {"conv_first": "model.0", "conv_body": f"model.1.sub.{blocks}"}
    layers |= {f"conv_up{k}": f"model.{3 * k}" for k in range(1, upsamplings + 1)}
    layers["conv_hr"] = f"model.{3 * upsamplings + 2}"
    layers["conv_last"] = f"model.{3 * upsamplings + 4}"

    def rename(name):
        head, *rest = name.split(".")
        if head != "body":
            return ".".join([layers[head], *rest])
        block, dense, layer, kind = rest
        layer += "" if layer == "conv1x1" else ".0"
        return f"model.1.sub.{block}.{dense.upper()}.{layer}.{kind}"

    return rename


def bsrgan_names(name):
    for ours, theirs in (
        ("conv_body", "trunk_conv"),
        ("conv_up", "upconv"),
        ("conv_hr", "HRconv"),
        ("body.", "RRDB_trunk."),
        (".rdb", ".RDB"),
    ):
        name = name.replace(ours, theirs)
    return name


def same(name):
    return name


NETWORKS = {
    "rrdbnet-x4": (RRDBNet(), same, None),
    "rrdbnet-x2": (RRDBNet(unshuffle=2), same, None),
    "rrdbnet-x1": (RRDBNet(unshuffle=4, features=20), same, None),
    "rrdbnet-bsrgan-x2": (RRDBNet(upsamplings=1), bsrgan_names, None),
    "rrdbnet-old-x4": (RRDBNet(), old_names(2, 2), None),
    "rrdbnet-old-x1": (RRDBNet(upsamplings=0), old_names(2, 0), None),
    "rrdbnet-old-x8": (RRDBNet(upsamplings=3, features=8), old_names(2, 3), None),
    "esrgan-plus-old-x4": (RRDBNet(plus=True), old_names(2, 2), None),
    "compact-x1": (Compact(scale=1), same, None),
    "compact-x2": (Compact(scale=2, features=24), same, None),
    "compact-x3": (Compact(scale=3, convolutions=5), same, None),
    "srresnet-x4": (SRResNetCompact(), same, None),
    "srresnet-gate-x2": (SRResNetCompact(scale=2, features=40, gate=True), same, {"block": "gate"}),
    "span-x4": (SPAN(), same, None),
    "span-x2": (SPAN(features=28, scale=2), same, None),
    "span-x1": (SPAN(features=16, scale=1, norm=False), same, None),
    "plksr-x4": (PLKSR(), same, None),
    "plksr-x2": (PLKSR(scale=2, features=32, convolved=8, kernel=13, attention=False), same, None),
    "realplksr-group-x4": (PLKSR(real=True, norm="group"), same, None),
    "realplksr-group-x1": (PLKSR(real=True, norm="group", scale=1, features=64), same, None),
    "realplksr-layer-x2": (PLKSR(real=True, norm="layer", scale=2, blocks=3), same, None),
    "realplksr-dysample-x4": (PLKSR(real=True, norm="layer", dysample=True), same, None),
    "realplksr-dysample-x3": (PLKSR(real=True, norm="group", scale=3, dysample=True), same, None),
    "realplksr-dysample-x2": (PLKSR(real=True, norm="group", scale=2, dysample=True), same, None),
}


def randomise(network):
    """Weights that keep the size of what goes through; norms and slopes near what they begin as."""
    for name, tensor in network.named_parameters():
        if tensor.dim() == 4:
            fan_in = tensor[0].numel()
            nn.init.uniform_(tensor, -((3 / fan_in) ** 0.5), (3 / fan_in) ** 0.5)
        else:
            nn.init.uniform_(tensor, -0.2, 0.2)
            if "norm.weight" in name:
                tensor.data += 1


def main():
    folder = Path(sys.argv[1])
    torch.manual_seed(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    for name, (network, rename, metadata) in NETWORKS.items():
        randomise(network)
        if "span" in name and network.norm:
            network.conv_1.sk.weight.data /= 255
            network.conv_1.conv[0].weight.data /= 255
        network.eval()
        tensors = {rename(key): tensor for key, tensor in network.state_dict().items()}
        picture = torch.rand(1, 3, 24, 32)
        with torch.no_grad():
            output = network(picture)
        write(folder / f"{name}.safetensors", tensors, metadata)
        write(folder / f"{name}.golden.safetensors", {"input": picture, "output": output})


main()
