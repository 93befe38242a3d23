"""The strip under the canvas in little room: what stays unexplained is always to be seen as a number."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPointF, QRectF
from PySide6.QtGui import QHelpEvent, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QToolTip

from views import theme
from views.panels.circuit.data import CircuitData, KeptData, RuleData
from views.panels.circuit.panel import ThresholdStrip
from views.panels.circuit.track import axis_width

NARROW = 525  # pixels that it has in a window of 1024


def strip(show, edges: int, size: int, share: float, width: int = NARROW, **more) -> ThresholdStrip:
    kept = KeptData(size, size, share, 0.0, 3.0, 4.0, replaced="replaced from B", **more)
    panel = show(ThresholdStrip(), width, 100)
    data = CircuitData(edges, 48, size, kept, can_trace=True, can_measure=True)
    panel.set_data(data)
    QApplication.processEvents()
    return panel


@pytest.fixture(params=[100, 150])
def percent(request) -> Iterator[int]:
    theme.set_text_percent(request.param)
    yield request.param
    theme.set_text_percent(100)


@pytest.mark.usefixtures("percent")
@pytest.mark.parametrize("width", [NARROW, 760, 1400])
@pytest.mark.parametrize(
    ("edges", "size", "share", "more", "said"),
    [
        (479, 48, 0.84, {}, "16 % unexplained"),
        (70_651, 707, 0.874, {"pairs": 100, "band": (0.83, 0.91)}, "13 % unexplained"),
        (70_651, 70_651, 1.0, {"pairs": 100, "band": (1.0, 1.0)}, "0 % unexplained"),
        (70_651, 1_413, -0.534, {}, "nothing"),
        (70_651, 707, 1.27, {"pairs": 8, "band": (1.2, 1.34)}, "27 % "),
    ],
)
def test_what_stays_unexplained_is_never_dropped(show, width, edges, size, share, more, said) -> None:
    panel = strip(show, edges, size, share, width, **more)
    title, note = panel.title, panel.note
    assert said in title.text()
    assert "random 0 %" in note.text() or "random edges 0 %" in note.text()
    for label in (title, note):  # whole, not elided
        assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()
    if share > 1:
        assert "too much" in title.text() or "above the whole" in title.text()
    if more:
        assert "±" in title.text()


def test_the_strip_says_by_which_rule_edges_are_chosen(show) -> None:
    rules = (RuleData("top", "Best scores", "the best"), RuleData("x", "X", "what x keeps", "", "chosen by x"))
    kept = KeptData(48, 48, 0.8, 0.0, 3.0, 4.0)
    panel = show(ThresholdStrip(), 1400, 100)
    said = (("top", "best edges recover", "those that lead"), ("x", "edges chosen by x recover", "what x keeps"))
    for rule, title, tip in said:
        panel.set_data(CircuitData(479, 48, 48, kept, can_trace=True, rules=rules, rule=rule))
        assert title in panel.title.text()
        assert tip in panel.track.toolTip()


def test_a_rule_that_cannot_choose_says_why(show, qtbot) -> None:
    """Also under the pointer: Qt shows the tips of grey lines, too."""
    rules = (RuleData("top", "Best scores", "the best"), RuleData("x", "X", "x", "it takes long", "chosen by x"))
    panel = show(ThresholdStrip(), 1400, 100)
    panel.set_data(CircuitData(479, 48, None, can_trace=True, rules=rules, rule="top"))
    panel.rule.showPopup()
    view = panel.rule.view()
    place = view.visualRect(panel.rule.model().index(1, 0)).center()
    event = QHelpEvent(QEvent.Type.ToolTip, place, view.viewport().mapToGlobal(place))
    QApplication.sendEvent(view.viewport(), event)
    qtbot.waitUntil(lambda: "it takes long" in QToolTip.text())
    panel.rule.hidePopup()


@pytest.mark.usefixtures("percent")
def test_which_edges_are_the_best_ones_is_said_in_little_room(show) -> None:
    kept = KeptData(75, 75, 0.85, 0.0, 3.0, 4.0, replaced="replaced from B")
    panel = show(ThresholdStrip(), 620, 120)
    panel.set_data(CircuitData(1519, 48, 75, kept, ranked="EAP-IG over this pair", can_trace=True, can_measure=True))
    QApplication.processEvents()
    assert "by EAP-IG" in panel.note.text()
    assert panel.note.fontMetrics().horizontalAdvance(panel.note.text()) <= panel.note.width(), panel.note.text()


@pytest.mark.usefixtures("percent")
def test_the_invitation_to_trace_covers_nothing_that_is_written(show) -> None:
    panel = show(ThresholdStrip(), 620, 120)
    panel.set_slim(True)
    panel.set_data(CircuitData(1519, 48, None, None, can_trace=True))
    QApplication.processEvents()
    axis = panel.track.width() - axis_width()
    assert panel.trace.isVisible()
    assert panel.trace.geometry().right() <= axis
    written: list[QRectF] = []

    class Seen(QPainter):
        def drawText(self, *where) -> None:
            if isinstance(where[0], QPointF):
                width = self.fontMetrics().horizontalAdvance(where[1])
                ascent = self.fontMetrics().ascent()
                written.append(QRectF(where[0].x(), where[0].y() - ascent, width, ascent))

    picture = QPixmap(panel.track.size())
    painter = Seen(picture)
    panel.track.draw(painter)
    painter.end()
    assert len(written) > 2
    assert not [box for box in written if box.intersects(QRectF(panel.trace.geometry()))]


def test_before_edges_are_scored_none_is_said_to_be_shown(show) -> None:
    panel = show(ThresholdStrip(), 620, 120)
    panel.set_data(CircuitData(1519, 48))
    assert panel.title.text() == "no edges are scored yet"
    panel.set_data(CircuitData(1519, 48, can_trace=True))
    assert "48 strongest" in panel.title.text()
