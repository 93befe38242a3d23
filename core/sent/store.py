"""Where a machine keeps models that it was sent: in the user's cache folder (or $WIRESCOPE_DATA), under `sent`.

    files/SHA-256           a file, by what is in it; SHA-256.part: as much of it as has come
    folders/SHA-256/NAME    a model's folder of such files, by their names and what is in them
    known/SHA-256           which of these stands for a folder of another machine with weights of some hash

A file is taken when its bytes have the SHA-256 that it was announced with, and becomes part of a folder under a name of
the list of `data_files` alone. It is kept until somebody removes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import platformdirs

from core.errors import ModelError
from core.models.checkpoint import header
from core.sent.data_files import BLOCK, DataFile, is_data_name

LONGEST_PART = 64 << 20  # bytes that come at a time, at most
MOST_FILES = 2000  # of a folder
ROOM = 1 << 30  # bytes that a disk keeps free
DIGEST = re.compile(r"[0-9a-f]{64}")
NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
PICKLED = re.compile(rb"\x80[\x00-\x05]|PK\x03\x04")  # what a pickle and a zip archive of them begin with


def sent_folder() -> Path:
    root = os.environ.get("WIRESCOPE_DATA") or platformdirs.user_cache_dir("wirescope", appauthor=False)
    return Path(root) / "sent"


class SentModels:
    """Of this machine. Several processes may be sent the same at a time: each writes the same bytes to the same
    places."""

    def __init__(self, root: Path | None = None) -> None:
        """root: None: as `sent_folder` says."""
        self._root = sent_folder() if root is None else root

    def begun(self, files: Mapping[str, DataFile]) -> dict[str, int]:
        """Of those of the files that are not here whole, by their SHA-256, how many bytes are. Raises ModelError for
        what may not be sent."""
        _check(files)
        whole = self._place(files)
        if whole is not None:
            return {}
        wanted = {each.digest: each.size for each in files.values()}
        return {digest: self._there(digest, size) for digest, size in wanted.items() if not self._is_here(digest, size)}

    def free(self) -> int:
        """Bytes of disk that may be taken. Raises ModelError."""
        try:
            self._files.mkdir(parents=True, exist_ok=True, mode=0o700)
            return max(0, shutil.disk_usage(self._files).free - ROOM)
        except OSError as error:
            raise self._not_kept(error) from None

    def put(self, file: DataFile, begin: int, data: bytes) -> int:
        """Take bytes of a file from a place on; where those before it are not here, none. Returns how many of its bytes
        are here now: the next are to begin there. Raises ModelError where they are more than there were to be, where
        the whole has another SHA-256 (it is then to be sent anew), and where they cannot be kept."""
        _check_file("a file", file)
        if not 0 <= begin <= file.size or len(data) > min(LONGEST_PART, file.size - begin):
            raise ModelError("More of a model's file came than was announced.", "Open the model again.")
        if self._is_here(file.digest, file.size):
            return file.size
        part = self._part(file.digest)
        try:
            self._files.mkdir(parents=True, exist_ok=True, mode=0o700)
            with part.open("r+b" if part.exists() else "x+b") as opened:
                there = opened.seek(0, os.SEEK_END)
                if there > file.size:
                    return opened.truncate(0)
                if begin > there:
                    return there
                opened.seek(begin)
                opened.write(data)
            there = max(there, begin + len(data))
            if there == file.size:
                self._finish(file, part)
            return there
        except FileExistsError:  # begun by another process this moment
            return self._there(file.digest, file.size)
        except FileNotFoundError as error:  # finished by another process this moment
            if self._is_here(file.digest, file.size):
                return file.size
            raise self._not_kept(error) from None
        except OSError as error:
            raise self._not_kept(error) from None

    def folder(self, name: str, files: Mapping[str, DataFile]) -> Path:
        """The folder of a model whose files are here. name: of the folder that they are from. Raises ModelError where
        they are not, and for files that are not what their names say."""
        _check(files)
        place = self._place(files, plain_name(name))
        if place is not None:
            return place
        above = self._above(files)
        made = above / f".{uuid4().hex}"
        try:
            made.mkdir(parents=True, mode=0o700)
            for each, file in files.items():
                kept = self._files / file.digest
                if not self._is_here(file.digest, file.size):
                    raise ModelError(f"{each} of the model was not sent.", "Open the model again.")
                check_is_data(kept, each)
                give_name(kept, made / each)
            place = above / plain_name(name)
            with suppress(OSError):  # incomplete, as where somebody has removed a file of it
                shutil.rmtree(place)
            with suppress(OSError):  # made by another process meanwhile
                made.rename(place)
            if not _is_whole(place, files):
                raise ModelError(f"The model cannot be kept in {place}.", "Remove that folder there, and try again.")
            return place
        except OSError as error:
            raise self._not_kept(error) from None
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def know(self, folder: str, weights: str, place: Path) -> None:
        """A folder of another machine, by its path there and the hash of its weights, is kept in this place. Raises
        ModelError."""
        try:
            mark = self._mark(folder, weights)
            mark.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            made = mark.with_name(f".{uuid4().hex}")
            made.write_text(place.relative_to(self._root).as_posix(), encoding="utf-8")
            made.replace(mark)
        except OSError as error:
            raise self._not_kept(error) from None

    def known(self, folder: str, weights: str) -> Path | None:
        """Where it is kept; None where it is not."""
        try:
            place = self._root / self._mark(folder, weights).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None
        return place if place.is_dir() else None

    def _mark(self, folder: str, weights: str) -> Path:
        return self._root / "known" / hashlib.sha256(f"{weights} {folder}".encode("utf-8", "surrogatepass")).hexdigest()

    def _place(self, files: Mapping[str, DataFile], name: str = "") -> Path | None:
        """Where such a folder lies whole; None where none does. name: empty: whatever it is called."""
        above = self._above(files)
        places = [above / name] if name else sorted(above.glob("[!.]*"))
        return next((each for each in places if _is_whole(each, files)), None)

    def _above(self, files: Mapping[str, DataFile]) -> Path:
        told = json.dumps(sorted((name, file.size, file.digest) for name, file in files.items()))
        return self._root / "folders" / hashlib.sha256(told.encode()).hexdigest()

    @property
    def _files(self) -> Path:
        return self._root / "files"

    def _part(self, digest: str) -> Path:
        return self._files / f"{digest}.part"

    def _is_here(self, digest: str, size: int) -> bool:
        return _size(self._files / digest) == size

    def _there(self, digest: str, size: int) -> int:
        """Bytes of a file that is not here whole; none where there are too many."""
        there = _size(self._part(digest))
        return there if there is not None and there <= size else 0

    def _finish(self, file: DataFile, part: Path) -> None:
        """Raises ModelError for other bytes than were announced, OSError."""
        digest = hashlib.sha256()
        with part.open("rb") as opened:
            while block := opened.read(BLOCK):
                digest.update(block)
        if digest.hexdigest() != file.digest:
            part.unlink(missing_ok=True)
            raise ModelError(
                "A file of the model came with other bytes than it was sent with.",
                "Open the model again: it is then sent anew. Does anything write to its folder?",
            )
        part.replace(self._files / file.digest)

    def _not_kept(self, error: OSError) -> ModelError:
        return ModelError(
            f"The model cannot be kept in {self._root}: {error.strerror or error}.",
            "Free some space there, or set $WIRESCOPE_DATA there to a folder on another disk.",
        )


def plain_name(name: str) -> str:
    """Of a folder, from one of another machine."""
    return NOT_IN_NAMES.sub("_", name).strip(". ")[:100] or "model"


def give_name(kept: Path, place: Path) -> None:
    """A second name of a file; a copy where the disk knows no such thing. Raises OSError."""
    try:
        os.link(kept, place)
    except OSError:
        shutil.copyfile(kept, place)


def check_is_data(path: Path, name: str) -> None:
    """Raise ModelError for a file that is not what its name says, OSError."""
    if name.endswith(".safetensors"):
        fits = bool(header(path))
    elif name.endswith(".json"):
        try:
            json.loads(path.read_bytes())
            fits = True
        except (ValueError, RecursionError):
            fits = False
    else:
        with path.open("rb") as file:
            fits = PICKLED.match(file.read(4)) is None
    if not fits:
        raise ModelError(f"{name} of the model is not what its name says.", "Get that file again.")


def _check(files: Mapping[str, DataFile]) -> None:
    if not files or len(files) > MOST_FILES:
        raise ModelError(f"A model's folder has 1 to {MOST_FILES:,} files; {len(files):,} were to be sent.")
    for name, file in files.items():
        if not isinstance(name, str) or not is_data_name(name):
            raise ModelError(
                f"{str(name)[:80]} is no file of a model's data.",
                "What is sent is weights in safetensors, configurations and tokenizers.",
            )
        _check_file(name, file)


def _check_file(name: str, file: DataFile) -> None:
    known = isinstance(file, DataFile) and type(file.size) is int and isinstance(file.digest, str)
    if not known or file.size < 0 or not DIGEST.fullmatch(file.digest):
        raise ModelError(f"{name} of a model was announced without its size or its SHA-256.")


def has_files(folder: Path, sizes: Mapping[str, int]) -> bool:
    """Whether a folder has files of these sizes, whatever else it has."""
    return all(_size(folder / name) == size for name, size in sizes.items())


def _is_whole(folder: Path, files: Mapping[str, DataFile]) -> bool:
    """Whether a folder has these files, and no other."""
    try:
        held = {path.name for path in folder.iterdir()}
    except OSError:
        return False
    return held == files.keys() and all(_size(folder / name) == file.size for name, file in files.items())


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
