"""Follows a series. Runs in the worker's thread; imports torch."""

from __future__ import annotations

import math

from app.features.checkpoints.queries import FOLLOWING, FollowQuery, FollowReply, StepRow
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.presenters.telling import Telling
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.checkpoints.figures import StepFigures
from core.checkpoints.follow import METHOD, follow
from core.checkpoints.repeats import TRAITS
from core.checkpoints.series import open_series
from core.circuit import Circuit
from core.evaluation.circuit_overlap import circuit_overlap
from core.inputs.pair import Dataset
from core.precision_words import computed_in, weights_of_precision


def handle_follow(query: FollowQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Send the rows as they come; what was computed once is found again, so that a scrub in between costs little.
    Raises WirescopeError as `follow` does, Cancelled."""
    session, kind = cache.session, cache.cut_kind(request.document)
    series = open_series(query.source, query.revisions)
    edges = min(query.edges, session.graph.n_edges)
    rows: dict[int, StepRow] = {}
    last: Circuit | None = None

    def add_row(figures: StepFigures) -> None:
        nonlocal last
        circuit = figures.ranking(session.graph, METHOD, kind).top(edges)
        last = last or circuit
        rows[figures.step] = _row(figures, circuit_overlap(circuit, last).jaccard)
        send(FollowReply(request.number, query, _ordered(rows), session.metric.name, done=False))

    telling = Telling(lambda share: send(ProgressReply(request.number, FOLLOWING, share)))
    send(ProgressReply(request.number, FOLLOWING, 0.0))
    follow(
        series,
        Dataset([session.pair]),
        None if session.metric_by_default else session.metric.metric,
        replacement=kind,
        edges=edges,
        dtype=computed_in(request.document.precision),
        weights=weights_of_precision(request.document.precision, request.weights),
        listener=add_row,
        progress=telling,
        cancelled=cancelled,
    )
    send(FollowReply(request.number, query, _ordered(rows), session.metric.name, done=True))


def _ordered(rows: dict[int, StepRow]) -> tuple[StepRow, ...]:
    return tuple(rows[step] for step in sorted(rows))


def _row(figures: StepFigures, overlap: float) -> StepRow:
    heads = figures.heads
    best = tuple((name, *heads.best(name)) for name in TRAITS if name in heads.traits)
    recovered = None if math.isnan(figures.circuit_recovered) else figures.circuit_recovered
    return StepRow(figures.step, figures.metric, figures.empty, best, heads.copied, overlap, recovered)


HANDLERS: Handlers = {FollowQuery: Handler(handle_follow, after_scores=True, turn="last")}
