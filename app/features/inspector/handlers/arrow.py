"""Why a head looks from one position at another: what makes the score, and what edits of the weight do."""

from __future__ import annotations

from dataclasses import replace

import torch

from app.features.inspector.queries import ArrowQuery, ArrowReply
from app.messages.request import Request
from app.worker.handler_table import Cancel, Send
from app.worker.session_cache import SessionCache
from app.worker.towers import TEXT_TOWER, seen_in
from core.edits import Edit, EditKind
from core.errors import ArgumentError, WirescopeError
from core.graph import Edge, Node
from core.lens.query_key import Side, query_key
from core.result import Result
from core.session import Session
from views.panels.inspector.data import ArrowData, ArrowPart

KINDS: tuple[EditKind, ...] = ("zero", "knockout", "patch")
TOP = 5  # edges of a side
LEAST = 1e-6  # of the score: no more is nothing
NO_B = "There is no counterfactual: fill card B first"


def handle_arrow(query: ArrowQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Of several keys and queries the first of each."""
    session, edits = cache.session, cache.possible(request.document)
    arrow = query.arrow
    keys = [key for key in arrow.entries.keys if isinstance(key, int)]
    if not keys or not arrow.queries or max(*keys, *arrow.queries) >= session.pair.length:
        return
    head, at, key = arrow.entries.head, arrow.queries[0], keys[0]
    present = request.document.edit_of(arrow.entries, arrow.queries)
    others = tuple(edit for edit in edits if edit is not present)

    def seen(*more: Edit) -> tuple[Session, Result, Node]:
        result = session.run((*others, *more), positions="all", cancelled=cancelled)
        found = seen_in(session, result, head)
        if found is None:
            raise ArgumentError(TEXT_TOWER)
        return found

    def weight(more: Edit) -> float:
        of, result, node = seen(more)
        with torch.no_grad():
            return float(result.state.pattern(of.model.adapter, node.layer, node.head)[0, at, key])

    def side(split: Side, place: int) -> tuple[ArrowPart, ...]:
        of_name = {edge.name: edge for edge in split.edges}
        parts = []
        for name, share in split.top(TOP):
            if abs(share) < LEAST:
                continue
            edge: Edge | None = of_name.get(name)
            cut = None if edge is None else weight(Edit(edge, "zero", place))
            parts.append(ArrowPart(name, share, None if edge is None else session.graph.edge_index(edge), cut))
        return tuple(parts)

    def find() -> ArrowData:
        before = cache.metric(others, cancelled)
        effects: dict[EditKind, float] = {}
        refused: dict[EditKind, str] = {}
        for kind in KINDS:
            try:
                effects[kind] = cache.metric((*others, Edit(arrow.entries, kind, arrow.queries)), cancelled) - before
            except WirescopeError as error:
                refused[kind] = error.message
        of, result, node = seen()
        split = query_key(of, node, at, key, result)
        labels, quote = session.pair.clean.labels, "“{}”" if session.model.is_text else "{}"
        asks, offers = (f"{quote.format(labels[place].strip())} (position {place})" for place in (at, key))
        words = f"{head.name} at {asks} looks at {offers}"
        parts = side(split.query, at), side(split.key, key)
        return ArrowData(words, split.score, split.weight, effects, refused, *parts)

    found = cache.answer(query, request, find)
    send(ArrowReply(request.number, arrow, replace(found, edited=None if present is None else present.kind)))
