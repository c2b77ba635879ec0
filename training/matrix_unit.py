"""Loss and gradients of a batch on the matrix unit (AMX) of an Intel processor: `matrix_unit.cpp`, compiled when needed."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

import torch
from torch import Tensor

from .network import SRVGGNetCompact

BLOCK = 32
"""What channels and the width of a crop are a multiple of."""

SOURCE = Path(__file__).with_name("matrix_unit.cpp")
FLAGS = ["-O3", "-march=sapphirerapids", "-fopenmp", "-shared", "-fPIC"]


def is_there() -> bool:
    """Whether this machine has the unit and a compiler."""
    processor = Path("/proc/cpuinfo")
    return processor.exists() and " amx_bf16" in processor.read_text() and shutil.which("g++") is not None


def load_library() -> ctypes.CDLL:
    """Compile and open."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "matrix_unit.so"
        subprocess.run(["g++", *FLAGS, "-o", str(library), str(SOURCE)], check=True)
        opened = ctypes.CDLL(str(library))
    opened.matrix_unit_create.restype = ctypes.c_void_p
    opened.matrix_unit_step.restype = ctypes.c_double
    if opened.matrix_unit_open() != 0:
        raise RuntimeError("The system does not let this program use the processor's matrix unit")
    return opened


def address(tensor: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())


class MatrixUnit:
    """What a network's gradients are computed with: from now on its parameters' `grad` are views of one flat tensor."""

    def __init__(self, network: SRVGGNetCompact, patch: int, threads: int) -> None:
        if not is_there():
            raise RuntimeError("--device amx needs a processor with amx_bf16 (/proc/cpuinfo) and g++ 12 or later")
        features, convs = len(network.body[0].weight), (len(network.body) - 3) // 2
        if features % BLOCK or patch % BLOCK:
            raise ValueError(f"Features and patch have to be multiples of {BLOCK}, not {features} and {patch}")
        self.parameters = list(network.parameters())
        self.gradients = torch.zeros(sum(parameter.numel() for parameter in self.parameters))
        self.patch, self.outputs = patch, 3 * network.scale**2
        self.library = load_library()
        self.trainer = ctypes.c_void_p(
            self.library.matrix_unit_create(features, convs, self.outputs, patch, patch, threads))
        pieces = self.gradients.split([parameter.numel() for parameter in self.parameters])
        for parameter, piece in zip(self.parameters, pieces):
            parameter.grad = piece.view(parameter.shape)

    @torch.no_grad()
    def differentiate(self, small: Tensor, large: Tensor, luma_share: float, squared: bool) -> float:
        """small uint8 [n, patch, patch, 3], large uint8 [n, patch, patch, 3 * s^2] -> the loss; sets the gradients."""
        for tensor, channels in ((small, 3), (large, self.outputs)):
            if tensor.shape[1:] != (self.patch, self.patch, channels) or not tensor.is_contiguous():
                raise ValueError(f"{list(tensor.shape)} is not [n, {self.patch}, {self.patch}, {channels}]")
        flat = torch.cat([parameter.reshape(-1) for parameter in self.parameters])
        return self.library.matrix_unit_step(
            self.trainer, address(flat), address(self.gradients), address(small), address(large), len(small),
            ctypes.c_float(luma_share), int(squared))
