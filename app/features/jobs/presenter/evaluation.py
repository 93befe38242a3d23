"""An evaluation over many pairs, as a job: of which scores, whether it can be done, and the file that its command
reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from app.features.jobs.presenter.request import (
    Doing,
    PairsGiven,
    metric_text,
    metric_words,
    replacement_of,
    scores_options,
)
from app.messages.replies import ScoresReply
from app.presenters.exported_tables import scores_json
from app.presenters.snapshot import Snapshot
from app.services.job_queue.job import EVALUATED, Traced
from core.edit_kinds import KINDS, EditKind
from core.errors import ArgumentError, InputError, WirescopeError
from core.formatting import percent
from core.saving import save_text
from core.sharded.evaluation import check_evaluable, digest_of_values
from core.tracing.scores import Scores
from views.panels.jobs.data import Asked

NO_SCORES = "The edges have no scores"
UNASKED = " They are there without a trace: for others, trace (T) first."


def evaluation_words(snapshot: Snapshot) -> str:
    """What is evaluated, and how: all of it is set in the window."""
    if snapshot.scored is None:
        return f"{NO_SCORES} yet: trace (T) first."
    carries = KINDS[snapshot.scored.kind].carries
    metric = metric_words(snapshot.document, snapshot.opened.metric_options, "that of the scores")
    ranked = snapshot.subject.ranked
    by = snapshot.scored.title if ranked is None else ranked.by
    unasked = UNASKED if snapshot.document.traced is None else ""
    return f"Of the scores by {by}.{unasked} Removed edges carry {carries}; metric: {metric}."


def do_evaluation(snapshot: Snapshot, pairs: PairsGiven, asked: Asked, folder: str) -> Doing:
    """Raises ArgumentError for scores that cannot be evaluated in shards, and for what cannot be done with these
    pairs."""
    scored = _scored(snapshot)
    kind, scores = _replacement(scored, pairs), _scores(scored)
    metric = metric_text(snapshot.document, snapshot.opened.metric_options, pairs)
    return Doing(
        ("evaluate", str(Path(folder) / EVALUATED), *scores_options(kind, metric)),
        Traced(scored.method, scored.choice.options, kind, snapshot.document.size),
        {
            "what": "evaluate",
            "scores": digest_of_values(scores.values.astype(np.float64)),
            "method": scores.method,
            "replacement": kind,
            "seed": asked.seed,
            **({"metric": metric} if metric else {}),  # else that of the scores
        },
    )


def _replacement(scored: ScoresReply, pairs: PairsGiven) -> EditKind:
    """What removed edges carry. Raises ArgumentError."""
    kind = replacement_of(scored.kind, pairs)
    if scored.share < 1:
        raise ArgumentError(f"{percent(scored.share)} of the edges have scores so far.", "Trace to the end first.")
    scores = _scores(scored)
    try:
        check_evaluable(scores, kind)
    except ArgumentError as error:
        raise ArgumentError(error.message, "Evaluate (E) takes them, over the pairs of the dataset.") from None
    missing = int((~np.isfinite(scores.values)).sum())
    if missing:
        raise ArgumentError(
            f"{missing:,} of {scores.values.size:,} edges have no scores: larger circuits would be drawn by chance.",
            "Trace all edges first.",
        )
    return kind


def evaluation_title(snapshot: Snapshot) -> str:
    return f"Evaluation of {_scored(snapshot).title}"


def evaluation_folder(snapshot: Snapshot) -> str:
    return f"{_scored(snapshot).method}-evaluated"


def write_scores(snapshot: Snapshot, folder: Path) -> tuple[str, ...]:
    """The scores, into the folder of the run, so that it goes on as it was whatever becomes of the window. Gives the
    name of the file; nothing where it was there. Raises InputError where the folder has others, WirescopeError."""
    scored = _scored(snapshot)
    text = scores_json(replace(snapshot, scored=replace(scored, scores=_scores(scored))))
    path = folder / EVALUATED
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = path.exists()
        if known and path.read_text(encoding="utf-8") != text:
            raise InputError(f"{folder.name} is of an evaluation of other scores.", "Choose an empty folder.")
    except (OSError, ValueError) as error:
        raise WirescopeError(f"{folder} cannot be used: {error}.", "Choose another folder.") from None
    if known:
        return ()
    save_text(path, text)
    return (EVALUATED,)


def _scored(snapshot: Snapshot) -> ScoresReply:
    """Raises ArgumentError where there are none."""
    if snapshot.scored is None:
        raise ArgumentError(f"{NO_SCORES} yet.", "Trace (T) first.")
    return snapshot.scored


def _scores(scored: ScoresReply) -> Scores:
    """With the direction by which the window ranks them; a file need not have one."""
    if scored.scores is None:
        raise ArgumentError(f"{NO_SCORES} that could be written into a file.", "Trace (T) first.")
    return replace(scored.scores, direction=scored.ranking.direction)
