"""The line of a study that is done in the table of runs, whatever it is of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from app.services.job_queue.shown import Shown
from core.errors import InputError
from core.project.document import Document
from core.project.runs import FILE, RunRecord
from core.sharded.asked import read_run
from core.sharded.file_names import STUDY
from core.text_files import parse_json, read_text

Told = tuple[str | None, str, Mapping[str, str]]  # by what was replaced, the method in words, and what else is known


def record_of_study(done: Shown, tell: Callable[[Any, Mapping[str, Any]], Told], numbers: tuple[str, ...]) -> RunRecord:
    """tell: what it says, by the numbers that it found and by what was asked. numbers: of what was asked, that are
    said. Raises InputError where its files cannot be read, or say of no study."""
    job, folder = done.job, Path(done.job.folder)
    assert done.progress is not None
    file = folder / f"{STUDY}.json"
    said: Any = parse_json(read_text(file), file.name, "Look at the folder.")
    asked = read_run(folder)
    try:
        kind, method, about = tell(said, asked["work"])
        return RunRecord(
            "study",
            done.progress.updated,
            Document(job.model, precision=job.precision),
            kind,
            method,
            seconds=done.seconds,
            about={
                **about,
                "asked": ", ".join(f"{name} {asked['work'][name]}" for name in numbers),
                FILE: str(folder / done.result),
            },
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{file} says of no study: {error}.", "Look at the folder.") from None
