"""How a bundled model was made: `training.json` in its folder, a list of runs, each from where the one before
ended."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "training.json"


@dataclass(frozen=True)
class Run:
    """One command, its steps, and the minutes it took on a shared two-core machine."""

    command: str
    steps: int
    minutes: float
    processor_minutes: float
    threads: int


def read(folder: Path) -> list[Run]:
    """The runs so far, none where there is no record."""
    file = folder / FILE
    if not file.exists():
        return []
    return [Run(**entry) for entry in json.loads(file.read_text(encoding="utf-8"))]


def write(folder: Path, runs: list[Run]) -> str:
    """Keep the record, and return what the card says of it."""
    content = json.dumps([asdict(run) for run in runs], indent=1)
    (folder / FILE).write_text(content + "\n", encoding="utf-8")
    return ", then ".join(
        f"`{run.command}` ({run.steps:,} steps; {run.processor_minutes:.0f} minutes of processor time, "
        f"{run.minutes:.0f} in all, {run.threads} thread(s))"
        for run in runs
    )
