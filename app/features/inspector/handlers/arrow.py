"""Why a head looks from one position at another: what makes the score, and what edits of the weight do."""

from __future__ import annotations

from dataclasses import replace

import torch

from app.features.inspector.queries import ArrowQuery, ArrowReply
from app.messages.request import ProgressReply, Request
from app.worker.handler_table import Cancel, Send
from app.worker.session_cache import SessionCache
from app.worker.towers import TEXT_TOWER, seen_in
from core.edits import Edit, EditKind
from core.errors import ArgumentError, WirescopeError
from core.graph import Node
from core.lens.query_key import BIAS, REST, Side, query_key
from core.result import Result
from core.session import Session
from views.panels.inspector.data import ArrowData, ArrowPart

KINDS: tuple[EditKind, ...] = ("zero", "knockout", "patch")
TOP = 5  # edges of a side
SHORT = {REST: "biases: stream", BIAS: "biases: head"}
LEAST = 1e-6  # of the score: no more is nothing
NO_B = "There is no counterfactual: fill card B first"


def handle_arrow(query: ArrowQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Of several keys and queries the first of each. Replies again and again, as more is known."""
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
        view = seen_in(session, result, head)
        if view is None:
            raise ArgumentError(TEXT_TOWER)
        return view

    def weight(more: Edit) -> float:
        of, result, node = seen(more)
        with torch.no_grad():
            return float(result.state.pattern(of.model.adapter, node.layer, node.head)[0, at, key])

    def side(split: Side) -> tuple[ArrowPart, ...]:
        numbers = {edge.name: session.graph.edge_index(edge) for edge in split.edges}
        return tuple(
            ArrowPart(name, share, numbers.get(name), short=SHORT.get(name, ""))
            for name, share in split.top(TOP)
            if abs(share) >= LEAST
        )

    def tell(data: ArrowData) -> None:
        send(ArrowReply(request.number, arrow, replace(data, edited=None if present is None else present.kind)))

    def find() -> ArrowData:
        """Each thing is told as soon as it is known: the split first, then what edits do, then cut by cut."""
        of, result, node = seen()
        split = query_key(of, node, at, key, result)
        labels, quote = session.pair.clean.labels, "“{}”" if session.model.is_text else "{}"
        asks, offers = (f"{quote.format(labels[place].strip())} (position {place})" for place in (at, key))
        words = f"{head.name} at {asks} looks at {offers}"
        data = ArrowData(words, split.score, split.weight, {}, {}, side(split.query), side(split.key), measuring=True)
        tell(data)
        before = cache.metric(others, cancelled)
        effects: dict[EditKind, float] = {}
        refused: dict[EditKind, str] = {}
        for kind in KINDS:
            try:
                effects[kind] = cache.metric((*others, Edit(arrow.entries, kind, arrow.queries)), cancelled) - before
            except WirescopeError as error:
                refused[kind] = error.message
        data = replace(data, effects=effects, refused=refused)
        tell(data)
        cuts = [(part.edge, at) for part in data.query] + [(part.edge, key) for part in data.key]
        left: list[float | None] = []
        for number, (edge, place) in enumerate(cuts):
            send(ProgressReply(request.number, f"Cutting what {head.name} reads", number / len(cuts)))
            left.append(None if edge is None else weight(Edit(session.graph.edge(edge), "zero", place)))
            data = _with_cuts(data, left)
            tell(data)
        return replace(data, measuring=False)

    tell(cache.answer(query, request, find))


def _with_cuts(data: ArrowData, left: list[float | None]) -> ArrowData:
    """With the weights that cuts leave, of as many parts as they are known of: those of the query come first."""
    known = iter(left)
    query, key = (tuple(replace(part, cut=next(known, None)) for part in parts) for parts in (data.query, data.key))
    return replace(data, query=query, key=key)
