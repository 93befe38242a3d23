"""Weights of safetensors files that stay on disk: tensors over a mapping of the file, of which the system keeps in
memory what is read, and takes back what it needs for something else.

The mapping may be read alone: a page that nobody can write to needs no memory of its own. Writing to such a tensor
ends the process.
"""

from __future__ import annotations

import mmap
import warnings
import weakref
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from core.errors import ModelError
from core.models.checkpoint import StoredWeight, header

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip

_mapped: dict[int, weakref.ref[mmap.mmap]] = {}  # by the address where a mapping begins


def mapped_tensors(path: Path) -> dict[str, Tensor]:
    """The weights of a file, by name, none of them read yet. Raises ModelError for one that cannot be mapped."""
    try:
        with path.open("rb") as file:
            begin = 8 + int.from_bytes(file.read(8), "little")
            mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be mapped: {error}", "Open the model with its weights in memory.") from None
    _mapped[_over(mapping, torch.uint8, 1, 0).data_ptr()] = weakref.ref(mapping)
    return {name: _tensor(mapping, weight, begin + weight.begin, path) for name, weight in header(path).items()}


def _tensor(mapping: mmap.mmap, weight: StoredWeight, begin: int, path: Path) -> Tensor:
    dtype = DTYPES.get(weight.dtype)
    if dtype is None or begin + weight.numbers * dtype.itemsize > len(mapping):
        raise ModelError(f"{path} cannot be mapped: is its download complete?", "Get this file again.")
    if not weight.numbers:
        return torch.empty(weight.shape, dtype=dtype, device="cpu")
    return _over(mapping, dtype, weight.numbers, begin).view(weight.shape)


def _over(mapping: mmap.mmap, dtype: torch.dtype, numbers: int, begin: int) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given buffer is not writable")
        return torch.frombuffer(mapping, dtype=dtype, count=numbers, offset=begin)


def on_disk(tensor: Tensor) -> bool:
    """Whether a tensor lies in a mapped file."""
    return _place(tensor) is not None


def give_back(tensors: Iterable[Tensor]) -> None:
    """Let the memory go that holds what was read of tensors in mapped files: it is read again when it is needed. Of
    others nothing."""
    for tensor in tensors:
        place = _place(tensor)
        if place is None or not hasattr(mmap, "MADV_DONTNEED"):
            continue
        mapping, begin = place
        end = begin + tensor.untyped_storage().nbytes()
        first, last = -(-begin // mmap.PAGESIZE) * mmap.PAGESIZE, end // mmap.PAGESIZE * mmap.PAGESIZE
        if last > first:
            with suppress(OSError):  # it was asked kindly
                mapping.madvise(mmap.MADV_DONTNEED, first, last - first)


def _place(tensor: Tensor) -> tuple[mmap.mmap, int] | None:
    """The mapping that a tensor's storage lies in, and where in it that begins."""
    if not _mapped or tensor.device.type != "cpu":
        return None
    address = tensor.untyped_storage().data_ptr()
    for begin, each in list(_mapped.items()):
        mapping = each()
        if mapping is None:  # its tensors are gone
            _mapped.pop(begin, None)
        elif begin <= address < begin + len(mapping):
            return mapping, address - begin
    return None
