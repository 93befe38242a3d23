"""The canvas as a user meets it: clicks and drags, and what it tells the rest of the window."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from core.graph import INPUT, LOGITS, Node
from tests.views.canvas.hand import (
    CTRL,
    EDGES,
    LEFT,
    MIDDLE,
    PLAIN,
    SHIFT,
    click,
    drag,
    edge,
    empty_point,
    shown,
)
from tests.views.canvas.samples import GROUPED, SMALL, canvas_data, head, random_data
from views.canvas.words import target_name

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


def test_the_pointer_shows_what_can_be_clicked(canvas, qtbot):
    QTest.mouseMove(canvas, canvas.edge_point(SMALL.index(EDGES[0])).toPoint())
    qtbot.waitUntil(lambda: canvas.cursor().shape() == Qt.CursorShape.PointingHandCursor)
    QTest.mouseMove(canvas, empty_point(canvas).toPoint())
    qtbot.waitUntil(lambda: canvas.cursor().shape() == Qt.CursorShape.ArrowCursor)


def test_the_tool_tip_says_name_and_value(canvas):
    tips = []
    for point in (canvas.edge_point(SMALL.index(EDGES[0])), canvas.edge_point(SMALL.index(EDGES[1]))):
        event = QHelpEvent(QEvent.Type.ToolTip, point.toPoint(), canvas.mapToGlobal(point.toPoint()))
        QApplication.sendEvent(canvas, event)
        tips.append(QToolTip.text())
    QToolTip.hideText()
    assert tips == ["a0.h2 → a2.h5 ⟨q⟩  change −1.00 measured", "a2.h5 → logits  change +0.500 estimated"]


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
