"""A study of head sets, as a job: whether it can be made, what the command is told, and its line in the table of
runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from app.features.jobs.presenter.request import opening_options
from app.features.jobs.presenter.study_record import Told, record_of_study
from app.messages.replies import ModelReply
from app.presenters.head_needs import why_no_head_sets
from app.services.job_queue.shown import Shown
from core.edit_kinds import KINDS
from core.errors import ArgumentError
from core.formatting import counted
from core.precision_words import WholePlace
from core.project.document import Document
from core.project.runs import CORPUS, FIGURES, RunRecord
from core.studies.estimate import Estimate
from core.studies.set_values import share_cell
from views.panels.jobs.data import StudyAsked

IN_CONTEXT = StudyAsked()  # whose sets are those of in-context learning
DIALOG = "Study in-context learning"
ABOUT = (
    "Measures what few-shot accuracy, loss on text and copying lose without the heads that are highest by one score, "
    "by another and by both, beside as many other heads (controls), and what is left unexplained: what Compare Head "
    "Sets does, as a page. The study goes into the queue of the dock "
    "Jobs: it runs in the background and can be paused. When it is done, it is in the table of runs, and Result opens "
    "its page."
)


def check_study(opened: ModelReply, asked: StudyAsked) -> None:
    """Raise ArgumentError for what cannot be studied."""
    if why := why_no_head_sets(opened):
        raise ArgumentError(f"{why}.", "Open another model.")
    if asked.first == asked.second:
        raise ArgumentError("Both sets are of one ranking.", "Choose another one.")


def _is_in_context(asked: StudyAsked) -> bool:
    return (asked.first, asked.second) == (IN_CONTEXT.first, IN_CONTEXT.second)


def _sets(asked: StudyAsked) -> list[str]:
    return [each for each in (asked.first, asked.second) if each]


def study_command(asked: StudyAsked, document: Document, folder: str, weights: WholePlace) -> tuple[str, ...]:
    """weights: their place, as `load_model` takes it."""
    first, *second = (each.replace(" ", "-") for each in _sets(asked))
    sets = ("heads", "--first", first, *(part for each in second for part in ("--second", each)))
    return (
        "study",
        *(("icl",) if _is_in_context(asked) else sets),
        *opening_options(document, weights),
        *(("--text", asked.text) if asked.text else ()),
        *("--by", asked.kind, "--prompts", str(asked.prompts), "--pieces", str(asked.pieces)),
        *("--draws", str(asked.draws), "--seed", str(asked.seed), "--folder", folder),
        *(("--workers", str(asked.workers)) if asked.workers > 1 else ()),
    )


def study_work(asked: StudyAsked) -> dict[str, Any]:
    """What the folder of the study will say of it, as far as that is known: of a text of one's own only the command
    says what is in it."""
    rank = None if _is_in_context(asked) else _sets(asked)
    return {
        "what": f"study {'icl' if rank is None else 'heads'}",
        "rank": rank,
        "main_kind": asked.kind,
        **{name: getattr(asked, name) for name in ("prompts", "pieces", "draws", "seed")},
        **({} if asked.text else {"text": None}),
    }


def study_title(asked: StudyAsked) -> str:
    """ "Study of induction and function vector heads, 4 prompts, 6 pieces"."""
    numbers = f"{counted(asked.prompts, 'prompt')} a task, {counted(asked.pieces, 'piece')}"
    return f"Study of {' and '.join(_sets(asked))} heads, {numbers}"


def study_folder(asked: StudyAsked) -> str:
    return "icl" if _is_in_context(asked) else " ".join(_sets(asked))


def study_record(done: Shown, _present: Document) -> RunRecord:
    """Of a study that is done, with what it leaves unexplained in words. Raises InputError where its files cannot be
    read."""
    return record_of_study(done, _told, ("prompts", "pieces", "draws", "seed"))


def _told(said: Any, work: Mapping[str, Any]) -> Told:
    kind = work["main_kind"]
    if kind not in KINDS:
        raise ValueError(f"it knows no ablation {kind!r}")
    about = {CORPUS: _corpus_words(said), FIGURES: unexplained_words(said["outcomes"].values())}
    return kind, f"Heads by {' and '.join(said['scores'])}", about


def _corpus_words(said: Any) -> str:
    tasks = sum(not task["left out"] for task in said["tasks"])
    return f"{said['text']}, {counted(tasks, 'few-shot task')}"


def unexplained_words(outcomes: Any) -> str:
    """ "unexplained: copying 34 % (20 to 50)", of all outcomes that the model shows."""
    left = [
        f"{each['title']} {share_cell(_estimate(each['unexplained']))}"
        for each in outcomes
        if each["unexplained"] is not None
    ]
    return f"unexplained: {', '.join(left)}" if left else "nothing that it shows could be explained"


def _estimate(said: Any) -> Estimate:
    return Estimate(*(math.nan if said[key] is None else float(said[key]) for key in Estimate._fields))
