"""A model's folder goes to a machine that does not have it, a part at a time; what was begun goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from core.errors import ModelError
from core.sent.data_files import DataFile, part_of

PART = 8 << 20  # bytes that are sent at a time: as often a cancel is heard


class Receiver(Protocol):
    """What is asked of the other machine: `SentModels` there."""

    def begun(self, files: dict[str, DataFile]) -> tuple[dict[str, int], int]:
        """Of a model's files, by their SHA-256, how much of each that is not there whole is there; and the bytes of
        disk that are free."""
        ...

    def put_model_part(self, file: DataFile, begin: int, data: bytes) -> int:
        """Returns how many bytes of the file are there now."""
        ...


def to_be_sent(files: Mapping[str, DataFile], begun: Mapping[str, int]) -> dict[str, DataFile]:
    """Of the files, those that are not there, each content once."""
    names = {file.digest: name for name, file in files.items() if file.digest in begun}
    return {name: files[name] for name in names.values()}


def bytes_left(files: Mapping[str, DataFile], begun: Mapping[str, int], free: int, title: str, place: str) -> int:
    """How much is to be sent. Raises ModelError where there is no room for it: `free` bytes at a place."""
    left = sum(file.size - begun[file.digest] for file in to_be_sent(files, begun).values())
    if left > free:
        raise ModelError(
            f"The files of {title} that are not on {place} have {left / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB of disk "
            "may be taken there.",
            "Free some space there, or have $WIRESCOPE_DATA name a folder on another disk there.",
        )
    return left


def send(
    receiver: Receiver,
    folder: Path,
    files: Mapping[str, DataFile],
    begun: Mapping[str, int],
    tell: Callable[[int], None],
) -> None:
    """tell: how many bytes have gone by now; it may raise to end this. Raises ModelError, and what the receiver
    does."""
    before = 0  # bytes of the files that are there
    for name, file in to_be_sent(files, begun).items():
        first = there = begun[file.digest]
        while True:
            tell(max(0, before + there - first))
            data = part_of(folder / name, there, min(PART, file.size - there))
            there = receiver.put_model_part(file, there, data)
            if there == file.size:
                break
        before += file.size - first
