"""The canvas against its budgets: a pan step, a zoom step, a hit test, and how long new data hold up the window.

Milliseconds of the processor, which other work on the machine does not change: the canvas runs in one thread.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
from PySide6.QtCore import QPointF, QSize
from PySide6.QtWidgets import QApplication

from core.graph import Graph
from tests.benchmarks.table import Table
from views.canvas.canvas import Canvas
from views.canvas.data import CanvasData, EdgeMark

STEPS = 40
BUDGETS = ["budget", "16", "16", "2", "100", ""]


def tables() -> Iterator[Table]:
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    rows = [
        measure("32 layers x 32 heads, 5,000 edges", Graph(32, 32, 32), 5000, app),
        measure("100 layers x 9 heads, 5,000 edges", Graph(100, 9, 9), 5000, app),
        measure("32 layers x 32 heads, 200 edges", Graph(32, 32, 32), 200, app),
        measure("30 layers x 9 heads, 60 edges", Graph(30, 9, 3), 60, app),
        BUDGETS,
    ]
    heads = ("graph", "pan step", "zoom step", "hit test", "new data: longest hold-up", "until shown")
    yield Table("Canvas (milliseconds of the processor; medians, the hold-up at its worst)", heads, rows)


def measure(name: str, graph: Graph, count: int, app: QApplication) -> list[str]:
    generator = np.random.default_rng(0)
    chosen = generator.choice(graph.n_edges, size=count, replace=False)
    data = CanvasData(graph, tuple(EdgeMark(int(index), float(generator.normal())) for index in np.sort(chosen)))
    canvas = Canvas()
    canvas.resize(QSize(1000, 760))
    canvas.show()
    canvas.set_data(data)
    app.processEvents()
    canvas.settle()

    def painted(step: Callable[[int], object]) -> float:
        def once(number: int) -> None:
            step(number)
            canvas.repaint()

        return statistics.median(processor(lambda number=number: once(number)) for number in range(STEPS))  # type: ignore[misc]

    zoomed = painted(lambda number: canvas.zoom_by(1.03 if number % 20 < 10 else 1 / 1.03))
    canvas.zoom_by(1.8)
    canvas.settle()
    panned = painted(lambda number: canvas.look(canvas.camera.panned(3 if number % 20 < 10 else -3, 2)))
    points = [QPointF(float(x), float(y)) for x, y in generator.uniform((50, 50), (950, 700), size=(STEPS, 2))]
    canvas.target_at(points[0])
    hit = statistics.median(processor(lambda point=point: canvas.target_at(point)) for point in points)  # type: ignore[misc]
    canvas.frame_all()
    canvas.settle()
    held, shown = zip(*(new_data(canvas, data, number, app) for number in range(1, 8)), strict=True)
    canvas.close()
    canvas.deleteLater()
    app.processEvents()
    figures = (panned, zoomed, hit, max(held), statistics.median(shown))
    return [name, *(f"{value:.1f}" for value in figures)]


def new_data(canvas: Canvas, data: CanvasData, number: int, app: QApplication) -> tuple[float, float]:
    """The longest turn of the event loop, and all of them together, until other edges are on the screen."""
    other = CanvasData(data.graph, data.edges[: len(data.edges) - number])
    turns = [processor(lambda: canvas.set_data(other))]
    while not canvas.is_settled():
        turns.append(processor(app.processEvents))
    turns.append(processor(lambda: canvas.target_at(QPointF(400, 300))))  # the first hit test builds its tables
    return max(turns), sum(turns)


def processor(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return (time.thread_time() - started) * 1000
