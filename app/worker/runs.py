"""The parts of a request that run the model: with the edits, without each of them, what is inspected, all scores, and
what circuits recover. Each sends its reply. Runs in the worker's thread; imports torch.
"""

from __future__ import annotations

from app.messages.replies import DeltasReply, InspectionReply, RecoveryReply, RunReply, TraceRefusal
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.messages.standing import DeltasQuery
from app.presenters.telling import Telling
from app.worker.describe import prediction_floors, prediction_rows, run_words
from app.worker.pairs import measure_over, sessions_of
from app.worker.random_circuits import random_edges
from app.worker.rule_needs import find_what_the_rule_needs
from app.worker.score_files import scores_of_file
from app.worker.session_cache import SessionCache
from app.worker.session_scores import ScoresKey
from app.worker.towers import megabytes_of, seen_in
from app.worker.traces import options_of, scored_reply, trace_in_parts
from core.circuit import Circuit
from core.edits import Edit, EditKind, EditTarget, Target
from core.errors import ALIKE, ANOTHER, Cancelled, NothingToRecoverError, WirescopeError
from core.evaluation.faithfulness import FRACTIONS, largest_drawn, sizes_of, small_size
from core.evaluation.limits import MOST
from core.graph import Node
from core.lens.attention import attention_pattern
from core.progress import stage, watched
from core.tracing.scores import Scores
from core.tracing.trace import trace

MEASURED_EDITS = 12  # at most so many edits get a figure of their own


