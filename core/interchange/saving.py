"""Writing a file whole or not at all."""

from __future__ import annotations

from pathlib import Path

from core.errors import WirescopeError


def save_text(path: Path, text: str) -> None:
    """Write beside the place and rename. Raises WirescopeError where that is not possible."""
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise WirescopeError(
            f"{path} cannot be written: {error.strerror}.", "Choose a folder that you may write to."
        ) from None
