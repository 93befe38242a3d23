"""A trace over many pairs, as a job: whether it can be done, and what its command is told of it."""

from __future__ import annotations

from app.features.jobs.presenter.request import (
    Doing,
    PairsGiven,
    metric_text,
    metric_words,
    replacement_of,
    scores_options,
)
from app.presenters.snapshot import Snapshot
from app.services.job_queue.job import Traced
from core.edit_kinds import KINDS
from core.errors import ArgumentError
from core.project.trace_choice import TraceChoice
from core.sharded.tracing import TraceWork
from core.tracing.method import METHODS, method_named
from core.tracing.told_options import Options
from views.panels.jobs.data import Asked


def trace_words(snapshot: Snapshot) -> str:
    """By what is traced: all of it is set in the window."""
    document, choice = snapshot.document, snapshot.document.choice
    told = "".join(f", {name.replace('_', ' ')} {value:g}" for name, value in choice.options)
    carries = KINDS[document.replacement].carries if document.replacement is not None else "B's value (0 without B)"
    method = METHODS[choice.method].title if choice.method in METHODS else choice.method
    metric = metric_words(document, snapshot.opened.metric_options, "the usual one of each pair's answers")
    return f"As set in the window: {method}{told}; removed edges carry {carries}; metric: {metric}."


def do_trace(snapshot: Snapshot, pairs: PairsGiven, asked: Asked, _folder: str) -> Doing:
    """Raises ArgumentError for what cannot be done with these pairs."""
    document, choice = snapshot.document, snapshot.document.choice
    check_method(choice, pairs)
    kind = replacement_of(document.replacement, pairs)
    metric = metric_text(document, snapshot.opened.metric_options, pairs)
    told = {name: f"{value:.15g}" for name, value in choice.options if name != "seed"}
    options = Options(**{name: float(value) for name, value in told.items()}, seed=asked.seed)
    return Doing(
        (
            *("trace", "--method", choice.method),
            *(part for name, value in told.items() for part in (f"--{name}", value)),
            *scores_options(kind, metric),
        ),
        Traced(choice.method, choice.options, kind, document.size),
        TraceWork(choice.method, kind, options=options, metric=metric or None).told(),
    )


def check_method(choice: TraceChoice, pairs: PairsGiven) -> None:
    """Raise ArgumentError for a method that cannot go over many pairs shard by shard, or lacks something of them."""
    method = method_named(choice.method)
    if "edges" not in method.levels:
        raise ArgumentError(f"{method.title} scores no edges.", "Choose another method beside Trace.")
    if method.joint:
        raise ArgumentError(
            f"{method.title} decides from all pairs together, which cannot be cut into shards.",
            "Choose another method beside Trace, for example EAP-IG.",
        )
    if dict(choice.options).get("budget"):
        raise ArgumentError(
            "Which edges a budget is spent on is decided once for all pairs, not shard by shard.",
            "Set the budget beside Trace to 0.",
        )
    if method.needs_counterfactual and not pairs.b:
        raise ArgumentError(f"{method.title} goes from B to A, and the pairs have no B.", "Give a file with one.")


def trace_title(snapshot: Snapshot) -> str:
    return METHODS[snapshot.document.choice.method].title


def trace_folder(snapshot: Snapshot) -> str:
    return snapshot.document.choice.method
