"""The same networks in PyTorch: on an NVIDIA GPU in fp32 (without TF32) and fp16, on a CPU in fp32.

    python3 -m bench.peers.torch_peer models/photo-x4.safetensors --size 640x480

From the repository's root. Timed is the network alone, by CUDA events: weights, input and output stay where they are.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from training.safetensors import load

CHECK_SIZE = (24, 20)
TOLERANCE = {torch.float32: 1e-3, torch.float16: 3e-2}


class Network:
    """SRVGGNetCompact or RRDBNet x4 with Real-ESRGAN's names, and the FLOP of its last run."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        self.weights = weights
        self.flop = 0

    def to(self, device: torch.device, dtype: torch.dtype, layout: torch.memory_format) -> Network:
        """The same network with its weights elsewhere, in another precision or another order."""
        def move(weight: Tensor) -> Tensor:
            moved = weight.to(device, dtype)
            return moved.contiguous(memory_format=layout) if moved.dim() == 4 else moved
        return Network({name: move(weight) for name, weight in self.weights.items()})

    def __call__(self, x: Tensor) -> Tensor:
        """[1, 3, h, w] -> [1, 3, scale * h, scale * w], RGB in 0..1, not clamped"""
        self.flop = 0
        return self.rrdbnet(x) if "conv_first.weight" in self.weights else self.compact(x)

    def conv(self, name: str, x: Tensor) -> Tensor:
        weight = self.weights[f"{name}.weight"]
        self.flop += 2 * weight.numel() * x.shape[2] * x.shape[3]
        return F.conv2d(x, weight, self.weights[f"{name}.bias"], padding=1)

    def compact(self, x: Tensor) -> Tensor:
        last = max(int(name.split(".")[1]) for name in self.weights)
        y = self.conv("body.0", x)
        for i in range(2, last + 1, 2):
            y = self.conv(f"body.{i}", F.prelu(y, self.weights[f"body.{i - 1}.weight"]))
        scale = round((y.shape[1] / 3) ** 0.5)
        return F.pixel_shuffle(y, scale) + F.interpolate(x, scale_factor=scale, mode="nearest")

    def rrdbnet(self, x: Tensor) -> Tensor:
        first = y = self.conv("conv_first", x)
        blocks = 1 + max(int(name.split(".")[1]) for name in self.weights if name.startswith("body."))
        for block in range(blocks):
            z = y
            for dense in (1, 2, 3):
                z = self.dense_block(f"body.{block}.rdb{dense}", z)
            y = y + 0.2 * z
        y = first + self.conv("conv_body", y)
        for k in (1, 2):
            y = F.leaky_relu(self.conv(f"conv_up{k}", F.interpolate(y, scale_factor=2, mode="nearest")), 0.2)
        return self.conv("conv_last", F.leaky_relu(self.conv("conv_hr", y), 0.2))

    def dense_block(self, name: str, x: Tensor) -> Tensor:
        parts = [x]
        for k in (1, 2, 3, 4):
            parts.append(F.leaky_relu(self.conv(f"{name}.conv{k}", torch.cat(parts, 1)), 0.2))
        return x + 0.2 * self.conv(f"{name}.conv5", torch.cat(parts, 1))


@dataclass
class Way:
    """One way to run a network."""

    name: str
    dtype: torch.dtype
    layout: torch.memory_format


FP32 = Way("fp32", torch.float32, torch.contiguous_format)
FP32_CHANNELS_LAST = Way("fp32 channels_last", torch.float32, torch.channels_last)
FP16_CHANNELS_LAST = Way("fp16 channels_last", torch.float16, torch.channels_last)
WAYS = {"cpu": [FP32, FP32_CHANNELS_LAST], "cuda": [FP32, FP32_CHANNELS_LAST, FP16_CHANNELS_LAST]}


@dataclass
class Timing:
    """How one way did; `difference` is the largest one from fp32 on the CPU, on a small picture."""

    peer: str
    ms: float
    min_ms: float
    runs: int
    gflops: float
    difference: float


def picture(size: tuple[int, int]) -> Tensor:
    """Noise, the same for the same size: [1, 3, h, w]"""
    width, height = size
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1))


def measure(network: Network, way: Way, device: torch.device, size: tuple[int, int], runs: int) -> Timing:
    """Check one way against fp32 on the CPU, then time it."""
    moved = network.to(device, way.dtype, way.layout)

    def run(small: Tensor) -> Tensor:
        return moved(small.to(device, way.dtype).contiguous(memory_format=way.layout))

    small = picture(CHECK_SIZE)
    difference = (run(small).float().cpu() - network(small)).abs().max().item()
    if not difference <= TOLERANCE[way.dtype]:
        raise SystemExit(f"{way.name} is {difference:g} off, and at most {TOLERANCE[way.dtype]} is allowed")
    x = picture(size).to(device, way.dtype).contiguous(memory_format=way.layout)
    times = [milliseconds(lambda: moved(x), device) for _ in range(runs + 3)][3:]
    ms = statistics.median(times)
    peer = f"PyTorch {torch.__version__}, {way.name}"
    return Timing(peer, ms, min(times), runs, moved.flop / ms / 1e6, difference)


def milliseconds(work, device: torch.device) -> float:
    """How long the device takes for `work`."""
    if device.type != "cuda":
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) * 1000
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    work()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end)


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, CUDA {torch.version.cuda}"
    return f"CPU, threads: {torch.get_num_threads()}"


def read_size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path, metavar="FILE", help="a .safetensors file")
    parser.add_argument("--size", type=read_size, default=(128, 128), metavar="WxH", help="default: 128x128")
    parser.add_argument("--runs", type=int, default=5, help="how often each is timed, after 3 untimed runs")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", choices=WAYS)
    parser.add_argument("--json", action="store_true", help="one JSON line per network and way")
    options = parser.parse_args()
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    device = torch.device(options.device)
    for file in options.models:
        report(file, device, options)


def report(file: Path, device: torch.device, options: argparse.Namespace) -> None:
    """Print how one network does in each way."""
    (width, height), network = options.size, Network(load(file)[0])
    place = {"model": file.name, "width": width, "height": height, "device": device_name(device)}
    if not options.json:
        print("{model}, {width}x{height}, {device}".format(**place))
    for way in WAYS[device.type]:
        timing = measure(network, way, device, options.size, options.runs)
        if options.json:
            print(json.dumps({**place, **asdict(timing)}))
        else:
            print("  {peer:40} {ms:8.1f} ms (fastest {min_ms:.1f}) {gflops:9.1f} GFLOP/s, {difference:.1e} off".format(
                **asdict(timing)))


if __name__ == "__main__":
    with torch.inference_mode():
        main()
