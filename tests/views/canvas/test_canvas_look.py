"""What is seen on the canvas, and what a screen reader hears of it."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from tests.views.canvas.hand import (
    EDGES,
    MIDDLE,
    click,
    drag,
    edge,
    empty_point,
    shown,
    wheel,
)
from tests.views.canvas.samples import SMALL, canvas_data, head
from views import theme
from views.canvas.canvas import Canvas
from views.canvas.data import NodeMark

# ---- what is seen --------------------------------------------------------------------------------------------


def picture(canvas: Canvas) -> QImage:
    canvas.settle()
    return canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def colors_round(image: QImage, point: QPointF, reach: int = 3) -> set[str]:
    at, ratio = point.toPoint(), image.devicePixelRatio()
    return {
        image.pixelColor(round((at.x() + dx) * ratio), round((at.y() + dy) * ratio)).name()
        for dx in range(-reach, reach + 1)
        for dy in range(-reach, reach + 1)
    }


@pytest.fixture(params=["dark", "light"])
def look(request, qapp):
    theme.set_choice(request.param)
    yield theme.current()
    theme.set_choice("system")


def test_blue_raises_and_orange_lowers(qtbot, look):
    data = canvas_data(SMALL, "m0->a2.h1<q>", "m0->a2.h6<q>")
    marks = (replace(data.edges[0], value=2.0, measured=True), replace(data.edges[1], value=-2.0, measured=True))
    canvas = shown(qtbot, replace(data, edges=marks))
    image = picture(canvas)
    assert look.positive in colors_round(image, canvas.edge_point(marks[0].index))
    assert look.negative in colors_round(image, canvas.edge_point(marks[1].index))


def test_the_selection_is_ringed_in_its_colour(qtbot, look):
    canvas = shown(qtbot, canvas_data(SMALL, *EDGES))
    assert look.selection not in colors_round(picture(canvas), canvas.node_point(head(1, 3)), 16)
    canvas.set_selection((head(1, 3),))
    assert look.selection in colors_round(picture(canvas), canvas.node_point(head(1, 3)), 16)


def test_the_theme_changes_at_once(canvas, qapp):
    for choice in ("light", "dark"):
        theme.set_choice(choice)
        image = picture(canvas)
        assert image.pixelColor(30, image.height() - 30) == QColor(theme.current().panel)
    theme.set_choice("system")


def test_a_cut_edge_is_broken_in_the_middle(qtbot):
    data = canvas_data(SMALL, "a0.h0->a3.h7<q>")
    whole = shown(qtbot, data)
    mark = replace(data.edges[0], edited="zero", label="−1.47")
    cut = shown(qtbot, replace(data, edges=(mark,)))
    point = QPointF(*whole.camera.to_widget(whole.scene.points[0][16]))
    ink = colors_round(picture(whole), point, 1)
    assert not ink & colors_round(picture(cut), point, 1)
    pill = cut._cache.labels.pills
    assert [p.text for p in pill] == ["−1.47"]
    assert pill[0].rect.contains(point)


def test_an_edited_node_shows_its_change(qtbot):
    data = canvas_data(SMALL, *EDGES)
    canvas = shown(qtbot, replace(data, nodes={head(1, 1): NodeMark(edited="patch", label="+0.20")}))
    picture(canvas)
    assert [(p.kind, p.text) for p in canvas._cache.labels.pills] == [("patch", "+0.20")]


def test_the_picture_is_the_same_however_it_was_reached(canvas):
    """The kept picture, moved, is what would be painted anew."""
    picture(canvas)
    start = empty_point(canvas)
    drag(canvas, start, start + QPointF(17, 11), button=MIDDLE)
    moved = picture(canvas)
    canvas._cache.shown = None
    assert picture(canvas) == moved


def test_an_error_while_painting_is_logged_once(canvas, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("no paint")

    monkeypatch.setattr(canvas, "_paint_world", fail)
    canvas.repaint()
    canvas.repaint()
    assert [record.message for record in caplog.records] == ["The canvas could not be painted."]


def test_screen_readers_hear_what_is_shown(canvas):
    assert canvas.accessibleName() == "Graph of the model"
    assert "5 of 1,519 edges are shown" in canvas.accessibleDescription()
    canvas.set_selection((edge(EDGES[0]), head(1, 1)))
    assert "Selected: a0.h2 → a2.h5 ⟨q⟩, a1.h1." in canvas.accessibleDescription()


def test_before_any_data_nothing_happens(qtbot):
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.show()
    click(canvas, QPointF(100, 100))
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    canvas.zoom_by(2.0)
    canvas.frame_all()
    canvas.frame_selection()
    wheel(canvas, QPointF(100, 100), angle=QPoint(0, 120))
    wheel(canvas, QPointF(100, 100), angle=QPoint(480, 0))
    picture(canvas)
    assert canvas.selection() == ()
