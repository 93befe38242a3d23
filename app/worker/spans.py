"""Edges at spans in the window: its first level shows the union of a circuit, the same edges at all positions, and the
second level at which positions each of them is kept (`core.tracing.span_unions`). Imports torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from app.messages.replies import KeptPositions
from app.messages.request import Cancel
from app.worker.pairs import measure_over
from app.worker.session_cache import SessionCache
from app.worker.session_scores import ScoresKey
from core.circuit import Circuit
from core.errors import EditError, InputError, NothingToRecoverError
from core.formatting import share_words
from core.positions import Extent, parse_roles
from core.project.document import Document
from core.spans import span_numbers
from core.tracing.scores import Scores
from core.tracing.selection import USUAL
from core.tracing.span_unions import at_spans


def kept_at(cache: SessionCache, document: Document, circuit: int, cancelled: Cancel) -> KeptPositions | None:
    """Where the best `circuit` edges are kept; None where they are kept everywhere. Raises Cancelled."""
    key = cache.scores_key(document)
    scores = cache.scores.at_spans.get(replace(key, rule=USUAL))
    if scores is None:
        return None
    name = "kept at", key, circuit
    if name not in cache.kept:
        cache.kept[name] = _kept_at(cache, scores, cache.scores[key].select(circuit), key, cancelled)
    known: KeptPositions = cache.kept[name]
    return known


def _kept_at(cache: SessionCache, scores: Scores, union: Circuit, key: ScoresKey, cancelled: Cancel) -> KeptPositions:
    file = key.choice.file
    try:
        span_of = span_numbers(scores.spans, _extent(cache, file))[0]
    except (EditError, InputError) as error:
        title = Path(file).name if file else "This trace"
        return KeptPositions({}, f"{title} keeps edges at spans that this pair does not have: {error.message}")
    kept = np.zeros((union.graph.n_edges, len(scores.spans)), dtype=bool)
    circuit = at_spans(scores, union.edges)
    kept[circuit.edges, circuit.at] = True
    positions = {int(edge): np.flatnonzero(kept[edge, span_of]).tolist() for edge in union.edges}
    edges = [edge for edge, places in positions.items() for _ in places]
    at = [place for places in positions.values() for place in places]
    names = tuple(str(position) for position in range(len(span_of)))
    circuit = Circuit(union.graph, np.array(edges, dtype=np.int64), spans=names, at=np.array(at, dtype=np.int64))
    words = f"{len(edges):,} of {len(union) * len(span_of):,} places"
    try:
        shares = measure_over([cache.session], [circuit, union], scores.replacement, cancelled).recovered()
        words += f" recover {share_words(float(shares[0]))}, all {share_words(float(shares[1]))}"
    except NothingToRecoverError:
        words += " kept"
    return KeptPositions({edge: frozenset(places) for edge, places in positions.items()}, words)


def _extent(cache: SessionCache, file: str) -> Extent:
    """The positions of the pair on the cards, with the roles that a file's own row of it has."""
    extent, text = cache.session.engine.extent, cache.session.pair.clean.text
    rows = cache.file_rows.get(file, ())
    roles = next((row.roles for row in rows if row.roles and row.clean == text), "")
    return replace(extent, roles={**extent.roles, **parse_roles(roles, extent.lengths[0])})
