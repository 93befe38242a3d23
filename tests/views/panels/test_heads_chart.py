"""The figure of the dock *Heads*, where heads lack a score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QWidget

from views.panels.heads.data import AxisChoice, HeadRow, HeadsData
from views.panels.heads.figure import HeadsChart
from views.panels.heads.panel import HeadsPanel

ROWS = (
    HeadRow("a0.h0", "", None, None, 0.2, None),
    HeadRow("a0.h1", "induction", 0, 0.5, 0.4, 0.6),
    HeadRow("a1.h0", "", None, None, None, None),
)
CHOICES = (AxisChoice("one", "induction", 0.4, ""), AxisChoice("other", "copying", None, ""))
DATA = HeadsData(CHOICES, "one", "other", ROWS, ("induction",), ("a0.h0", "a0.h1"))


@pytest.mark.parametrize(("rows", "dots"), [(ROWS, 1), (ROWS[:1], 0)])
def test_a_head_without_both_scores_has_no_dot(
    show: Callable[..., QWidget], rows: tuple[HeadRow, ...], dots: int
) -> None:
    """A figure that draws a place that is no number ends the process."""
    chart, chosen = show(HeadsChart(), 400, 300), []
    chart.head_chosen.connect(chosen.append)
    chart.draw(replace(DATA, rows=rows))
    assert not chart.grab().isNull()
    assert chart.ringed() == dots
    if dots:
        chart.choose(0, 0)
    assert chosen == ["a0.h1"][:dots]
    assert rows[0].cells == ("a0.h0", "none found", "", "0.20", "")


def test_in_a_low_dock_the_words_of_a_head_leave_the_figure_its_room(show: Callable[..., QWidget]) -> None:
    words = "a0.h1: induction. On made inputs, and what a label needs: " + "previous token 0.34 of 0.40, " * 5
    panel = show(HeadsPanel(), 520, 500)
    panel.set_data(replace(DATA, source="Over the A of 64 pairs", words=words))
    assert (panel.words.isVisible(), panel.short_words.isVisible()) == (True, False)
    panel.resize(520, 250)
    assert (panel.words.isVisible(), panel.short_words.isVisible()) == (False, True)
    assert panel.short_words.text() == panel.short_words.toolTip() == words
    assert panel.short_words.height() < 2 * panel.short_words.fontMetrics().height()
    panel.set_data(DATA)
    assert not panel.short_words.isVisible()
