"""Lines that cross in compact drawings of circuits: with the order of `core.pictures.layered`, with that of
fast-sugiyama (MIT) where it is installed, and with the model's own order, as networkx.multipartite_layout leaves it.
Places, bends and all else are the same; rows are given.

fast-sugiyama finds layers by itself. A chain of nodes beside the circuit, one a row, holds every node in its row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

import wirescope as ws
from core.graph import Edge, Graph
from core.models import packs
from core.pictures import layered
from tests.benchmarks.table import Table

MODELS = ("bundled:names", "pack:smollm2")
CLEAN = "When Mary and John went to the store, John gave a drink to"
EDGES = (12, 60, 250)
NAME = 6.0  # pixels of a letter
Order = Callable[[list[list[int]], NDArray[np.int64], int], None]  # rows, which it puts in order; pairs; nodes


def tables() -> Iterator[Table]:
    orders: dict[str, Order | None] = {"ours": None, "the model's": lambda *_: None}
    if find_spec("fast_sugiyama") is not None:
        orders |= {f"fast-sugiyama, {how}": _fast_sugiyama(how) for how in ("barycenter", "median")}
    rows = []
    for name in MODELS:
        if name.startswith("pack:") and not packs.is_installed(name.removeprefix("pack:")):
            continue
        model = ws.load_model(name)
        pair = model.pair(CLEAN, CLEAN.replace("Mary", "Tom"))
        scores = ws.trace(ws.Session(model, pair, metric=ws.logit_difference(" Mary", " Tom")), method="eap")
        for count in EDGES:
            found = [_crossings(scores.graph, [*scores.top(count)], order) for order in orders.values()]
            rows.append((name, f"{count}", *(f"{lines:,} ({seconds:.2f} s)" for lines, seconds in found)))
    yield Table("Crossings of lines in compact drawings (processor time)", ("model", "edges", *orders), rows)


def _crossings(graph: Graph, edges: Sequence[Edge], order: Order | None) -> tuple[int, float]:
    """Of the drawing's curves, each two once; and the seconds that it took to lay out."""
    middles = layered._middles if order is None else _middles_by(order)
    started = time.process_time()
    with patch.object(layered, "_middles", middles):
        laid = layered.lay_out(graph, edges, lambda text: NAME * len(text), layered.sizes_for(edges))
    seconds = time.process_time() - started
    points = np.stack([layered._bernstein() @ np.array(line.points) for line in laid.lines])
    begin, end = points[:, :-1], points[:, 1:]
    found = 0
    for place in range(len(points) - 1):
        a, b = (side[place][:, None, None] for side in (begin, end))
        c, d = begin[None, place + 1 :], end[None, place + 1 :]
        apart = layered._side(c, d, a) * layered._side(c, d, b) < 0
        found += int((apart & (layered._side(a, b, c) * layered._side(a, b, d) < 0)).any(axis=(0, 2)).sum())
    return found, seconds


def _middles_by(order: Order) -> Callable[..., NDArray[np.float64]]:
    """Places of nodes whose order is given: as `core.pictures.layered` finds them, with no change of the order."""

    def middles(
        rows: list[list[int]],
        widths: NDArray[np.float64],
        pairs: NDArray[np.int64],
        groups: NDArray[np.int64],
        sizes: layered.Sizes,
        cancelled: Callable[[], bool],
    ) -> NDArray[np.float64]:
        order(rows, pairs, len(widths))
        joined = np.zeros((len(widths), len(widths)))
        np.add.at(joined, (pairs[:, 0], pairs[:, 1]), 1.0)
        joined += joined.T
        found = np.zeros(len(widths))
        for row in rows:
            found[row] = layered._spread(np.full(len(row), sizes.width / 2), widths[row], sizes)
        for sweep in range(layered.SWEEPS):
            for row in rows if sweep % 2 == 0 else reversed(rows):
                wanted = joined[row] @ found / joined[row].sum(axis=1)
                found[row] = layered._spread(wanted, widths[row], sizes)
        return found

    return middles


def _fast_sugiyama(how: str) -> Order:
    def put_in_order(rows: list[list[int]], pairs: NDArray[np.int64], nodes: int) -> None:
        library: Any = import_module("fast_sugiyama")
        edges = {(int(writer), int(reader)) for writer, reader in pairs}
        for place, row in enumerate(rows):
            edges |= {(nodes + place - 1, node) for node in [*row, nodes + place] if place > 0}
            edges |= {(node, nodes + place + 1) for node in row if place < len(rows) - 1}
        (laid,) = library.from_edges(sorted(edges), crossing_minimization=how)
        places = dict(laid[0])
        for row in rows:
            assert len({places[node][1] for node in row}) == 1, "each node is in its row"
            row.sort(key=lambda node: places[node][0])

    return put_in_order
