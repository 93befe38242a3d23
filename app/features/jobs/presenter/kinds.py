"""The kinds of jobs, a row each: the command, what the dialog says of it, and what the table of runs makes of its
end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.features.jobs.presenter.evaluation import (
    check_evaluation,
    evaluated_by,
    evaluation_command,
    evaluation_title,
    evaluation_words,
    write_scores,
)
from app.features.jobs.presenter.landing import evaluation_record, trace_record
from app.features.jobs.presenter.request import PairsGiven
from app.features.jobs.presenter.tracing import check_trace, trace_command, trace_title, trace_words, traced_by
from app.presenters.snapshot import Snapshot
from app.services.job_queue.job import EVALUATED, TRACED
from app.services.job_queue.shown import Shown
from core.edit_kinds import EditKind
from core.project.document import Document
from core.project.runs import RunRecord


@dataclass(frozen=True)
class JobKind:
    """A command that goes over many pairs and keeps what is done in a folder.

    name: as jobs have it. dialog: the title of its dialog. about: the first words there. seed: that it has at first.
    words: what is done, of all that is set in the window. check: gives what removed edges carry; raises ArgumentError
    where it cannot be done. title: its beginning in the queue. folder: the end of the folder's name, with {method}.
    scored_by: the method of the scores, and what it was told. command: the first arguments, of what is done, given the
    folder. prepare: writes into the folder what the command reads, in a thread of its own, and gives the names
    of the files that were not there before; raises WirescopeError. prepares: names of all of them.
    scores: the name of the file of scores in the folder. brings: the dock that shows what came out; empty for the
    canvas. record: its line in the table of runs, given what the window shows; raises InputError."""

    name: str
    dialog: str
    about: str
    seed: int
    words: Callable[[Snapshot], str]
    check: Callable[[Snapshot, PairsGiven], EditKind]
    title: Callable[[Snapshot], str]
    folder: str
    scored_by: Callable[[Snapshot], tuple[str, tuple[tuple[str, float], ...]]]
    command: Callable[[Snapshot, str], tuple[str, ...]]
    prepare: Callable[[Snapshot, Path], tuple[str, ...]]
    prepares: frozenset[str]
    scores: str
    brings: str
    record: Callable[[Shown, Document], RunRecord]


def _nothing(_snapshot: Snapshot, _folder: Path) -> tuple[str, ...]:
    """The command reads nothing but its pairs."""
    return ()


QUEUED = (
    "The run goes into the queue of the dock Jobs: it works beside the window, can be paused, and what it comes to "
)
TRACE = JobKind(
    name="trace",
    dialog="Trace many pairs",
    about=f"Scores all edges of this model over up to a million pairs. {QUEUED}stands in the table of runs.",
    seed=0,
    words=trace_words,
    check=check_trace,
    title=trace_title,
    folder="{method}",
    scored_by=traced_by,
    command=trace_command,
    prepare=_nothing,
    prepares=frozenset(),
    scores=TRACED,
    brings="",
    record=trace_record,
)
EVALUATION = JobKind(
    name="evaluate",
    dialog="Evaluate over many pairs",
    about="Measures what the best edges by the present scores recover over up to a million pairs, at several sizes, "
    "beside as many random ones. Take other pairs than those that were traced: of a task, another seed. "
    f"{QUEUED}stands in the table of runs.",
    seed=1,
    words=evaluation_words,
    check=check_evaluation,
    title=evaluation_title,
    folder="{method}-evaluated",
    scored_by=evaluated_by,
    command=evaluation_command,
    prepare=write_scores,
    prepares=frozenset((EVALUATED,)),
    scores=EVALUATED,
    brings="runs",
    record=evaluation_record,
)
KINDS: Mapping[str, JobKind] = {kind.name: kind for kind in (TRACE, EVALUATION)}
