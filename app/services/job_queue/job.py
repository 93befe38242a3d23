"""What a job of the queue is: a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.edit_kinds import EditKind
from core.sharded.file_names import CIRCUIT

State = Literal["waiting", "running", "paused", "failed", "done", "cancelled"]
TO_DO: tuple[State, ...] = ("waiting", "running")  # by itself
TRACED, EVALUATED = CIRCUIT, "scores.json"  # scores in a job's folder: those of a trace, those that it evaluates


@dataclass(frozen=True)
class Traced:
    """What the table of runs says of scores beside what their file says. size: edges of the circuit that was
    chosen; None: none was, or what the method has kept."""

    method: str
    options: tuple[tuple[str, float], ...] = ()
    replacement: EditKind = "patch"
    size: int | None = None


@dataclass(frozen=True)
class Job:
    """key: tells it from the others, and is the name of its files. title: what it does, in words. command: the
    arguments after `wirescope` that begin it, and go on with it. folder: where the command keeps what is done. order:
    the least is run first. project: the file of the project that it was made in; empty where that had none. traced: of
    the scores that it makes, or those that it evaluates; None where it is of none. kind: of
    `app.features.jobs.presenter.kinds`.

    pid, began: of its process, the second in seconds since 1970; 0 without one. before: when that was written which its
    folder said as the process began; 0 where it said nothing. done: pairs that were done when its
    last process ended. seconds: that earlier processes took. reason: why it failed, in words. landed: it was put into
    a table of runs. deletes: what it has done goes as soon as no process works there. prepared: names of files that
    were written into its folder for its command to read."""

    key: str
    title: str
    model: str
    precision: str
    command: tuple[str, ...]
    folder: str
    order: int = 0
    project: str = ""
    traced: Traced | None = None
    state: State = "waiting"
    pid: int = 0
    began: float = 0.0
    before: float = 0.0
    done: float = 0.0
    seconds: float = 0.0
    reason: str = ""
    landed: bool = False
    deletes: bool = False
    prepared: tuple[str, ...] = ()
    kind: str = "trace"

    @property
    def has_process(self) -> bool:
        """Whether it had one when this was written."""
        return self.pid > 0

    @property
    def has_run(self) -> bool:
        """Whether a process of it has come so far that it said how far: what a run wrote into the folder is then its
        own. Else it may be of another run, whose folder was chosen once more."""
        return self.seconds > 0
