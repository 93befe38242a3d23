"""The canvas as a user meets it: clicks, drags, wheel and keys, and what it tells the rest of the window."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from core.graph import INPUT, LOGITS, Graph, Node
from tests.views.canvas.samples import GROUPED, SMALL, canvas_data, head, random_data
from views import theme
from views.canvas.canvas import Canvas
from views.canvas.words import target_name
from views.data import NodeMark

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
PLAIN, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
EDGES = ("a0.h2->a2.h5<q>", "a2.h5->logits", "input->a0.h2<v>", "m1->a3.h6<k>", "a0.h2->m1")


@pytest.fixture
def canvas(qtbot) -> Canvas:
    return shown(qtbot, canvas_data(SMALL, *EDGES))


def shown(qtbot, data, width: int = 760, height: int = 540) -> Canvas:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(width, height)
    canvas.show()
    canvas.set_data(data)
    qtbot.waitExposed(canvas)
    return canvas


def click(canvas: Canvas, point: QPointF, modifiers=PLAIN) -> None:
    QTest.mouseClick(canvas, LEFT, modifiers, point.toPoint())


def drag(canvas: Canvas, start: QPointF, end: QPointF, button=LEFT, modifiers=PLAIN, release=True) -> None:
    QTest.mousePress(canvas, button, modifiers, start.toPoint())
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(canvas, (start + (end - start) * share).toPoint())
    if release:
        QTest.mouseRelease(canvas, button, modifiers, end.toPoint())


_STILL = QPoint()


def wheel(canvas: Canvas, point: QPointF, angle=_STILL, pixels=_STILL, phase=Qt.ScrollPhase.NoScrollPhase) -> None:
    event = QWheelEvent(point, canvas.mapToGlobal(point), pixels, angle, Qt.MouseButton.NoButton, PLAIN, phase, False)
    QApplication.sendEvent(canvas, event)


def edge(name: str, graph: Graph = SMALL):
    return graph.edge(graph.index(name))


def empty_point(canvas: Canvas) -> QPointF:
    """A point between nodes where no edge is."""
    for y in range(120, 420, 7):
        for x in range(150, 600, 11):
            if canvas.target_at(QPointF(x, y)) is None and canvas.target_at(QPointF(x + 1, y + 1)) is None:
                return QPointF(x, y)
    raise AssertionError("no empty place")


# ---- clicking ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EDGES)
def test_a_click_on_an_edge_selects_it(canvas, qtbot, name):
    with qtbot.waitSignal(canvas.selection_changed) as said:
        click(canvas, canvas.edge_point(SMALL.index(name)))
    assert said.args == [(edge(name),)]
    assert canvas.selection() == (edge(name),)


@pytest.mark.parametrize("node", [INPUT, LOGITS, head(0, 0), head(2, 5), Node("mlp", 3)], ids=str)
def test_a_click_on_a_node_selects_it(canvas, qtbot, node):
    with qtbot.waitSignal(canvas.selection_changed) as said:
        click(canvas, canvas.node_point(node))
    assert said.args == [(node,)]


@pytest.mark.parametrize("graph", [SMALL, GROUPED], ids=["4x8", "30x9"])
def test_every_edge_of_a_crowd_can_be_clicked_or_is_said_to_be_hidden(qtbot, graph):
    canvas = shown(qtbot, random_data(graph, 60))
    reached = 0
    for mark in canvas.scene.marks:
        try:
            point = canvas.edge_point(mark.index)
        except ValueError:
            continue
        assert point == QPointF(point.toPoint())  # where a mouse can be
        assert canvas.target_at(point) == graph.edge(mark.index)
        reached += 1
    assert reached >= 57


def test_an_edge_that_is_not_shown_has_no_point(canvas):
    with pytest.raises(ValueError, match=r"m0->m2 is not shown"):
        canvas.edge_point(SMALL.index("m0->m2"))


def test_a_click_on_nothing_clears_the_selection(canvas, qtbot):
    click(canvas, canvas.node_point(head(1, 1)))
    with qtbot.waitSignal(canvas.selection_changed) as said:
        click(canvas, empty_point(canvas))
    assert said.args == [()]


@pytest.mark.parametrize("modifier", [CTRL, SHIFT], ids=["ctrl", "shift"])
def test_a_modifier_extends_the_selection_and_takes_away(canvas, modifier):
    first, second = head(1, 1), edge(EDGES[1])
    click(canvas, canvas.node_point(first))
    click(canvas, canvas.edge_point(SMALL.index(EDGES[1])), modifier)
    assert canvas.selection() == (first, second)
    click(canvas, canvas.node_point(first), modifier)
    assert canvas.selection() == (second,)
    click(canvas, empty_point(canvas), modifier)
    assert canvas.selection() == (second,)


@pytest.mark.parametrize("tool", ["cut", "patch"])
def test_the_tools_ask_for_an_edit(canvas, qtbot, tool):
    canvas.tool = tool
    with qtbot.waitSignal(canvas.edit_requested) as said:
        click(canvas, canvas.edge_point(SMALL.index(EDGES[0])))
    assert said.args == [edge(EDGES[0]), tool]
    with qtbot.waitSignal(canvas.edit_requested) as said:
        click(canvas, canvas.node_point(head(3, 3)))
    assert said.args == [head(3, 3), tool]
    assert canvas.selection() == (head(3, 3),)


def test_select_and_empty_space_and_logits_ask_for_no_edit(canvas, qtbot):
    with qtbot.assertNotEmitted(canvas.edit_requested):
        click(canvas, canvas.node_point(head(3, 3)))
        canvas.tool = "cut"
        click(canvas, empty_point(canvas))
        click(canvas, canvas.node_point(LOGITS))


def test_setting_the_selection_says_nothing(canvas, qtbot):
    with qtbot.assertNotEmitted(canvas.selection_changed):
        canvas.set_selection((head(0, 0),))
        canvas.set_data(replace(canvas_data(SMALL, *EDGES), selection=(head(1, 0),)))
    assert canvas.selection() == (head(1, 0),)


# ---- hovering ------------------------------------------------------------------------------------------------


def test_hovering_names_the_target_once(canvas, qtbot):
    point = canvas.edge_point(SMALL.index(EDGES[0])).toPoint()
    with qtbot.waitSignal(canvas.hovered) as said:
        QTest.mouseMove(canvas, point)
    assert said.args == [edge(EDGES[0])]
    with qtbot.assertNotEmitted(canvas.hovered):
        QTest.mouseMove(canvas, point)
    with qtbot.waitSignal(canvas.hovered) as said:
        QTest.mouseMove(canvas, empty_point(canvas).toPoint())
    assert said.args == [None]


def test_the_tool_tip_says_name_and_value(canvas):
    tips = []
    for point in (canvas.edge_point(SMALL.index(EDGES[0])), canvas.edge_point(SMALL.index(EDGES[1]))):
        event = QHelpEvent(QEvent.Type.ToolTip, point.toPoint(), canvas.mapToGlobal(point.toPoint()))
        QApplication.sendEvent(canvas, event)
        tips.append(QToolTip.text())
    QToolTip.hideText()
    assert tips == ["a0.h2 → a2.h5 ⟨q⟩  +1.00 measured", "a2.h5 → logits  −0.500 estimated"]


def test_tab_goes_through_what_lies_under_the_pointer(canvas):
    canvas.set_data(canvas_data(SMALL, EDGES[0], "m0->a2.h5<k>", "a1.h1->a2.h5<v>"))
    point = canvas.node_point(head(2, 5)) + QPointF(0, 8)  # where they end
    QTest.mouseMove(canvas, point.toPoint())
    seen = []
    tips = []
    for _ in range(5):
        QTest.keyClick(canvas, Qt.Key.Key_Tab)
        seen.append(canvas.selection()[0])
        tips.append(QToolTip.text())
    QToolTip.hideText()
    assert seen[0] == head(2, 5)
    assert {target.name for target in seen[:4]} == {"a2.h5", EDGES[0], "m0->a2.h5<k>", "a1.h1->a2.h5<v>"}
    assert seen[4] == seen[0]
    for number, tip in enumerate(tips[:4]):  # each tip says what the next Tab brings
        assert tip.splitlines()[1] == f"Tab: {target_name(seen[number + 1])}  ·  {number + 1} of 4 here"
    QTest.keyClick(canvas, Qt.Key.Key_Backtab)
    assert canvas.selection() == (seen[3],)


# ---- dragging ------------------------------------------------------------------------------------------------


def test_a_rubber_band_selects_the_nodes_inside(canvas, qtbot):
    corner = QPointF(15, 15)
    start = canvas.node_point(head(2, 1)) - corner
    end = canvas.node_point(head(1, 2)) + corner
    assert canvas.target_at(start) is None
    with qtbot.waitSignal(canvas.selection_changed) as said:
        drag(canvas, start, end)
    assert set(said.args[0]) == {head(layer, number) for layer in (1, 2) for number in (1, 2)}
    click(canvas, canvas.node_point(head(3, 7)))
    drag(canvas, start, end, modifiers=CTRL)
    assert len(canvas.selection()) == 5


def test_escape_cancels_a_rubber_band_and_then_clears(canvas, qtbot):
    click(canvas, canvas.node_point(head(3, 7)))
    start = canvas.node_point(head(2, 1)) - QPointF(15, 15)
    with qtbot.assertNotEmitted(canvas.selection_changed):
        drag(canvas, start, start + QPointF(200, 150), release=False)
        QTest.keyClick(canvas, Qt.Key.Key_Escape)
        QTest.mouseRelease(canvas, LEFT, PLAIN, (start + QPointF(200, 150)).toPoint())
    assert canvas.selection() == (head(3, 7),)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.selection() == ()


@pytest.mark.parametrize("way", ["middle", "space", "from a node"])
def test_dragging_pans(canvas, qtbot, way):
    before = canvas.node_point(head(1, 1))
    start = canvas.node_point(head(2, 2)) if way == "from a node" else empty_point(canvas)
    with qtbot.assertNotEmitted(canvas.selection_changed):
        if way == "space":
            QTest.keyPress(canvas, Qt.Key.Key_Space)
        drag(canvas, start, start + QPointF(40, 25), button=MIDDLE if way == "middle" else LEFT)
        if way == "space":
            QTest.keyRelease(canvas, Qt.Key.Key_Space)
    moved = canvas.node_point(head(1, 1)) - before
    assert moved.toTuple() == pytest.approx((40, 25), abs=1.0)


def test_escape_takes_a_pan_back(canvas):
    before = canvas.node_point(head(1, 1))
    start = empty_point(canvas)
    drag(canvas, start, start + QPointF(60, 10), button=MIDDLE, release=False)
    assert canvas.node_point(head(1, 1)) != before
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.node_point(head(1, 1)) == before
    QTest.mouseRelease(canvas, MIDDLE, PLAIN, start.toPoint())


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