def run(request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    session, document = cache.session, request.document
    edits = cache.possible(document)
    clean = session.clean
    result = session.run(edits, cancelled=cancelled)
    floors = None
    if edits:
        if "floors" not in cache.kept:
            cache.kept["floors"] = prediction_floors(session)
        floors = cache.kept["floors"]
    keys = cache.kept.setdefault("pin keys", {})
    unit, rows = prediction_rows(session, clean, result, document.pinned, keys, floors)
    send(
        RunReply(
            number=request.number,
            edits=edits,
            unit=unit,
            rows=rows,
            metric_name=session.metric.name,
            before=float(clean.metric.mean()),
            after=float(result.metric.mean()),
            words=run_words(result, cache.forward_milliseconds, bool(edits)),
            megabytes=megabytes_of(session),
            noise_floor=session.noise_floor,
        )
    )


def measure_edits(request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:

    def find() -> dict[EditTarget, float]:
        edits = cache.possible(request.document)
        after = cache.metric(edits, cancelled)
        values: dict[EditTarget, float] = {}
        for target in list(dict.fromkeys(edit.target for edit in edits))[:MEASURED_EDITS]:
            others = [edit for edit in edits if edit.target != target]
            assert not isinstance(target, str)
            values[target] = after - cache.metric(others, cancelled)  # type: ignore[index]
        return values

    values = cache.answer(DeltasQuery(), request, find)
    send(DeltasReply(request.number, values, bool(cache.scores_key(request.document).rows)))


def inspect(request: Request, cache: SessionCache, target: Target, send: Send, cancelled: Cancel) -> None:
    session = cache.session
    document, positions = request.document, request.positions
    edits = cache.possible(document)
    present = document.edit_of(target, positions)
    waits = present is not None and present not in edits
    kind: EditKind = present.kind if present is not None else cache.cut_kind(document)
    attention = None
    if isinstance(target, Node) and target.kind == "head":
        seen = seen_in(session, session.run(edits, positions="all", cancelled=cancelled), target)
        attention = None if seen is None else attention_pattern(seen[1], target.layer, target.head)
    measured = None
    if not waits and not (isinstance(target, Node) and target.kind == "logits"):
        others = [edit for edit in edits if edit is not present and (positions or edit.target != target)]
        tried = present if present is not None else Edit(target, kind, positions or None)
        measured = cache.metric([*others, tried], cancelled) - cache.metric(others, cancelled)
    alone = bool(cache.scores_key(document).rows)
    send(InspectionReply(request.number, target, kind, measured, attention, positions, alone))


def score(request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> Scores:
    """The scores that stand for the document. One that takes long is only made when it is asked for."""
    document = request.document
    asked = cache.asked_key(document)
    edges_asked_for = request.recover and document.traced_nodes is None
    if asked not in cache.scores and (edges_asked_for or not asked.choice.takes_long):
        try:
            _make_scores(request, cache, asked, send, cancelled)
        except Cancelled:
            raise
        except WirescopeError as error:
            send(TraceRefusal(request.number, error.message, error.hint))
    key = cache.scores_key(document)
    if key not in cache.scores:
        _make_scores(request, cache, key, send, cancelled)
    find_what_the_rule_needs(request, cache, send, cancelled)
    key = cache.scores_key(document)
    send(scored_reply(request.number, cache, key))
    return cache.scores[key]


def _make_scores(request: Request, cache: SessionCache, key: ScoresKey, send: Send, cancelled: Cancel) -> None:
    if key.choice.file:
        cache.take_scores(key, scores_of_file(cache, key), 1.0)
        return
    if key.choice.takes_long:
        trace_in_parts(request, cache, key, send, cancelled)
        return
    words = f"Estimating {cache.session.graph.n_edges:,} edges"
    send(ProgressReply(request.number, words))
    options = options_of(key.choice)
    watch = cache.costs.watch(cache.work(key.choice, key.kind))
    scores = trace(
        cache.session,
        key.choice.method,
        replacement=key.kind,
        level=key.choice.level,
        options=options,
        progress=Telling(lambda share: send(ProgressReply(request.number, words, share))),
        cancelled=cancelled,
    )
    watch.at(1.0)
    cache.take_scores(key, scores, 1.0)


def recover(request: Request, cache: SessionCache, scores: Scores, send: Send, cancelled: Cancel) -> None:
    """The smallest circuit that can be drawn, at MIB's fractions, and recovers most of the metric (see `small_size`),
    and as many random edges."""
    document = request.document
    if cache.asked_key(document) not in cache.scores:
        return  # it could not be traced; that is said already
    if document.traced_nodes is not None:
        return  # scores of nodes make no circuit: see `app.features.tracing.handlers.node_scores`
    graph, kind = cache.session.graph, scores.replacement
    send(ProgressReply(request.number, "Running circuits", 0.0))
    sizes = _sizes_to_try(scores)
    steps = len(sizes) + 1
    told = Telling(lambda share: send(ProgressReply(request.number, "Running circuits", share)))
    with watched(told, cancelled), stage(0.0, 1 / (2 * steps)):
        sessions = sessions_of(cache, document, document.traced_rows)

    def share(circuit: Circuit, step: int) -> float:
        with watched(told, cancelled), stage((step + 0.5) / steps, (step + 1) / steps):
            return float(measure_over(sessions, [circuit], kind, cancelled).recovered()[0])

    try:
        shares: dict[int, float] = {}
        for step, size in enumerate(sizes):
            shares[size] = share(scores.select(size), step)
            if shares[size] >= MOST:
                break
        small = next(iter(shares)) if scores.kept is not None else small_size(list(shares), list(shares.values()))
        size = small if small is not None else max(shares, key=lambda size: shares[size])
        recovered = shares[size]
        random = share(Circuit(graph, random_edges(graph.n_edges, size)), len(sizes))
    except NothingToRecoverError:
        send(TraceRefusal(request.number, ALIKE, ANOTHER))
        return
    pairs = sum(session.pair.batch for session in sessions) if document.traced_rows else 0
    missed = 0.0 if recovered >= MOST or scores.kept is not None else MOST
    send(
        RecoveryReply(
            request.number,
            size,
            graph.n_edges,
            recovered,
            random,
            scores.method,
            kind,
            pairs,
            missed,
            max(shares),
            small is not None,
            scores.kept is not None,
        )
    )


def _sizes_to_try(scores: Scores) -> list[int]:
    """The sizes of circuits that are looked at after a trace: what a search has kept, as it is, or else those that can
    be drawn."""
    if scores.kept is not None:
        return [int(scores.kept.sum())]
    edges = len(scores.values)
    most = largest_drawn(edges)
    return sorted({most, *(size for size in sizes_of(edges, FRACTIONS) if size <= most)})
