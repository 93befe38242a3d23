"""Where the canvas is looked at: the wheel, framing, and walking with the keys."""

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtTest import QTest

from tests.views.canvas.hand import ALT, EDGES, PLAIN, SHIFT, click, edge, wheel
from tests.views.canvas.samples import GROUPED, SMALL, canvas_data, head
from views.canvas.canvas import Canvas

# ---- zooming and framing -------------------------------------------------------------------------------------


def test_the_wheel_zooms_at_the_pointer(canvas):
    at = canvas.node_point(head(2, 6))
    scale = canvas.camera.scale
    wheel(canvas, at, angle=QPoint(0, 120))
    assert canvas.camera.scale == pytest.approx(1.2 * scale)
    assert canvas.node_point(head(2, 6)).toTuple() == pytest.approx(at.toTuple())
    wheel(canvas, at, angle=QPoint(0, -120))
    assert canvas.camera.scale == pytest.approx(scale)


def test_a_touch_pad_zooms_by_pixels(canvas):
    at, scale = QPointF(300, 200), canvas.camera.scale
    for _ in range(8):
        wheel(canvas, at, QPoint(0, 15), QPoint(0, 10), Qt.ScrollPhase.ScrollUpdate)
    assert canvas.camera.scale == pytest.approx(1.2 * scale)


def test_zoom_has_ends(canvas):
    for _ in range(60):
        canvas.zoom_by(2.0)
    near = 2 * canvas.scene.layout.radius * canvas.camera.scale
    for _ in range(60):
        canvas.zoom_by(0.5)
    assert 60 < near < 300
    assert canvas.camera.scale > 0.2


def test_f_frames_the_selection_and_shift_f_all(canvas):
    home = canvas.camera
    canvas.set_selection((head(3, 1), head(2, 2)))
    QTest.keyClick(canvas, Qt.Key.Key_F)
    assert canvas.camera.scale > 1.3 * home.scale
    middle = (canvas.node_point(head(3, 1)) + canvas.node_point(head(2, 2))) / 2
    assert abs(middle.x() - canvas.width() / 2) < 60
    assert abs(middle.y() - canvas.height() / 2) < 60
    QTest.keyClick(canvas, Qt.Key.Key_F, SHIFT)
    assert canvas.camera == home


def test_new_data_does_not_move_the_view_but_a_new_graph_does(canvas):
    wheel(canvas, QPointF(300, 200), angle=QPoint(0, 360))
    before = canvas.camera
    canvas.set_data(canvas_data(SMALL, EDGES[1]))
    assert canvas.camera == before
    canvas.set_data(canvas_data(GROUPED))
    assert QRectF(canvas.rect()).contains(canvas.camera.rect(canvas.scene.layout.bounds))


def test_resizing_frames_again_or_keeps_the_middle(canvas, qtbot):
    canvas.resize(500, 420)
    assert QRectF(canvas.rect()).contains(canvas.camera.rect(canvas.scene.layout.bounds))
    canvas.camera = canvas.camera.centred(canvas.scene.layout.position(head(2, 2)), canvas.view_size())
    canvas.zoom_by(3.0)
    canvas.resize(700, 600)
    point = canvas.node_point(head(2, 2))
    assert point.toTuple() == pytest.approx((350, 300), abs=1)


def test_the_mini_map_shows_only_while_something_is_out_of_view_and_pans(canvas):
    assert canvas.map_box() is None
    canvas.zoom_by(4.0)
    box = canvas.map_box()
    assert box is not None
    assert QRectF(canvas.rect()).contains(box)
    assert not QRectF(canvas.rect()).contains(canvas.node_point(head(3, 0)))
    click(canvas, QPointF(box.left() + 12, box.top() + 24))
    assert QRectF(canvas.rect()).contains(canvas.node_point(head(3, 0)))
    assert canvas.selection() == ()


# ---- walking -------------------------------------------------------------------------------------------------


def walk(canvas: Canvas, key: Qt.Key, modifiers=PLAIN) -> str:
    QTest.keyClick(canvas, key, modifiers)
    return ", ".join(target.name for target in canvas.selection())


def test_arrows_walk_on_the_grid(canvas):
    assert walk(canvas, Qt.Key.Key_Up) == "input"
    assert walk(canvas, Qt.Key.Key_Up) == "a0.h0"
    assert walk(canvas, Qt.Key.Key_Right) == "a0.h1"
    assert walk(canvas, Qt.Key.Key_Up) == "a1.h1"
    assert [walk(canvas, Qt.Key.Key_Right) for _ in range(8)][-2:] == ["m1", "m1"]
    assert walk(canvas, Qt.Key.Key_Left) == "a1.h7"
    assert [walk(canvas, Qt.Key.Key_Up) for _ in range(4)] == ["a2.h7", "a3.h7", "logits", "logits"]
    assert walk(canvas, Qt.Key.Key_Down) == "a3.h7"  # back in the column that it left


def test_alt_arrows_follow_the_strongest_edge(canvas):
    canvas.set_selection((head(0, 2),))
    assert walk(canvas, Qt.Key.Key_Up, ALT) == "a2.h5"
    assert walk(canvas, Qt.Key.Key_Up, ALT) == "logits"
    assert walk(canvas, Qt.Key.Key_Down, ALT) == "a2.h5"
    assert walk(canvas, Qt.Key.Key_Down, ALT) == "a0.h2"
    assert walk(canvas, Qt.Key.Key_Down, ALT) == "input"
    assert walk(canvas, Qt.Key.Key_Down, ALT) == "input"


def test_enter_goes_by_way_of_the_edge(canvas):
    canvas.set_selection((head(0, 2),))
    assert walk(canvas, Qt.Key.Key_Return) == EDGES[0]
    assert walk(canvas, Qt.Key.Key_Return) == "a2.h5"


def test_arrows_on_an_edge(canvas):
    canvas.set_data(canvas_data(SMALL, "m0->a2.h1<q>", "a1.h3->a2.h1<k>", "a0.h0->a2.h1<q>", "m0->m3"))
    canvas.set_selection((edge("m0->a2.h1<q>"),))
    assert walk(canvas, Qt.Key.Key_Right) == "a1.h3->a2.h1<k>"
    assert walk(canvas, Qt.Key.Key_Right) == "a0.h0->a2.h1<q>"
    assert walk(canvas, Qt.Key.Key_Left) == "a1.h3->a2.h1<k>"
    assert walk(canvas, Qt.Key.Key_Down) == "a1.h3"


def test_a_walk_out_of_view_takes_the_view_along(canvas):
    canvas.set_selection((head(0, 0),))
    QTest.keyClick(canvas, Qt.Key.Key_F)
    for _ in range(3):
        walk(canvas, Qt.Key.Key_Up)
    assert QRectF(canvas.rect()).contains(canvas.node_point(head(3, 0)))
