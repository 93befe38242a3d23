"""The circuit over positions, and what edits change downstream. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.features.canvas.queries import (
    ChangesQuery,
    ChangesReply,
    PositionScores,
    PositionsQuery,
    PositionsReply,
    UnitsQuery,
    UnitsReply,
)
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.method_titles import method_title
from app.worker.runs import MEASURED_EDITS
from app.worker.session_cache import SessionCache
from app.worker.spans import kept_at
from core.downstream import downstream
from core.edits import EditKind, EditTarget
from core.errors import Cancelled, WirescopeError
from core.evaluation.node_changes import node_changes
from core.graph import Node
from core.lens.neuron_ranking import rank_neurons
from core.lens.neurons import KINDS, neurons
from core.lens.positions import NodeGradients
from core.lens.unfolded import Unfolded, unfold
from core.tracing.method import METHODS
from views.canvas.positions.data import Positions

OVERALL = 160  # links of each sort that are given to the window
UNITS = 12  # of an opened MLP that are shown
RANKED = 24  # of all MLPs together
OF_EDGE, OF_HEAD = 6, 12  # and so many of each edge and of each head


def handle_positions(
    query: PositionsQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    """Send the circuit over positions. Nothing where the query is of a model that is no longer open."""
    if query.graph != cache.session.graph:
        return
    scored = cache.scores_key(request.document)
    kind, method = scored.kind, scored.choice.method
    known = METHODS.get(method)
    if known is None or known.gradients is None:  # it knows no positions
        method = "eap-ig" if cache.ready.has_counterfactual else "eap"
    key = method, cache.reply_key(query, request)
    if key not in cache.kept:
        whole = _whole(query, request, cache, kind, method, send, cancelled)
        cache.kept[key] = _strongest(whole, _columns(query, cache), _reads(cache))
    changes = _changes(request, cache, cancelled)
    size = min(request.document.size or query.circuit, query.graph.n_edges)
    kept = kept_at(cache, request.document, size, cancelled)
    send(PositionsReply(request.number, query, kind, method_title(method), cache.kept[key], changes, kept))


def _whole(
    query: PositionsQuery,
    request: Request,
    cache: SessionCache,
    kind: EditKind,
    method: str,
    send: Send,
    cancelled: Cancel,
) -> Unfolded:
    """Over single positions; the last one is kept, so that another region costs no gradients."""
    key = (cache.metric_key, kind, method, query.edges)
    kept = cache.heavy.get("circuit over positions")
    if kept is None or kept[0] != key:
        send(ProgressReply(request.number, "Unfolding the circuit over positions"))
        circuit = unfold(cache.session, query.edges, replacement=kind, method=method, cancelled=cancelled)
        cache.heavy["circuit over positions"] = kept = (key, circuit)
    return kept[1]


def _columns(query: PositionsQuery, cache: SessionCache) -> tuple[Positions, ...]:
    """Every position, and each region where its first one is."""
    length = cache.session.pair.length
    held: dict[int, Positions] = {}
    for region in query.regions:
        places = tuple(sorted(position for position in region if position < length))
        if len(places) > 1 and not any(place in held for place in places):
            held |= dict.fromkeys(places, places)
    return tuple(held.get(place, (place,)) for place in range(length) if place not in held or place == held[place][0])


def _reads(cache: SessionCache) -> Positions | None:
    reads = cache.session.engine.reads
    return None if reads is None else tuple(reads[0].tolist())


def _strongest(whole: Unfolded, columns: tuple[Positions, ...], reads: Positions | None) -> PositionScores:
    merged = whole if len(columns) == whole.wires.shape[1] else whole.merged(columns)
    wires = [(int(merged.edges[row]), column, value) for row, column, value in _top(merged.wires, OF_EDGE)]
    heads = [merged.nodes[place] for place in merged.heads.tolist()]
    count = len(columns)
    flat = merged.moves.reshape(len(heads), -1)
    moves = [(heads[row], at % count, at // count, value) for row, at, value in _top(flat, OF_HEAD)]
    links = int(np.count_nonzero(merged.wires)) + int(np.count_nonzero(merged.moves))
    return PositionScores(columns, tuple(wires), tuple(moves), links, reads)


def _top(scores: np.ndarray, of_row: int) -> list[tuple[int, int, float]]:
    """(row, column, score) of the strongest overall and of each row, strongest first; none that are zero."""
    if not scores.size:
        return []
    size = np.abs(scores)
    chosen = set(np.argsort(-size, axis=None, kind="stable")[:OVERALL].tolist())
    width = scores.shape[1]
    for row, order in enumerate(np.argsort(-size, axis=1, kind="stable")[:, :of_row]):
        chosen.update((row * width + order).tolist())
    order = sorted(chosen, key=lambda number: (-size.flat[number], number))
    return [(*divmod(number, width), float(scores.flat[number])) for number in order if size.flat[number] > 0]


def _changes(request: Request, cache: SessionCache, cancelled: Cancel) -> dict[tuple[EditTarget, Positions], float]:
    """What each edit at some positions does on top of all others."""
    edits = cache.possible(request.document)
    key = ("changes at positions", edits, cache.metric_key)
    if key not in cache.kept:
        partial = [edit for edit in edits if edit.positions is not None][:MEASURED_EDITS]
        changes: dict[tuple[EditTarget, Positions], float] = {}
        after = cache.metric(edits, cancelled) if partial else 0.0
        for edit in partial:
            others = [other for other in edits if other is not edit]
            changes[edit.target, edit.positions] = after - cache.metric(others, cancelled)  # type: ignore[index]
        cache.kept[key] = changes
    return cache.kept[key]


def handle_changes(query: ChangesQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    edits = cache.possible(request.document)
    if not edits:
        send(ChangesReply(request.number, None, None))
        return

    def find() -> ChangesReply:
        targets = [edit.target for edit in edits if not isinstance(edit.target, str)]
        values = node_changes(cache.session, edits, cancelled)
        return ChangesReply(0, downstream(cache.session.graph, targets), values)

    send(replace(cache.answer(query, request, find), number=request.number))


def handle_units(query: UnitsQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """By estimates alone: the inspector measures."""
    cut = cache.cut_kind(request.document)
    kind: EditKind = cut if cut in KINDS else "zero"

    def ranked() -> UnitsReply:
        try:
            ranking = rank_neurons(cache.session, kind, cancelled=cancelled)
        except Cancelled:
            raise
        except WirescopeError as error:
            return UnitsReply(0, {}, str(error), ranked=True)
        best = sorted(ranking.top(RANKED), key=lambda unit: (unit.layer, unit.head))
        mlps = dict.fromkeys(unit.whole for unit in best)
        of = {mlp: tuple((unit, ranking.score(unit)) for unit in best if unit.whole == mlp) for mlp in mlps}
        return UnitsReply(0, of, ranked=True)

    def find() -> UnitsReply:
        opened: dict[Node, tuple[tuple[Node, float], ...]] = {}
        why = ""
        for node in query.nodes:
            try:
                table = neurons(
                    cache.session, node, replacement=kind, measure=False, gradients=_gradients(cache, cancelled)
                )
            except Cancelled:
                raise
            except WirescopeError as error:
                why = str(error)
                continue
            opened[node] = tuple((table.unit(n), -float(table.estimated[n])) for n in sorted(table.top(UNITS)))
        return UnitsReply(0, opened, why)

    send(replace(cache.answer(query, request, ranked if query.ranked else find), number=request.number))


def _gradients(cache: SessionCache, cancelled: Cancel) -> NodeGradients:
    """Shared with the inspector's."""
    key = "node gradients", cache.metric_key
    if key not in cache.heavy:
        cache.heavy[key] = NodeGradients(cache.session, cancelled)
    gradients: NodeGradients = cache.heavy[key]
    return gradients


HANDLERS: Handlers = {
    UnitsQuery: Handler(handle_units, after_scores=True),
    ChangesQuery: Handler(handle_changes, turn="last"),
    PositionsQuery: Handler(handle_positions, after_scores=True, turn="last"),
}
