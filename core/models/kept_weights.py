"""Weights on disk in the precision that a model is to compute in: the checkpoint's own file where it has that, else a
copy of it, made once and kept in the user's cache folder (or $WIRESCOPE_DATA), tensor by tensor.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import platformdirs
import torch
from torch import Tensor

from core import progress
from core.errors import ModelError
from core.models.checkpoint import weight_files
from core.models.mapped_files import DTYPES, give_back, mapped_tensors

NAMES = {dtype: name for name, dtype in DTYPES.items()}
ROOM = 2**30  # bytes that a disk keeps free


def weights_on_disk(folder: Path, dtype: torch.dtype) -> dict[str, Tensor]:
    """All weights in a folder's files, by name, floating ones in a precision. Raises ModelError where they cannot be
    mapped and a copy cannot be written, Cancelled."""
    return {name: tensor for path in weight_files(folder) for name, tensor in _of_file(path, dtype).items()}


def weights_as_stored(folder: Path) -> dict[str, Tensor] | None:
    """All weights in a folder's files as they lie there, mapped; None where they cannot be."""
    try:
        stored = {name: tensor for path in weight_files(folder) for name, tensor in mapped_tensors(path).items()}
    except ModelError:
        return None
    ready = all(_is_ready(tensor, tensor.dtype) for tensor in stored.values())
    return stored if ready and precisions(stored.values()) else None


def precisions(tensors: Iterable[Tensor]) -> set[torch.dtype]:
    """Of those that are no whole numbers."""
    return {tensor.dtype for tensor in tensors if tensor.is_floating_point()}


def _of_file(path: Path, dtype: torch.dtype) -> dict[str, Tensor]:
    stored = mapped_tensors(path)
    if all(_is_ready(tensor, dtype) for tensor in stored.values()):
        return stored
    kept = _place(path, dtype)
    if not kept.exists():
        _write(kept, stored, dtype)
    return mapped_tensors(kept)


def _is_ready(tensor: Tensor, dtype: torch.dtype) -> bool:
    """Older files may begin their numbers anywhere."""
    return tensor.data_ptr() % tensor.element_size() == 0 and (tensor.dtype == dtype or not tensor.is_floating_point())


def kept_folder() -> Path:
    root = os.environ.get("WIRESCOPE_DATA") or platformdirs.user_cache_dir("wirescope", appauthor=False)
    return Path(root) / "weights"


def _place(path: Path, dtype: torch.dtype) -> Path:
    """Where the copy of a file is kept: by where that lies, and when it was written."""
    whole, told = path.resolve(), path.stat()
    key = hashlib.sha256(f"{whole} {told.st_size} {told.st_mtime_ns} {dtype}".encode("utf-8", "surrogatepass"))
    return kept_folder() / f"{key.hexdigest()}.safetensors"


def _write(path: Path, stored: Mapping[str, Tensor], dtype: torch.dtype) -> None:
    """A safetensors file of some weights, whole or not there."""
    kinds = {name: dtype if tensor.is_floating_point() else tensor.dtype for name, tensor in stored.items()}
    sizes = {name: tensor.numel() * kinds[name].itemsize for name, tensor in stored.items()}
    entries, end = {}, 0
    for name in sorted(stored, key=lambda name: -kinds[name].itemsize):  # each then begins at a multiple of its own
        entries[name] = {
            "dtype": NAMES[kinds[name]],
            "shape": list(stored[name].shape),
            "data_offsets": [end, end + sizes[name]],
        }
        end += sizes[name]
    head = json.dumps(entries).encode()
    head += b" " * (-len(head) % 8)
    temporary = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_room(path.parent, end)
        with temporary.open("wb") as file:
            file.write(len(head).to_bytes(8, "little") + head)
            for number, name in enumerate(entries):
                progress.at(number / len(entries))
                plain = stored[name].to(kinds[name]).reshape(-1).view(torch.uint8)
                file.write(plain.numpy().data)
                give_back([stored[name]])
        temporary.replace(path)
    except OSError as error:
        raise ModelError(
            f"The weights cannot be kept in {path.parent}: {error.strerror}.",
            "Open the model in the precision of its file, or set $WIRESCOPE_DATA to a folder on another disk.",
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size + ROOM > free:
        raise ModelError(
            f"The weights in this precision take {size / 2**30:.3g} GB of disk, and {folder} has {free / 2**30:.3g} "
            "GB free.",
            "Open the model in the precision of its file, or set $WIRESCOPE_DATA to a folder on another disk.",
        )
