"""The safetensors format, written and read without a dependency.

A file is: the header's length as a little-endian u64, the header as JSON padded with spaces to a multiple of 8
bytes, then every tensor's bytes without gaps. Weights are stored as F16, which is also what the program reads.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import torch

DTYPES = {"F16": "<f2", "F32": "<f4"}


def save(path: Path, tensors: dict[str, torch.Tensor], metadata: dict[str, str], dtype: str = "F16") -> None:
    """Write `tensors` as F16 or F32 with `metadata`; the file appears whole or not at all."""
    header: dict[str, object] = {"__metadata__": metadata}
    chunks, offset = [], 0
    for name, tensor in sorted(tensors.items()):
        values = tensor.detach().float().cpu().contiguous().numpy().astype(DTYPES[dtype])
        if not np.isfinite(values).all():
            raise ValueError(f"Cannot store {name!r} as {dtype}: its largest value is {tensor.abs().max().item():g}")
        chunks.append(values.tobytes())
        end = offset + len(chunks[-1])
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    partial = path.with_suffix(".partial")
    partial.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(chunks))
    os.replace(partial, path)


def load(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Read a file of F16 and F32 tensors: returns (tensors as float32, metadata)."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        raise ValueError(f"Cannot read {path}: a header of {length} bytes does not fit a file of {len(data)}")
    header = json.loads(data[8:8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] not in DTYPES:
            raise ValueError(f"Cannot read {name!r} in {path}: dtype {entry['dtype']} is not one of {list(DTYPES)}")
        first, last = entry["data_offsets"]
        values = np.frombuffer(data[8 + length + first:8 + length + last], DTYPES[entry["dtype"]])
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).astype(np.float32))
    return tensors, metadata
