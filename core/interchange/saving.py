"""Writing a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import WirescopeError


def save_text(path: Path, text: str) -> None:
    """Write beside the place and rename; a link stays one, and so does what is no file (a pipe, a device): that is
    written to as it is. Raises WirescopeError where that is not possible."""
    if _is_special(path):
        _write(path, text, path)
        return
    place = path.resolve()
    temporary = _beside(place)
    try:
        _write(temporary, text, path)
        temporary.replace(place)
    except OSError as error:
        raise _refused(path, error.strerror or "it is refused") from None
    finally:
        temporary.unlink(missing_ok=True)


def check_place(path: Path) -> None:
    """Raise WirescopeError where a file cannot be written: to be asked before the work whose result it is."""
    if path.is_dir():
        raise _refused(path, "it is a folder")
    if _is_special(path):
        if not os.access(path, os.W_OK):
            raise _refused(path, "you may not write to it")
        return
    temporary = _beside(path.resolve())
    try:
        temporary.touch()
        temporary.unlink()
    except OSError as error:
        raise _refused(path, error.strerror or "it is refused") from None


def _write(place: Path, text: str, path: Path) -> None:
    try:
        place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _refused(path, error.strerror or "it is refused") from None


def _is_special(path: Path) -> bool:
    """Something that is there and is neither a file nor a folder: to rename over it would destroy it."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _refused(path: Path, why: str) -> WirescopeError:
    return WirescopeError(f"{path} cannot be written: {why}.", "Choose a folder that you may write to.")
