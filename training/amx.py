"""`amx.c` for PyTorch: an SRResNetCompact of SiLU on a processor with AMX, three to four times as fast as PyTorch 1.13.

Compiled with gcc when it is first needed. Where the processor, the compiler or the network does not serve, PyTorch does
the work: the same products in bfloat16, in another order.
"""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Optional

import torch
from torch import Tensor

from .network import Enlarger, SRResNetCompact

SOURCE = Path(__file__).with_name("amx.c")
MOST_FEATURES, SCALES = 32, (2, 4)


@lru_cache(maxsize=None)
def library() -> Optional[ctypes.CDLL]:
    """The compiled program, or None where it cannot run."""
    if "amx_bf16" not in Path("/proc/cpuinfo").read_text():
        return None
    compiled = Path(tempfile.mkdtemp()) / "amx.so"
    try:
        subprocess.run(["gcc", "-O3", "-march=native", "-shared", "-fPIC", "-o", compiled, SOURCE], check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    program = ctypes.CDLL(str(compiled))
    program.tessera_open.restype = ctypes.c_void_p
    return program if program.tessera_permit() == 0 else None


def addresses(tensors: list[Tensor]) -> ctypes.Array:
    return (ctypes.c_void_p * len(tensors))(*(tensor.data_ptr() for tensor in tensors))


def pointer(tensor: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())


class Trunk:
    """The memory for one size of batch: `forward`, and `backward` of the latest forward."""

    def __init__(self, program: ctypes.CDLL, sizes: tuple[int, int, int], network: SRResNetCompact) -> None:
        self.program, self.sizes = program, sizes
        self.layers = network.layers()
        self.outputs = self.layers[-1].out_channels
        blocks, convs = len(network.body), network.body[0].convs
        features = self.layers[0].out_channels
        self.memory = ctypes.c_void_p(program.tessera_open(*sizes, features, blocks, convs, self.outputs))

    def __del__(self) -> None:
        self.program.tessera_close(self.memory)

    def forward(self, small: Tensor) -> Tensor:
        """[n, 3, h, w] -> what is missing [n, h, w, outputs]"""
        missing = torch.empty((*self.sizes, self.outputs))
        weights, biases = ([getattr(layer, name).detach() for layer in self.layers] for name in ("weight", "bias"))
        self.program.tessera_forward(self.memory, pointer(small), addresses(weights), addresses(biases), pointer(missing))
        return missing

    def compare(self, small: Tensor, large: Tensor, power: int) -> tuple[Tensor, Tensor]:
        """The errors [n, h, w, outputs], and their means [n, 2] as `mean_errors` gives them."""
        errors, means = self.forward(small), torch.empty((len(small), 2))
        self.program.tessera_compare(self.memory, pointer(small), pointer(large), power, pointer(errors), pointer(means))
        return errors, means

    def slopes(self, errors: Tensor, power: int, factors: Tensor) -> Tensor:
        """Derivatives by the errors, which they take the place of, from those by their means."""
        self.program.tessera_slopes(self.memory, power, pointer(factors), pointer(errors))
        return errors

    def backward(self, errors: Tensor) -> list[Tensor]:
        """Derivatives by what is missing [n, h, w, outputs] -> by every weight and bias"""
        weights, biases = ([torch.empty_like(getattr(layer, name)) for layer in self.layers] for name in ("weight", "bias"))
        self.program.tessera_backward(self.memory, pointer(errors), addresses(weights), addresses(biases))
        return [gradient for pair in zip(weights, biases) for gradient in pair]


class Missing(torch.autograd.Function):
    """`network.missing` with gradients for the network's parameters, none for its input."""

    @staticmethod
    def forward(context, small: Tensor, trunk: Trunk, *parameters: Tensor) -> Tensor:
        context.trunk = trunk
        return trunk.forward(small).permute(0, 3, 1, 2)

    @staticmethod
    def backward(context, slopes: Tensor) -> tuple[Optional[Tensor], ...]:
        return (None, None, *context.trunk.backward(slopes.float().permute(0, 2, 3, 1).contiguous()))


class MeanErrors(torch.autograd.Function):
    """`mean_errors` with gradients for the network's parameters."""

    @staticmethod
    def forward(context, small: Tensor, large: Tensor, power: int, trunk: Trunk, *parameters: Tensor) -> Tensor:
        errors, means = trunk.compare(small, large, power)
        context.trunk, context.power, context.errors = trunk, power, errors
        return means

    @staticmethod
    def backward(context, factors: Tensor) -> tuple[Optional[Tensor], ...]:
        slopes = context.trunk.slopes(context.errors, context.power, factors.contiguous())
        return (None, None, None, None, *context.trunk.backward(slopes))


class Fast:
    """The program for one network; it keeps the memory for each size of batch that it met."""

    def __init__(self, network: SRResNetCompact) -> None:
        self.network = network
        self.parameters = [getattr(layer, name) for layer in network.layers() for name in ("weight", "bias")]
        self.trunks: dict[tuple[int, ...], Trunk] = {}

    def __deepcopy__(self, memo: dict) -> None:
        """A network's copy, which is to be measured, goes without."""

    def trunk_for(self, small: Tensor) -> Trunk:
        sizes = (len(small), *small.shape[2:])
        if sizes not in self.trunks:
            self.trunks[sizes] = Trunk(library(), sizes, self.network)
        return self.trunks[sizes]

    def missing(self, small: Tensor) -> Tensor:
        return Missing.apply(small.float().contiguous(), self.trunk_for(small), *self.parameters)

    def mean_errors(self, small: Tensor, large: Tensor, power: int) -> Tensor:
        small, large = small.float().contiguous(), large.float().contiguous()
        return MeanErrors.apply(small, large, power, self.trunk_for(small), *self.parameters)


def hasten(network: Enlarger, device: str) -> None:
    """Let `network` be trained by this program, where processor, compiler and network allow it."""
    if device != "cpu" or not isinstance(network, SRResNetCompact) or network.kind != "silu" or library() is None:
        return
    if network.layers()[0].out_channels <= MOST_FEATURES and network.scale in SCALES:
        network.fast = Fast(network)
