"""What an MLP opens into: its strongest neurons, or experts, estimated at once and then measured. Runs in the worker's
thread; imports torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.features.inspector.handlers.lenses import gradients_of
from app.features.inspector.handlers.rows import position_label
from app.features.inspector.queries import NeuronsQuery, NeuronsReply
from app.messages.request import Cancel, Request, Send
from app.worker.session_cache import SessionCache
from core.edits import REPLACED, Edit
from core.errors import Cancelled, WirescopeError
from core.formatting import signed, visible_token
from core.graph import Node
from core.lens.neurons import KINDS, Neurons, neurons, routing
from views.panels.inspector.data import NeuronRow, NeuronsData, RouterData

SHOWN = 12
Routing = tuple[NDArray[np.float64], NDArray[np.float64]]
ONE_TOWER = "The neurons of a tower are listed where it is open alone: its name with vision: or text: before it."


def handle_neurons(query: NeuronsQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Estimates first; measuring takes a run each."""
    node, number = query.node, request.number
    if cache.session.graph.towers:
        send(NeuronsReply(number, node, NeuronsData(node, (), 0, why=ONE_TOWER)))
        return
    edits = cache.possible(request.document)
    others = tuple(edit for edit in edits if getattr(edit.target, "whole", None) != node)
    kind = cache.cut_kind(request.document)
    kind = kind if kind in KINDS else "zero"
    direction = cache.direction(cache.cut_kind(request.document))
    edited = {edit.target for edit in edits}

    def data(table: Neurons) -> NeuronsData:
        chosen = _chosen(cache, table, others)
        rows = tuple(_row(cache, table, each, table.unit(each) in edited, chosen) for each in table.top(SHOWN))
        of, total = len(table.estimated), float(table.estimated.sum()) + table.rest
        words = REPLACED[kind] + (", with the other edits in place" if others else "")
        router = _router(cache, table, edits)
        return NeuronsData(node, rows, of, table.kind, words, total, table.rest, table.words, "", direction, router)

    def find() -> NeuronsData:
        try:
            gradients = gradients_of(cache, cache.session, cancelled)
            estimates = neurons(cache.session, node, replacement=kind, measure=False, gradients=gradients)
            send(NeuronsReply(number, node, data(estimates)))
            measured = neurons(cache.session, node, SHOWN, kind, edits=others, gradients=gradients, cancelled=cancelled)
        except Cancelled:
            raise
        except WirescopeError as error:
            return NeuronsData(node, (), 0, why=str(error))
        return data(measured)

    send(NeuronsReply(number, node, cache.answer(query, request, find)))


def _chosen(cache: SessionCache, table: Neurons, edits: tuple[Edit, ...]) -> Routing | None:
    """Of a mixture what its router says of A's positions: logits and weights, [position, experts]."""
    if table.kind != "expert":
        return None
    logits, weights = routing(cache.session, table.node, edits)
    return logits[0].cpu().double().numpy(), weights[0].cpu().double().numpy()


def _router(cache: SessionCache, table: Neurons, edits: tuple[Edit, ...]) -> RouterData | None:
    """The same at every position and with all edits, for a list of its own."""
    chosen = _chosen(cache, table, edits)
    if chosen is None:
        return None
    units = (edit.target for edit in edits if getattr(edit.target, "whole", None) == table.node)
    edited = frozenset(unit.head for unit in units if isinstance(unit, Node) and unit.is_unit)
    labels = tuple(position_label(cache, place) for place in range(len(chosen[0])))
    return RouterData(table.node, *chosen, labels, edited)


def _row(cache: SessionCache, table: Neurons, number: int, edited: bool, chosen: Routing | None) -> NeuronRow:
    place = int(abs(table.by_position[:, number]).argmax())
    label = position_label(cache, place)
    shown = label if cache.session.pair.grid is not None else visible_token(label)
    direct = None if table.direct is None else float(table.direct[number])
    estimated = float(table.estimated[number])
    router = ""
    if chosen is not None:
        logits, weights = chosen
        times, length = int((weights[:, number] > 0).sum()), len(weights)
        there = f"router logit {signed(float(logits[place, number]))}, weight {weights[place, number]:.2f}"
        router = f"chosen at {times} of {length} positions; at {shown}: {there}"
    return NeuronRow(table.unit(number), estimated, table.measured.get(number), direct, shown, edited, router)
