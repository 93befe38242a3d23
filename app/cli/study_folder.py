"""Where the files of a study go."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from app.cli.output import say
from core.errors import WirescopeError


def made_folder(path: str) -> Path:
    """A folder, there before the work is done. Raises WirescopeError."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WirescopeError(
            f"The folder {folder} cannot be made: {error.strerror}.", "Give one that you may write to."
        ) from None
    return folder


def write_study(folder: Path, name: str, texts: Mapping[str, str], quiet: bool) -> None:
    """Write texts by their ending; said, where not quiet. Raises WirescopeError."""
    from core.saving import save_text

    for ending, text in texts.items():
        save_text(folder / f"{name}.{ending}", text)
    if not quiet:
        say(f"written to {folder}: {', '.join(f'{name}.{ending}' for ending in texts)}")
