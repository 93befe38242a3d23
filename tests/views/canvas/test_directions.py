"""Marks that tell what a node reads from what it writes, what the mini-map shows, and notices on an empty canvas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from tests.views.canvas.samples import SMALL, canvas_data, head
from views import theme
from views.canvas.canvas import Canvas
from views.canvas.data import CanvasData, NodeChanges

EDGES = ("a0.h2->a2.h5<q>", "a2.h5->m3", "m0->a3.h6<k>")
HERE = head(2, 5)


@pytest.fixture
def canvas(qtbot) -> Canvas:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(760, 540)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.set_data(canvas_data(SMALL, *EDGES))
    return canvas


def picture(canvas: Canvas, data: CanvasData | None = None) -> QImage:
    if data is not None:
        canvas.set_data(data)
    canvas.settle()
    return canvas.grab().toImage()


def differing(one: QImage, other: QImage, centre: QPointF, reach: int = 9) -> int:
    """How many pixels differ in a square round a point."""
    x, y = round(centre.x()), round(centre.y())
    return sum(
        one.pixel(x + dx, y + dy) != other.pixel(x + dx, y + dy)
        for dx in range(-reach, reach + 1)
        for dy in range(-reach, reach + 1)
    )


def ends(canvas: Canvas, name: str) -> tuple[QPointF, QPointF]:
    place = canvas.scene.order_of[SMALL.index(name)]
    controls = canvas.camera.to_widget(canvas.scene.curves.controls[place])
    return QPointF(*controls[0]), QPointF(*controls[3])


def test_a_dot_is_where_the_node_reads_and_an_arrow_where_it_writes(canvas: Canvas) -> None:
    before = picture(canvas)
    canvas.set_selection((HERE,))
    after = picture(canvas)
    start, _ = ends(canvas, EDGES[0])  # leaves the node that is read
    _, finish = ends(canvas, EDGES[1])  # ends where it is written to
    assert differing(before, after, start - QPointF(0, 5), 4) > 20
    assert differing(before, after, finish + QPointF(0, 4), 4) > 15
    read = [after.pixelColor(round(start.x()) + dx, round(start.y()) - 5) for dx in range(-3, 4)]
    assert len({color.name() for color in read[2:-2]}) == 1  # a full dot
    row = round(finish.y()) + 6
    wide = sum(after.pixel(x, row) != before.pixel(x, row) for x in range(round(finish.x()) - 8, round(finish.x()) + 9))
    tip = round(finish.y()) + 2
    thin = sum(after.pixel(x, tip) != before.pixel(x, tip) for x in range(round(finish.x()) - 8, round(finish.x()) + 9))
    assert wide > thin  # it points at the node


def test_the_legend_of_the_marks_comes_with_a_node(canvas: Canvas) -> None:
    corner = QPointF(60, 540 - 18)
    before = picture(canvas)
    canvas.set_selection((SMALL.edge(SMALL.index(EDGES[1])),))
    assert not differing(before, picture(canvas), corner)
    canvas.set_selection((HERE,))
    assert differing(before, picture(canvas), corner)


def test_nodes_are_filled_the_more_they_change(canvas: Canvas) -> None:
    count = SMALL.n_writers + 1
    values = np.linspace(0.0, 1.0, count)
    picture(canvas, replace(canvas_data(SMALL, *EDGES), changes=NodeChanges(values > 0.3, values)))
    inks = [canvas.scene.shade(node) for node in SMALL.nodes]
    assert inks == sorted(inks)
    assert inks[0] == 0
    assert inks[-1] == 8
    image = picture(canvas)
    panel = QColor(theme.current().panel).lightness()
    distances = [abs(_middle(canvas, image, head(layer, 7)).lightness() - panel) for layer in (1, 2, 3)]
    assert distances == sorted(distances)
    assert distances[-1] > distances[0] + 30
    before_measured = NodeChanges(values > 0.3)
    canvas.set_data(replace(canvas_data(SMALL, *EDGES), changes=before_measured))
    assert {canvas.scene.shade(node) for node in SMALL.nodes} == {0, 1}


def _middle(canvas: Canvas, image: QImage, node) -> QColor:
    return image.pixelColor((canvas.node_point(node) + QPointF(3, -3)).toPoint())


def test_the_mini_map_shows_edits_and_the_selection(canvas: Canvas) -> None:
    canvas.zoom_by(3.0)
    box = canvas.map_box()
    assert box is not None
    plain = picture(canvas)

    def changed(data: CanvasData) -> int:
        return differing(plain, picture(canvas, data), box.center(), 40)

    data = canvas_data(SMALL, *EDGES)
    cut = tuple(replace(mark, edited="zero") if mark.index == SMALL.index(EDGES[2]) else mark for mark in data.edges)
    assert changed(replace(data, edges=cut)) > 10
    assert changed(replace(data, selection=(HERE,))) > 5
    assert changed(replace(data, selection=(SMALL.edge(SMALL.index(EDGES[0])),))) > 10
    assert changed(data) == 0


def test_a_notice_is_on_the_canvas_and_heard(canvas: Canvas) -> None:
    before = picture(canvas)
    canvas.set_notice("A and B score alike, so there is no effect to trace.")
    assert differing(before, picture(canvas), QPointF(380, 270), 40) > 100
    assert "score alike" in canvas.accessibleDescription()
    canvas.set_notice("")
    assert not differing(before, picture(canvas), QPointF(380, 270), 40)


def test_a_notice_needs_no_graph(qtbot) -> None:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(500, 400)
    canvas.show()
    before = canvas.grab().toImage()
    canvas.set_notice("Opening gpt2 …")
    assert differing(before, canvas.grab().toImage(), QPointF(250, 200), 20) > 20
    assert canvas.accessibleDescription() == "Opening gpt2 …"


def test_a_click_on_the_count_asks_for_its_menu_and_selects_nothing(canvas: Canvas, qtbot) -> None:
    canvas.set_selection((HERE,))
    with qtbot.waitSignal(canvas.count_clicked):
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPointF(30, 20).toPoint())
    assert canvas.selection() == (HERE,)
