"""Where the files of a study go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


def write_study(folder: Path, name: str, texts: Mapping[str, str], numbers: Any, quiet: bool) -> None:
    """Write texts by their ending, and the numbers as JSON; said, where not quiet. Raises WirescopeError."""
    write_texts(folder, name, {**texts, "json": json.dumps(numbers, indent=1, ensure_ascii=False)}, quiet)


def write_texts(folder: Path, name: str, files: Mapping[str, str], quiet: bool) -> None:
    """The same of texts alone."""
    from core.saving import save_text

    for ending, text in files.items():
        save_text(folder / f"{name}.{ending}", text)
    if not quiet:
        say(f"written to {folder}: {', '.join(f'{name}.{ending}' for ending in files)}")
