"""Whether a model's weights go into memory, as they are or in 8 bits, or stay on disk: as it is asked, or by what is
free."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from core.errors import ArgumentError, ModelError
from core.free_memory import free_bytes
from core.models.checkpoint import INDEX, StoredWeight
from core.models.kept_weights import kept_folder
from core.models.mapped_files import DTYPES
from core.precision import HALF, precision_name
from core.precision_words import EIGHT_BITS, check_place

if TYPE_CHECKING:
    from core.models.adapter import InputKind

READ_IN = torch.float32.itemsize  # bytes a number takes while a model is read into memory, at least
SHARE_OF_FREE = 0.9  # that weights in memory may take
IN_EIGHT_BITS = (
    "The layers' weights are rounded to 8 bits, which changes answers: how much is measured for each input. Each layer "
    "is made of them when it computes, which takes longer."
)
MERGED = "An adapter is merged into the weights, which needs them in memory."


@dataclass(frozen=True)
class WeightsPlace:
    """asked: "memory", "disk", "8bit" (in memory, rounded layer by layer as they are read from disk) or "auto", which
    is on disk where memory is short. dtype: that the model computes in. devices: all that it may lie on; weights on
    disk are for the CPU alone. Raises ArgumentError for another word, and for "disk" with another device."""

    asked: str = "memory"
    dtype: torch.dtype = torch.float32
    devices: tuple[torch.device, ...] = (torch.device("cpu"),)

    def __post_init__(self) -> None:
        check_place(self.asked)
        if self.asked == "disk" and not self.on_cpu_alone:
            raise ArgumentError(
                f"Weights stay on disk for the CPU alone, not for a model on {', '.join(map(str, self.devices))}.",
                "Compute on the cpu, or leave out that they stay on disk.",
            )

    @property
    def on_cpu_alone(self) -> bool:
        return all(device.type == "cpu" for device in self.devices)

    @property
    def reads_layers(self) -> bool:
        """Whether they are asked to stay on disk, or to be rounded from there, a layer at a time."""
        return self.asked in ("disk", EIGHT_BITS)

    @property
    def may_be_disk(self) -> bool:
        return self.asked == EIGHT_BITS or (self.asked != "memory" and self.on_cpu_alone)

    def from_file(self, reads: InputKind) -> bool:
        """Whether they may go from their file to where they are to be, one after the other: to GPUs, and where they
        take less room in memory than in fp32. reads: what the model does; of pictures see `read_in`."""
        shorter = reads == "text" and self.dtype in HALF
        return not self.reads_layers and (shorter or not self.on_cpu_alone)

    def check_in_memory(self, why: str) -> None:
        """Raise ModelError where they are asked to stay on disk, or to be rounded from there, and, for a reason,
        cannot."""
        if self.reads_layers:
            raise ModelError(why, "Let the weights go into memory.")

    def of_stored(self, config: Mapping[str, object]) -> WeightsPlace:
        """This, or memory, for weights that a configuration says are quantised. Raises ModelError where these are asked
        to stay on disk, or to be rounded from there."""
        if not config.get("quantization_config"):
            return self
        self.check_in_memory("The weights are not stored as the numbers that they stand for.")
        return WeightsPlace()

    def note(self, stored: Mapping[str, StoredWeight], reads: InputKind) -> str:
        """Why weights stay on disk, or what their 8 bits are, in words; empty where they go into memory as they are."""
        needed, free = bytes_to_open(stored, self.dtype, reads), free_bytes() if self.asked == "auto" else 0
        if not self.may_be_disk or not stored or (self.asked == "auto" and fits(needed, free)):
            return ""
        words = IN_EIGHT_BITS if self.asked == EIGHT_BITS else "The weights stay on disk"
        if self.asked == "auto":
            words += f": to read them takes {needed / 2**30:.3g} GB of memory, and {free / 2**30:.3g} GB are free"
        if self.asked != EIGHT_BITS:
            words += ". Each layer is read when it computes, which takes longer."
        if any(_is_other(weight, self.dtype) for weight in stored.values()):
            words += f" A copy of them in {precision_name(self.dtype)} is kept in {kept_folder()}."
        return words


def bytes_in_memory(stored: Mapping[str, StoredWeight], dtype: torch.dtype) -> int:
    """That weights take while they are read into memory."""
    return sum(weight.numbers for weight in stored.values()) * max(READ_IN, dtype.itemsize)


def fits(needed: int, free: int) -> bool:
    """Whether weights go into memory where nobody says where they are to be. needed, free: bytes."""
    return needed <= SHARE_OF_FREE * free


def read_in(kinds: Collection[torch.dtype], dtype: torch.dtype, reads: InputKind) -> torch.dtype:
    """The precision that a module has while its weights go from their file to where they are to be, so that none is
    rounded twice: what is stored in it is not read into memory before. kinds: that weights are stored in. dtype: that
    the model is to compute in. Of pictures fp32: texts of classes and probes are read in it."""
    if reads == "text" and len(kinds) == 1:
        return next(iter(kinds))
    return dtype if reads == "text" and dtype in kinds else torch.float32


def bytes_to_open(stored: Mapping[str, StoredWeight], dtype: torch.dtype, reads: InputKind) -> int:
    """That weights take while they are read into memory, where they may go there from their file."""
    kinds = _kinds(stored)
    if not kinds or not WeightsPlace(dtype=dtype).from_file(reads):
        return bytes_in_memory(stored, dtype)
    before = 0 if read_in(kinds, dtype, reads) == dtype else bytes_on_the_way(stored, dtype, reads)
    return before + sum(weight.numbers for weight in stored.values()) * dtype.itemsize


def bytes_on_the_way(stored: Mapping[str, StoredWeight], dtype: torch.dtype, reads: InputKind) -> int:
    """Of the machine's memory, that weights take on their way to a GPU: those in another precision than `read_in` says,
    and experts, which are stored one by one and put together in it."""
    kinds = _kinds(stored)
    if not kinds:
        return bytes_in_memory(stored, dtype)
    read = read_in(kinds, dtype, reads)
    return sum(
        weight.numbers * read.itemsize
        for name, weight in stored.items()
        if DTYPES[weight.dtype].is_floating_point and (DTYPES[weight.dtype] != read or ".experts." in name)
    )


def _kinds(stored: Mapping[str, StoredWeight]) -> set[torch.dtype]:
    """The precisions that weights are stored in, of those that are no whole numbers; none where one is not known."""
    kinds = {DTYPES.get(weight.dtype) for weight in stored.values()}
    return set() if None in kinds else {kind for kind in kinds if kind is not None and kind.is_floating_point}


def is_short(error: BaseException) -> bool:
    """Whether a library failed since there was no memory."""
    return isinstance(error, MemoryError) or "allocate memory" in str(error)


def too_large(title: str, stored: Mapping[str, StoredWeight]) -> ModelError:
    """The refusal of weights that do not go into memory."""
    needed = bytes_in_memory(stored, torch.float32)
    return ModelError(
        f"The weights of {title} take {needed / 2**30:.3g} GB of memory while they are read, which is not there.",
        'Leave them on disk or take 8 bits: weights="disk" or "8bit", or --weights disk or 8bit.',
    )


def _is_other(weight: StoredWeight, dtype: torch.dtype) -> bool:
    kind = DTYPES.get(weight.dtype)
    return kind is not None and kind.is_floating_point and kind != dtype


def folder_of_hub(hub_id: str, revision: str) -> Path | None:
    """Where the Hub's library keeps the weights of a model, fetched if they are not there yet; None where the model has
    no safetensors."""
    from transformers.utils.hub import cached_file, get_checkpoint_shard_files

    files = {
        name: cached_file(hub_id, name, revision=revision, _raise_exceptions_for_missing_entries=False)
        for name in ("model.safetensors", INDEX)
    }
    if files["model.safetensors"] is None and files[INDEX] is not None:
        get_checkpoint_shard_files(hub_id, files[INDEX], revision=revision)
    place = next((path for path in files.values() if path is not None), None)
    return None if place is None else Path(place).parent
