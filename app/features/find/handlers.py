"""Finds the heads that read a place, with the edits in. Runs in the worker's thread; imports torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.features.find.queries import HeadsReadingQuery, HeadsReadingReply
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.messages.traits import TraitsQuery, TraitsReply
from app.presenters.telling import Telling
from app.worker.handler_table import Handler, Handlers
from app.worker.head_traits import head_traits
from app.worker.session_cache import SessionCache
from core.errors import Cancelled
from core.graph import Node
from core.lens.reading import attention_to


def handle_heads_reading(
    query: HeadsReadingQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    def find() -> tuple[tuple[int, ...], NDArray[np.float32]]:
        queries = query.queries or _read_by_output(cache)
        result = cache.session.run(cache.possible(request.document), positions="all", cancelled=cancelled)
        return queries, attention_to(result, queries, query.keys, cancelled=cancelled)

    queries, shares = cache.answer(query, request, find)
    send(HeadsReadingReply(request.number, query, queries, shares))


def _read_by_output(cache: SessionCache) -> tuple[int, ...]:
    """The positions that the output, and so the metric, reads: of text the last one, of pictures often `CLS`."""
    reads, pair = cache.session.engine.reads, cache.session.pair
    return tuple(range(pair.length)) if reads is None else tuple(int(place) for place in reads[0])


def handle_traits(query: TraitsQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Goes on with the heads that are not known yet. Raises Cancelled."""
    edits = cache.possible(request.document)
    known: dict[Node, tuple[tuple[str, float], ...]] = cache.kept.setdefault(cache.reply_key(query, request), {})
    heads = [node for node in cache.session.graph.nodes if node.kind == "head"]
    todo = [node for node in heads if node not in known]
    if todo:
        result = cache.session.run(edits, positions="all", cancelled=cancelled)
        words = "Looking at what each head does"
        told = Telling(lambda share: send(ProgressReply(request.number, words, share)))
        send(ProgressReply(request.number, words, len(known) / len(heads)))
        for node in todo:
            if cancelled is not None and cancelled():
                raise Cancelled
            known[node] = tuple((trait.name, trait.value) for trait in head_traits(cache, result, node))
            told(len(known) / len(heads))
    send(TraitsReply(request.number, dict(known)))


HANDLERS: Handlers = {
    HeadsReadingQuery: Handler(handle_heads_reading),
    TraitsQuery: Handler(handle_traits, after_scores=True),
}
