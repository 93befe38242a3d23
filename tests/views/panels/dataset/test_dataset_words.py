"""The rows of the dataset say what is different in the room that they have."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFont, QFontMetrics

from views.panels.dataset.data import DatasetRow
from views.panels.dataset.panel import DatasetPanel
from views.panels.dataset.table import around, difference, parts

A = "When Mary and John went to the store , John gave a drink to"
B = "When Mary and John went to the store , Tom gave a drink to"


@pytest.mark.parametrize(
    ("text", "other", "cut"),
    [
        (A, B, ("When Mary and John went to the store , ", "John", " gave a drink to")),
        (B, A, ("When Mary and John went to the store , ", "Tom", " gave a drink to")),
        ("a b", "c b", ("", "a", " b")),
        ("a b", "a c", ("a ", "b", "")),
        ("x x x", "x x", ("x x ", "x", "")),
        ("one", "two", ("", "one", "")),
    ],
)
def test_a_text_is_cut_where_the_other_differs(text: str, other: str, cut: tuple[str, str, str]) -> None:
    assert parts(text, other) == cut
    assert "".join(parts(text, other)) == text


def test_b_is_written_by_what_is_different() -> None:
    assert difference(A, B) == "…Tom…"
    assert difference("a b", "c b") == "c…"
    assert difference("a", "") == ""


@pytest.mark.parametrize("room", range(40, 500, 23))
@pytest.mark.parametrize("text", [A, A + " Mary", "John gave a drink to Mary because it was her turn to have one"])
def test_the_words_that_differ_are_in_sight_at_every_width(qapp, text: str, room: int) -> None:
    metrics = QFontMetrics(QFont())
    whole = parts(text, text.replace("John gave", "Tom gave"))
    shown = around(metrics, whole, room)
    assert shown[1] == "John"
    assert sum(metrics.horizontalAdvance(part) for part in shown) <= room + 2
    assert shown[0] in (whole[0], "") or shown[0].startswith("…")
    assert shown[2] in (whole[2], "") or shown[2].endswith("…")


@pytest.mark.parametrize(("height", "said"), [(130, False), (300, True)])
def test_in_a_low_panel_the_rows_have_the_room_of_the_line_below_them(show, height: int, said: bool) -> None:
    panel = show(DatasetPanel(), 220, height)
    assert panel.means.isVisible(), "without rows there is nothing to give way to"
    panel.set_rows([DatasetRow("When Mary gave", "When John gave", "text")] * 5, "logit")
    assert panel.means.isVisible() == said
    assert not panel.means.isVisible() or panel.means.y() >= panel.table.geometry().bottom()
