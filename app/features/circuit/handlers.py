"""Runs of circuits, and searches among them. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace

from app.features.circuit.queries import CircuitRunQuery, CurveQuery, SmallestQuery, SmallestReply
from app.messages.replies import CircuitRunReply, CurveReply
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.presenters.telling import Telling
from app.worker.handler_table import Handler, Handlers
from app.worker.method_titles import method_title
from app.worker.pairs import dataset_of, measure_over, sessions_of
from app.worker.random_circuits import random_edges
from app.worker.session_cache import SessionCache
from app.worker.session_scores import name_of
from core.circuit import Circuit
from core.errors import ALIKE, ANOTHER, InputError, NothingToRecoverError
from core.evaluation.faithfulness import faithfulness
from core.evaluation.smallest import part_of_search, smallest_circuit
from core.formatting import percent
from core.progress import stage, watched


def handle_find_smallest(
    query: SmallestQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    """Run circuits until the smallest is found. What was run stays when something else comes in between. Raises
    InputError where there is nothing to recover, Cancelled."""
    document, key = request.document, cache.scores_key(request.document)
    scores, graph = cache.scores[key], cache.session.graph
    shares: dict[int, float] = cache.kept.setdefault(("shares", key), {})
    sessions = sessions_of(cache, document, key.rows)
    words = f"Looking for the smallest circuit that recovers {percent(query.share)}"

    told = Telling(lambda done: send(ProgressReply(request.number, words, done)))
    asked: list[int] = []

    def share_of(size: int) -> float:
        asked.append(size)
        if size not in shares:
            circuit = scores.select(size).pruned()
            try:
                with watched(told, cancelled), stage(*part_of_search(len(asked), graph.n_edges)):
                    (share,) = measure_over(sessions, [circuit], scores.replacement, cancelled).recovered()
            except NothingToRecoverError:
                raise InputError(ALIKE, ANOTHER) from None
            shares[size] = float(share)
        return shares[size]

    send(ProgressReply(request.number, words, 0.0))
    smallest = smallest_circuit(share_of, graph.n_edges, query.share)
    if smallest is None:
        send(SmallestReply(request.number, query, None, 0.0, 0.0, graph.n_edges))
    else:
        send(SmallestReply(request.number, query, smallest.size, smallest.share, smallest.before, graph.n_edges))


def handle_kept(query: CircuitRunQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Run the circuit of the document's size beside one of as many random edges and, the first time, one of none."""
    size, scores_key = request.document.size, cache.scores_key(request.document)
    if size is None:
        return
    document, scores = request.document, cache.scores[scores_key]
    graph, kind = cache.session.graph, scores.replacement
    size = min(size, graph.n_edges)

    def find() -> CircuitRunReply:
        random = random_edges(graph.n_edges, size)
        kept = scores.select(size).pruned()
        words = f"Running the circuit of {size:,} edges"
        with watched(Telling(lambda share: send(ProgressReply(request.number, words, share)), step=1.0), cancelled):
            with stage(0.0, 0.5):
                sessions = sessions_of(cache, document, scores_key.rows)
            with stage(0.5, 1.0):
                runs = measure_over(sessions, [kept, Circuit(graph, random).pruned()], kind, cancelled)
        try:
            share, chance = (float(value) for value in runs.recovered())
        except NothingToRecoverError:
            raise InputError(ALIKE, ANOTHER) from None
        band = runs.band() if scores_key.rows else None
        return CircuitRunReply(
            0,
            size,
            len(kept),
            share,
            chance,
            metric=float(runs.circuits[0].mean()),
            whole=float(runs.whole.mean()),
            nothing=float(runs.nothing.mean()),
            kind=kind,
            pairs=runs.pairs if scores_key.rows else 0,
            band=None if band is None else (float(band[0, 0]), float(band[1, 0])),
            accuracy=runs.accuracy[0] if runs.accuracy else None,
            whole_accuracy=runs.whole_accuracy,
            of=name_of(scores_key),
        )

    send(replace(cache.answer(query, request, find), number=request.number))


def handle_curve(query: CurveQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    scores_key = cache.scores_key(request.document)

    def find() -> CurveReply:
        known = query.known
        if known is not None and query.holds(known.document, request.document):
            return CurveReply(
                0,
                known.sizes,
                known.recovered,
                known.band,
                known.cpr,
                known.cmd,
                known.kind,
                known.by,
                known.sure,
                known.pairs,
                known.rule,
            )
        memory = cache.kept.setdefault(("curve so far", scores_key), {})  # another request may come in between
        scores = cache.scores[scores_key]
        rows = scores_key.rows
        curve = faithfulness(
            cache.session,
            scores,
            dataset=dataset_of(cache, request.document, rows) if rows else None,
            progress=Telling(lambda share: send(ProgressReply(request.number, "Running circuits of all sizes", share))),
            cancelled=cancelled,
            memory=memory,
        )
        cache.kept.pop(("curve so far", scores_key), None)
        return CurveReply(
            0,
            curve.sizes,
            curve.recovered,
            curve.random_band,
            curve.cpr,
            curve.cmd,
            curve.replacement,
            method_title(scores.method, scores_key.choice.file),
            curve.band if rows else None,
            curve.pairs if rows else 0,
            curve.rule,
        )

    send(replace(cache.answer(query, request, find), number=request.number))


HANDLERS: Handlers = {
    CircuitRunQuery: Handler(handle_kept, after_scores=True),
    CurveQuery: Handler(handle_curve, after_scores=True, turn="last"),
    SmallestQuery: Handler(handle_find_smallest, after_scores=True, turn="last"),
}
