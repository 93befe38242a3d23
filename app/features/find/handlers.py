"""Finds the heads that read a place, with the edits in. Runs in the engine's thread; imports torch."""

from __future__ import annotations

from app.features.find.queries import AttentionTo, HeadsReading, TraitsFound, WantTraits
from app.features.inspector.handlers.lenses import head_traits
from app.messages.request import Cancel, Request, Send, Working
from app.worker.session_cache import Bench
from core.errors import Cancelled
from core.graph import Node
from core.lens.reading import attention_to


def serve_heads_reading(want: HeadsReading, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    edits = bench.possible(request.document)
    key = (want, edits)
    if bench.kept.get(HeadsReading, (None, None))[0] != key:
        queries = want.queries or _read_by_output(bench)
        result = bench.session.run(edits, positions="all", cancelled=cancelled)
        bench.kept[HeadsReading] = key, (queries, attention_to(result, queries, want.keys, cancelled=cancelled))
    queries, shares = bench.kept[HeadsReading][1]
    send(AttentionTo(request.number, want, queries, shares))


def _read_by_output(bench: Bench) -> tuple[int, ...]:
    """The positions that the output, and so the metric, reads: of text the last one, of pictures often `CLS`."""
    reads, pair = bench.session.engine.reads, bench.session.pair
    return tuple(range(pair.length)) if reads is None else tuple(int(place) for place in reads[0])


def serve_traits(want: WantTraits, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    """Goes on with the heads that are not known yet. Raises Cancelled."""
    edits = bench.possible(request.document)
    key = "traits", edits
    known: dict[Node, tuple[tuple[str, float], ...]] = bench.kept.setdefault(key, {})
    heads = [node for node in bench.session.graph.nodes if node.kind == "head"]
    todo = [node for node in heads if node not in known]
    if todo:
        result = bench.session.run(edits, positions="all", cancelled=cancelled)
        for node in todo:
            if cancelled is not None and cancelled():
                raise Cancelled
            known[node] = tuple((trait.name, trait.value) for trait in head_traits(bench, result, node))
            send(Working(request.number, "Looking at what each head does", len(known) / len(heads)))
    send(TraitsFound(request.number, dict(known)))
