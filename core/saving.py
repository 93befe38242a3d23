"""Writing a file whole or not at all.

Each writer has a temporary file of its own beside the place, so that two of one place do not meet: the last one wins.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path

from core.errors import WirescopeError

DAY = 24 * 3600  # seconds
FULL = (errno.ENOSPC, errno.EDQUOT)
UNFINISHED = ".wirescope-*.part"  # what temporary files are called
TRIES, BETWEEN_TRIES = 20, 0.05  # seconds: Windows refuses to replace a file while another program reads it


def save_text(path: Path, text: str, *, lasting: bool = False) -> None:
    """Write beside the place and rename; a link stays one, and so does what is no file (a pipe, a device): that is
    written to as it is. A file that is replaced keeps its mode. lasting: as `save_bytes` has it. Raises WirescopeError
    where that is not possible."""
    content = text.encode("utf-8", "backslashreplace")  # half a character, of a path, is as JSON writes it
    save_bytes(path, content, lasting=lasting)


def save_bytes(path: Path, content: bytes, *, lasting: bool = False) -> None:
    """The same of a file that is no text, a picture. lasting: it is on the disk before it takes the place of the one
    before, so that not even a power failure loses both. Raises WirescopeError."""
    if _is_special(path):
        try:
            path.write_bytes(content)
        except OSError as error:
            raise _refused(path, error) from None
        return
    temporary = None
    try:
        place = Path(os.path.realpath(path))
        temporary = _temporary(place)
        with temporary.open("wb") as file:
            file.write(content)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        _keep_mode(place, temporary)
        _rename(temporary, place)
        temporary = None
        if lasting:
            _sync_folder(place.parent)
            _sweep(place.parent)
    except (OSError, ValueError) as error:
        raise _refused(path, error) from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def move_lasting(written: Path, place: Path) -> None:
    """Rename a file that was written beside a place, once it is on the disk, to that. Raises OSError."""
    with written.open("r+b") as file:
        os.fsync(file.fileno())
    _rename(written, place)
    _sync_folder(place.parent)


def save_new_text(path: Path, text: str) -> None:
    """Write a file where nothing is. Raises FileExistsError where something has come there, which stays; WirescopeError
    where it cannot be written, and then nothing is left there."""
    content = text.encode("utf-8", "backslashreplace")
    try:
        file = path.open("xb")
    except FileExistsError:
        raise
    except (OSError, ValueError) as error:
        raise _refused(path, error) from None
    try:
        with file:
            file.write(content)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _refused(path, error) from None


def is_unfinished(name: str) -> bool:
    """Whether a file was being written here when its program was killed."""
    return fnmatchcase(name, UNFINISHED)


def check_place(path: Path) -> None:
    """Raise WirescopeError where a file cannot be written: to be asked before the work whose result it is."""
    if os.path.isdir(path):
        raise _refused(path, "it is a folder")
    if _is_special(path):
        if not os.access(path, os.W_OK):
            raise _refused(path, "you may not write to it")
        return
    try:
        _temporary(Path(os.path.realpath(path))).unlink()
    except (OSError, ValueError) as error:
        raise _refused(path, error) from None


def _temporary(place: Path) -> Path:
    """A new, empty file beside a place, with the mode that the user's files have. Raises OSError, also for a name that
    is too long for a file: to rename to it would fail after the work."""
    if os.path.isdir(place):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    with suppress(FileNotFoundError):
        os.lstat(place)
    temporary = place.with_name(f".wirescope-{secrets.token_hex(8)}.part")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return temporary


def _keep_mode(place: Path, temporary: Path) -> None:
    try:
        mode = stat.S_IMODE(os.stat(place).st_mode)
    except FileNotFoundError:
        return
    os.chmod(temporary, mode)


def _rename(temporary: Path, place: Path) -> None:
    for left in range(TRIES, 0, -1):
        try:
            temporary.replace(place)
            return
        except PermissionError:
            if os.name != "nt" or left == 1:
                raise
            time.sleep(BETWEEN_TRIES)


def _sync_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk, where the system has a way to."""
    if os.name == "nt":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(folder: Path) -> None:
    """Delete temporary files that a program left behind which was killed while it saved here, a day ago or longer."""
    with suppress(OSError):
        for left in folder.glob(UNFINISHED):
            if time.time() - left.lstat().st_mtime > DAY:
                left.unlink(missing_ok=True)


def _is_special(path: Path) -> bool:
    """Something that is there and is neither a file nor a folder: to rename over it would destroy it."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


def _refused(path: Path, why: str | Exception) -> WirescopeError:
    hint = hint_of(why)
    if isinstance(why, OSError):
        why = why.strerror or "it is refused"
    return WirescopeError(f"{path} cannot be written: {why}.", hint)


def hint_of(why: object) -> str:
    """What to do where nothing can be written. why: the error, or words."""
    full = isinstance(why, OSError) and why.errno in FULL
    return "Make room there, or choose a folder of another disk." if full else "Choose a folder that you may write to."
