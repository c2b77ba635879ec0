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
MOST_FEATURES, MOST_OUTPUTS = 32, 64


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
        missing = torch.empty((*self.sizes, self.outputs))
        weights, biases = ([getattr(layer, name).detach() for layer in self.layers] for name in ("weight", "bias"))
        self.program.tessera_forward(self.memory, pointer(small), addresses(weights), addresses(biases), pointer(missing))
        return missing.permute(0, 3, 1, 2)

    def backward(self, errors: Tensor) -> list[Tensor]:
        errors = errors.permute(0, 2, 3, 1).contiguous()
        weights, biases = ([torch.empty_like(getattr(layer, name)) for layer in self.layers] for name in ("weight", "bias"))
        self.program.tessera_backward(self.memory, pointer(errors), addresses(weights), addresses(biases))
        return [gradient for pair in zip(weights, biases) for gradient in pair]


class Missing(torch.autograd.Function):
    """`network.missing` with gradients for the network's parameters, none for its input."""

    @staticmethod
    def forward(context, small: Tensor, trunk: Trunk, *parameters: Tensor) -> Tensor:
        context.trunk = trunk
        return trunk.forward(small)

    @staticmethod
    def backward(context, errors: Tensor) -> tuple[Optional[Tensor], ...]:
        return (None, None, *context.trunk.backward(errors.float()))


def hasten(network: Enlarger, device: str) -> None:
    """Let `network` be trained by this program, where processor, compiler and network allow it."""
    if device != "cpu" or not isinstance(network, SRResNetCompact) or network.kind != "silu" or library() is None:
        return
    if network.layers()[0].out_channels > MOST_FEATURES or 3 * network.scale**2 > MOST_OUTPUTS:
        return
    trunks: dict[tuple[int, ...], Trunk] = {}

    def missing(small: Tensor) -> Tensor:
        sizes = (len(small), *small.shape[2:])
        if sizes not in trunks:
            trunks[sizes] = Trunk(library(), sizes, network)
        parameters = [getattr(layer, name) for layer in network.layers() for name in ("weight", "bias")]
        return Missing.apply(small.float().contiguous(), trunks[sizes], *parameters)

    network.fast = missing
