"""A file of edges at spans in the window: its first level shows the union of a circuit, the same edges at all
positions, and the second level at which positions each of them is kept. Imports torch.

An edge stands in the order of the edges by its best span. So the circuit at spans whose union is the window's circuit
is that of all edges at spans which are no worse than the best one of the circuit's last edge.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from app.messages.replies import KeptPositions
from app.messages.request import Cancel
from app.worker.pairs import measure_over
from app.worker.session_cache import SessionCache
from core.circuit import Circuit
from core.errors import EditError, InputError, NothingToRecoverError
from core.formatting import share_words
from core.interchange.scores_files import ScoresFile
from core.positions import Extent, parse_roles
from core.project.document import Document
from core.spans import span_numbers
from core.tracing.scores import Scores


def union_of(scores: Scores) -> Scores:
    """Scores of edges, each that of its best span; those of edges as they are."""
    if not scores.spans:
        return scores
    weights = np.where(np.isnan(scores.values), -np.inf, scores.towards)
    kept = None
    if scores.kept is not None:
        weights = np.where(scores.kept, weights, -np.inf)
        kept = np.asarray(scores.kept.any(axis=1))
    best = weights.argmax(axis=1)[:, None]
    values = np.take_along_axis(scores.values, best, axis=1)[:, 0]
    return replace(scores, values=values, level="edges", kept=kept, spans=())


def keep_spans(cache: SessionCache, path: str, found: ScoresFile) -> None:
    """Remember the scores at spans of a file that the document's scores are of."""
    if found.scores.spans:
        cache.kept["edges at spans", path] = found


def kept_at(cache: SessionCache, document: Document, circuit: int, cancelled: Cancel) -> KeptPositions | None:
    """Where the best `circuit` edges are kept; None where they are kept everywhere. Raises Cancelled."""
    key = cache.scores_key(document)
    found: ScoresFile | None = cache.kept.get(("edges at spans", key.choice.file))
    if not key.choice.file or found is None:
        return None
    name = "kept at", key, circuit
    if name not in cache.kept:
        cache.kept[name] = _kept_at(cache, found, cache.scores[key].select(circuit), key.choice.file, cancelled)
    known: KeptPositions = cache.kept[name]
    return known


def _kept_at(cache: SessionCache, found: ScoresFile, union: Circuit, path: str, cancelled: Cancel) -> KeptPositions:
    scores, session = found.scores, cache.session
    try:
        span_of = span_numbers(scores.spans, _extent(cache, found))[0]
    except (EditError, InputError) as error:
        return KeptPositions(
            {}, f"{Path(path).name} keeps edges at spans that this pair does not have: {error.message}"
        )
    kept = _chosen(scores, union)
    positions = {int(edge): np.flatnonzero(kept[edge, span_of]).tolist() for edge in union.edges}
    edges = [edge for edge, places in positions.items() for _ in places]
    at = [place for places in positions.values() for place in places]
    names = tuple(str(position) for position in range(len(span_of)))
    circuit = Circuit(union.graph, np.array(edges, dtype=np.int64), spans=names, at=np.array(at, dtype=np.int64))
    words = f"{len(edges):,} of {len(union) * len(span_of):,} places"
    try:
        shares = measure_over([session], [circuit, union], scores.replacement, cancelled).recovered()
        words += f" recover {share_words(float(shares[0]))}, all {share_words(float(shares[1]))}"
    except NothingToRecoverError:
        words += " kept"
    return KeptPositions({edge: frozenset(places) for edge, places in positions.items()}, words)


def _extent(cache: SessionCache, found: ScoresFile) -> Extent:
    """The positions of the pair on the cards, with the roles that the file's own row of it has."""
    extent, text = cache.session.engine.extent, cache.session.pair.clean.text
    roles = next((row.roles for row in found.rows if row.roles and row.clean == text), "")
    return replace(extent, roles={**extent.roles, **parse_roles(roles, extent.lengths[0])})


def _chosen(scores: Scores, union: Circuit) -> np.ndarray:
    """Which edges at spans are kept: [edges, spans]."""
    if scores.kept is not None:
        return scores.kept
    weights = np.where(np.isnan(scores.values), -np.inf, scores.towards)
    worst = weights[union.edges].max(axis=1).min(initial=np.inf)
    return np.asarray(weights >= worst)
