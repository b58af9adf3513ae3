"""Weights from a file of the safetensors format, read without that package."""

import json
from pathlib import Path

import torch
from torch import Tensor


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Tensors by name. The format: the length of a JSON header, it, and raw bytes."""
    content = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header.pop("__metadata__", None)
    dtypes = {"F32": torch.float32, "I64": torch.int64}
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        raw = content[start + first : start + last]
        tensors[name] = torch.frombuffer(raw, dtype=dtypes[entry["dtype"]])
        tensors[name] = tensors[name].reshape(entry["shape"])
    return tensors
