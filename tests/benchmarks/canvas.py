"""The canvas: a pan step, a zoom step, a hit test, and new data."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

import numpy as np
from PySide6.QtCore import QPointF, QSize
from PySide6.QtWidgets import QApplication

from core.graph import Graph
from tests.benchmarks.table import Table, milliseconds
from views.canvas.canvas import Canvas
from views.data import CanvasData, EdgeMark

STEPS = 40


def tables() -> Iterator[Table]:
    app = QApplication.instance() or QApplication([])
    rows = [
        measure("32 layers x 32 heads, 5,000 edges", Graph(32, 32, 32), 5000, app),
        measure("30 layers x 9 heads, 60 edges", Graph(30, 9, 3), 60, app),
    ]
    yield Table("Canvas (milliseconds, medians)", ("graph", "pan step", "zoom step", "hit test", "new data"), rows)


def measure(name: str, graph: Graph, count: int, app: object) -> list[str]:
    assert isinstance(app, QApplication)
    generator = np.random.default_rng(0)
    chosen = generator.choice(graph.n_edges, size=count, replace=False)
    data = CanvasData(graph, tuple(EdgeMark(int(index), float(generator.normal())) for index in np.sort(chosen)))
    canvas = Canvas()
    canvas.resize(QSize(1000, 760))
    canvas.show()
    canvas.set_data(data)
    app.processEvents()

    def painted(step: Callable[[int], object]) -> float:
        def once(number: int) -> None:
            step(number)
            canvas.repaint()

        return statistics.median(milliseconds(lambda number=number: once(number)) for number in range(STEPS))  # type: ignore[misc]

    zoomed = painted(lambda number: canvas.zoom_by(1.03 if number % 20 < 10 else 1 / 1.03))
    canvas.zoom_by(1.8)
    panned = painted(lambda number: canvas.look(canvas.camera.panned(3 if number % 20 < 10 else -3, 2)))
    points = [QPointF(float(x), float(y)) for x, y in generator.uniform((50, 50), (950, 700), size=(STEPS, 2))]
    hit = statistics.median(milliseconds(lambda point=point: canvas.target_at(point)) for point in points)  # type: ignore[misc]
    canvas.frame_all()
    fresh = painted(lambda number: canvas.set_data(CanvasData(graph, data.edges[: count - number])))
    canvas.close()
    canvas.deleteLater()
    return [name, *(f"{value:.1f}" for value in (panned, zoomed, hit, fresh))]
