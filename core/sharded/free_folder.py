"""Whether a run can have a folder: asked before the work, in the window as on the command line."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from core.errors import InputError
from core.saving import hint_of, is_unfinished
from core.sharded.asked import missing_folders, read_run
from core.sharded.file_names import OF_EVERY_RUN, RUN

HINT = "Choose an empty folder, or a new one."
NAMED = 3  # files of others that are named
OF_SYSTEMS = (".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".directory")  # what file managers leave


def check_folder(folder: Path, reads: Collection[str] = ()) -> None:
    """Raise InputError for a folder that a run cannot have: a file, one that cannot be written to, one with files that
    are no run's. One of a run can be had; whether it is the same run is seen once its model is open. What file managers
    leave in a folder is nothing, nor is what a killed program had begun to save. reads: names of files that the run
    finds there."""
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder} is a file, not a folder.", HINT)
        names = {each.name for each in folder.iterdir()} if folder.is_dir() else set()
    except (OSError, ValueError) as error:
        raise InputError(f"{folder} cannot be read: {_why(error)}.", HINT) from None
    others = sorted(name for name in names - {*OF_EVERY_RUN, *reads} if not _is_nothing(name))
    if RUN in names:
        try:
            read_run(folder)
        except InputError as error:
            raise InputError(error.message, HINT) from None
    elif others:
        named = ", ".join(others[:NAMED]) + (", …" if len(others) > NAMED else "")
        raise InputError(f"{folder} holds other files: {named}.", HINT)
    _check_writable(folder)


def _is_nothing(name: str) -> bool:
    return name.lower() in OF_SYSTEMS or is_unfinished(name)


def _check_writable(folder: Path) -> None:
    """Raise InputError where nothing can be written; what was made to see it is taken away again."""
    made: list[Path] = []
    try:
        made = missing_folders(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, ValueError) as error:
        what = f"{folder} cannot be {'made' if made else 'written to'}: {_why(error)}."
        raise InputError(what, hint_of(error)) from None
    finally:
        for each in made:
            with suppress(OSError):
                each.rmdir()


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
