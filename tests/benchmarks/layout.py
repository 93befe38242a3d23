"""Compact drawings of circuits: lines that cross with fast-sugiyama's order of the rows and with the model's own, and
how long a call of the library takes, which holds Python's lock and cannot be given up. Places and bends are the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from unittest.mock import patch

import numpy as np

import wirescope as ws
from core.graph import Edge, Graph
from core.models import packs
from core.pictures import layered
from tests.benchmarks.table import Table

MODELS = ("bundled:names", "pack:smollm2")
CLEAN = "When Mary and John went to the store, John gave a drink to"
EDGES = (12, 60, 250, 1000)
COUNTED = 250  # edges at most: each curve is set against each other one, piece by piece
NAME = 6.0  # pixels of a letter


def tables() -> Iterator[Table]:
    rows = []
    for name in MODELS:
        if name.startswith("pack:") and not packs.is_installed(name.removeprefix("pack:")):
            continue
        model = ws.load_model(name)
        pair = model.pair(CLEAN, CLEAN.replace("Mary", "Tom"))
        scores = ws.trace(ws.Session(model, pair, metric=ws.logit_difference(" Mary", " Tom")), method="eap")
        for count in EDGES:
            edges = [*scores.top(count)]
            rows.append((name, f"{count:,}", *_both(scores.graph, edges)))
    columns = ("model", "edges", "library's order", "model's order", "drawn in", "library", "without the limit")
    yield Table("Crossings of lines in compact drawings", columns, rows)


def _both(graph: Graph, edges: Sequence[Edge]) -> Iterator[str]:
    """Crossings, and seconds: of the drawing, of the library within it, and of the library without the limit."""
    laid, seconds, library = _drawn(graph, edges, layered.MOST_STEPS)
    few = len(edges) <= COUNTED
    yield f"{_crossings(laid):,}" if few else "not counted"
    yield f"{_crossings(_drawn(graph, edges, 0)[0]):,}" if few else "not counted"
    yield f"{seconds:.2f} s"
    yield f"{library:.3f} s"
    yield f"{_drawn(graph, edges, 10**9)[2]:.3f} s"


def _drawn(graph: Graph, edges: Sequence[Edge], most: int) -> tuple[layered.Layered, float, float]:
    """Also the processor's seconds that all of it and the library took."""
    spent = 0.0

    def timed(*given: object) -> object:
        nonlocal spent
        started = time.process_time()
        output = wanted(*given)  # type: ignore[arg-type]
        spent += time.process_time() - started
        return output

    wanted = layered._wanted
    started = time.process_time()
    with patch.object(layered, "_wanted", timed), patch.object(layered, "MOST_STEPS", most):
        laid = layered.lay_out(graph, edges, lambda text: NAME * len(text), layered.sizes_for(edges))
    return laid, time.process_time() - started, spent


def _crossings(laid: layered.Layered) -> int:
    """Of the drawing's curves, each two once."""
    points = np.stack([layered._bernstein() @ np.array(line.points) for line in laid.lines])
    begin, end = points[:, :-1], points[:, 1:]
    crossings = 0
    for place in range(len(points) - 1):
        a, b = (side[place][:, None, None] for side in (begin, end))
        c, d = begin[None, place + 1 :], end[None, place + 1 :]
        apart = layered._side(c, d, a) * layered._side(c, d, b) < 0
        crossings += int((apart & (layered._side(a, b, c) * layered._side(a, b, d) < 0)).any(axis=(0, 2)).sum())
    return crossings
