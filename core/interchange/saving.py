"""Writing a file whole or not at all."""

from __future__ import annotations

from pathlib import Path

from core.errors import WirescopeError


def save_text(path: Path, text: str) -> None:
    """Write beside the place and rename. Raises WirescopeError where that is not possible."""
    temporary = _beside(path)
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _refused(path, error.strerror or "it is refused") from None


def check_place(path: Path) -> None:
    """Raise WirescopeError where a file cannot be written: to be asked before the work whose result it is."""
    if path.is_dir():
        raise _refused(path, "it is a folder")
    temporary = _beside(path)
    try:
        temporary.touch()
        temporary.unlink()
    except OSError as error:
        raise _refused(path, error.strerror or "it is refused") from None


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _refused(path: Path, why: str) -> WirescopeError:
    return WirescopeError(f"{path} cannot be written: {why}.", "Choose a folder that you may write to.")
