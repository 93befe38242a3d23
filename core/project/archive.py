"""A zip of a few known files, read without trust: what its directory says is checked before anything is inflated, and
nothing is ever inflated beyond what it says. Nothing is unpacked onto the disk.

A project's archive is plain: one disk, no comment, no Zip64, nothing encrypted, stored or deflated, no name twice.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from core.errors import InputError

MOST_FILE = 1 << 30  # bytes of an archive
MOST_PARTS = 20_000
MOST_DIRECTORY = 4 << 20  # bytes of the list of its parts
MOST_INFLATED = 384 << 20  # bytes of all its parts together
_END = struct.Struct("<4s4H2LH")  # the end of the directory: signature, disks, entries, size, offset, comment
_ENCRYPTED = 0x1
_REFUSALS = zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError  # of the zip module
HINT = "Open another copy of it, or save it again where it was made."


def damaged(name: str, why: str) -> InputError:
    """A file that cannot be a project as Wirescope saves them."""
    return InputError(f"{name} cannot be opened as a project: {why}.", HINT)


def write_archive(parts: Mapping[str, bytes], stored: Callable[[str], bool]) -> bytes:
    """The archive of parts by name. stored: whether a part of this name is packed already (a picture). The same parts
    give the same bytes. Raises InputError for more than an archive can hold."""
    inflated = sum(map(len, parts.values()))
    if inflated > MOST_INFLATED or len(parts) > MOST_PARTS:
        raise InputError(
            f"The project is too large for one file: {inflated >> 20:,} MB, of at most {MOST_INFLATED >> 20:,} MB.",
            "Give pictures by their files, and take rows out of the dataset that are not needed.",
        )
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=False, compresslevel=4) as archive:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if stored(name) else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return target.getvalue()


class Archive:
    """An archive that is read. Use as a context. limit: the most bytes of a part of a name; None: there is no such
    part. Raises InputError."""

    def __init__(self, path: Path, limit: Callable[[str], int | None]) -> None:
        self._name = path.name
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            why = error.strerror or "it is refused"
            raise InputError(f"{path} cannot be read: {why}.", "Choose another file.") from None
        try:
            self._open(limit)
        except InputError:
            self._file.close()
            raise
        except (struct.error, *_REFUSALS) as error:
            self._file.close()
            raise damaged(self._name, f"it is no whole zip archive ({error})") from None

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._file.close()

    def _open(self, limit: Callable[[str], int | None]) -> None:
        size = self._file.seek(0, 2)
        if size > MOST_FILE:
            raise damaged(self._name, f"it is {size / 1e9:.1f} GB large, and a project has at most 1 GB")
        if size < _END.size:
            raise damaged(self._name, "it is empty or cut off" if size else "it is empty")
        self._file.seek(-_END.size, 2)
        mark, disk, first, here, entries, directory, _, comment = _END.unpack(self._file.read(_END.size))
        if mark != b"PK\5\6" or comment:
            raise damaged(self._name, "it is no zip archive, or its end is cut off")
        if disk or first or here != entries or entries > MOST_PARTS or directory > MOST_DIRECTORY:
            raise damaged(self._name, f"its directory lists {entries:,} parts in {directory:,} bytes")
        self._zip = zipfile.ZipFile(self._file)
        self._parts: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            self._check(info, limit(info.filename))
            self._parts[info.filename] = info
        if sum(info.file_size for info in self._parts.values()) > MOST_INFLATED:
            raise damaged(self._name, f"its parts are larger than {MOST_INFLATED >> 20} MB together")

    def _check(self, info: zipfile.ZipInfo, most: int | None) -> None:
        part = ascii(info.filename[:60])
        if most is None:
            raise damaged(self._name, f"it holds {part}, which is no part of a project")
        if info.filename in self._parts:
            raise damaged(self._name, f"it holds {part} twice")
        if info.flag_bits & _ENCRYPTED or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise damaged(self._name, f"its part {part} is packed in a way that projects are not")
        if info.file_size > most:
            raise damaged(self._name, f"its part {part} is {info.file_size / 1e6:,.0f} MB large, of {most / 1e6:,.0f}")

    @property
    def names(self) -> list[str]:
        return list(self._parts)

    def size(self, name: str) -> int:
        """Bytes of a part, as the archive says."""
        return self._parts[name].file_size

    def read(self, name: str) -> bytes:
        """A part, of just the size that the archive says. Raises InputError."""
        info = self._parts.get(name)
        if info is None:
            raise damaged(self._name, f"its part {name!r} is missing")
        try:
            with self._zip.open(info) as part:
                content = part.read(info.file_size)
                if len(content) != info.file_size or part.read(1):
                    raise damaged(self._name, f"its part {name!r} is not as large as it says")
        except (zlib.error, EOFError, *_REFUSALS) as error:
            raise damaged(self._name, f"its part {name!r} is damaged ({error})") from None
        return content
