"""The kinds of jobs, a row each: the command, what the dialog says of it, and what the table of runs makes of its
end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from app.features.jobs.presenter.evaluation import (
    do_evaluation,
    evaluation_folder,
    evaluation_title,
    evaluation_words,
    write_scores,
)
from app.features.jobs.presenter.heads import do_heads, heads_folder, heads_title, heads_words
from app.features.jobs.presenter.landing import evaluation_record, heads_record, trace_record
from app.features.jobs.presenter.modalities import modalities_record
from app.features.jobs.presenter.request import Doing, PairsGiven
from app.features.jobs.presenter.study import study_record
from app.features.jobs.presenter.tracing import do_trace, trace_folder, trace_title, trace_words
from app.presenters.snapshot import Snapshot
from app.services.job_queue.job import EVALUATED, TRACED
from app.services.job_queue.shown import Shown
from core.errors import InputError
from core.project.document import Document
from core.project.runs import ResultKind, RunRecord
from core.sharded.file_names import EVALUATION as EVALUATION_FILE
from core.sharded.file_names import HEADS as HEADS_FILE
from core.sharded.file_names import STUDY as STUDY_NAME
from core.sharded.progress import RunProgress
from views.panels.jobs.data import Asked


@dataclass(frozen=True)
class JobKind:
    """A command that keeps what is done in a folder.

    name: as jobs have it. result: the name of the file in the folder that comes out. shows: that of the one that is
    opened in the end; shown_as: what it is.
    brings: the dock that shows what came out beside it; empty for none. record: its line in the table of runs, given
    what the window shows; raises InputError."""

    name: str
    result: str
    shows: str
    shown_as: ResultKind
    brings: str
    record: Callable[[Shown, Document], RunRecord]


@dataclass(frozen=True)
class PairsKind(JobKind):
    """One that goes over many pairs.

    dialog: the title of its dialog. about: the first words there. columns: that a file of pairs may have. vectors:
    whether function vectors can be asked for. seed: that it has at first. words: what is done, of all that is set in
    the window. does: what is done with some pairs, given what was asked and the folder; raises ArgumentError where it
    cannot be. title: its beginning in the queue. folder: the end of the folder's name. prepare: writes into the folder
    what the command reads, in a thread of its own, and gives the names of the files that were not there before; raises
    WirescopeError. prepares: names of all."""

    dialog: str
    about: str
    columns: str
    vectors: bool
    seed: int
    words: Callable[[Snapshot], str]
    does: Callable[[Snapshot, PairsGiven, Asked, str], Doing]
    title: Callable[[Snapshot], str]
    folder: Callable[[Snapshot], str]
    prepare: Callable[[Snapshot, Path], tuple[str, ...]]
    prepares: frozenset[str]


def _nothing(_snapshot: Snapshot, _folder: Path) -> tuple[str, ...]:
    """The command reads nothing but its pairs."""
    return ()


QUEUED = (
    "The run goes into the queue of the dock Jobs: it runs in the background and can be paused. When it is done, "
    "its result is in the table of runs."
)
PAIRS_COLUMNS = "clean, counterfactual, target, foil"
TRACE = PairsKind(
    name="trace",
    result=TRACED,
    dialog="Trace many pairs",
    about=f"Scores all edges of this model over up to a million pairs. {QUEUED}",
    columns=PAIRS_COLUMNS,
    vectors=False,
    seed=0,
    words=trace_words,
    does=do_trace,
    title=trace_title,
    folder=trace_folder,
    prepare=_nothing,
    prepares=frozenset(),
    shows=TRACED,
    shown_as="scores",
    brings="",
    record=trace_record,
)
EVALUATION = PairsKind(
    name="evaluate",
    result=EVALUATION_FILE,
    dialog="Evaluate over many pairs",
    about="Measures what the best edges by the present scores recover over up to a million pairs, at several sizes, "
    "beside as many random ones. Take other pairs than those that were traced: of a task, another seed. "
    f"{QUEUED}",
    columns=PAIRS_COLUMNS,
    vectors=False,
    seed=1,
    words=evaluation_words,
    does=do_evaluation,
    title=evaluation_title,
    folder=evaluation_folder,
    prepare=write_scores,
    prepares=frozenset((EVALUATED,)),
    shows=EVALUATED,
    shown_as="scores",
    brings="runs",
    record=evaluation_record,
)
HEADS = PairsKind(
    name="heads",
    result=HEADS_FILE,
    dialog="Measure heads over many pairs",
    about="Tests what each head of this model does, as Measure the Heads does, over the A of up to a million pairs in "
    f"the place of the bundled corpus. {QUEUED}",
    columns="clean",
    vectors=True,
    seed=0,
    words=heads_words,
    does=do_heads,
    title=heads_title,
    folder=heads_folder,
    prepare=_nothing,
    prepares=frozenset(),
    shows=HEADS_FILE,
    shown_as="heads",
    brings="",
    record=heads_record,
)
PAGE = f"{STUDY_NAME}.html"
STUDY = JobKind(name="study", result=PAGE, shows=PAGE, shown_as="page", brings="", record=study_record)
MODALITIES = JobKind(name="modalities", result=PAGE, shows=PAGE, shown_as="page", brings="", record=modalities_record)
PAIRS_KINDS: Mapping[str, PairsKind] = {kind.name: kind for kind in (TRACE, EVALUATION, HEADS)}
KINDS: Mapping[str, JobKind] = {**PAIRS_KINDS, STUDY.name: STUDY, MODALITIES.name: MODALITIES}


def mended(done: Shown, kind: JobKind) -> Shown:
    """A job that is done and whose progress.json cannot be read, with what is known all the same: the file that came
    out is there or not, and when it was written. Raises InputError where it is not."""
    path = Path(done.job.folder) / kind.result
    try:
        when = path.stat().st_mtime
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.", "Look at the folder.") from None
    return replace(done, progress=RunProgress("done", done=done.job.done, result=kind.result, updated=when))
