"""The strip under the canvas in little room: what stays unexplained is always to be seen as a number."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from views import theme
from views.panels.circuit.data import CircuitData, KeptData, RuleData
from views.panels.circuit.panel import FaithfulnessPanel

NARROW = 525  # pixels that it has in a window of 1024


def strip(show, edges: int, size: int, share: float, width: int = NARROW, **more) -> FaithfulnessPanel:
    kept = KeptData(size, size, share, 0.0, 3.0, 4.0, replaced="replaced from B", **more)
    panel = show(FaithfulnessPanel(), width, 100)
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
    panel = show(FaithfulnessPanel(), 1400, 100)
    said = (("top", "best edges recover", "those that lead"), ("x", "edges chosen by x recover", "what x keeps"))
    for rule, title, tip in said:
        panel.set_data(CircuitData(479, 48, 48, kept, can_trace=True, rules=rules, rule=rule))
        assert title in panel.title.text()
        assert tip in panel.track.toolTip()


def test_a_rule_that_cannot_choose_says_why(show, qtbot) -> None:
    """Also under the pointer: Qt shows the tips of grey lines, too."""
    rules = (RuleData("top", "Best scores", "the best"), RuleData("x", "X", "x", "it takes long", "chosen by x"))
    panel = show(FaithfulnessPanel(), 1400, 100)
    panel.set_data(CircuitData(479, 48, None, can_trace=True, rules=rules, rule="top"))
    panel.rule.showPopup()
    view = panel.rule.view()
    place = view.visualRect(panel.rule.model().index(1, 0)).center()
    event = QHelpEvent(QEvent.Type.ToolTip, place, view.viewport().mapToGlobal(place))
    QApplication.sendEvent(view.viewport(), event)
    qtbot.waitUntil(lambda: "it takes long" in QToolTip.text())
    panel.rule.hidePopup()
