from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from core.project.outcome import PredictionRow
from views import theme
from views.panels.predictions.data import PredictionsData
from views.panels.predictions.panel import PredictionsPanel

ROWS = (
    PredictionRow(" Mary", 0.92, 0.58),
    PredictionRow(" the", 0.02, 0.09),
    PredictionRow(" John", 0.01, 0.17),
    PredictionRow(" his", 0.01, 0.01),
)
DATA = PredictionsData(
    "probability", ROWS, "logit difference", 4.49, 3.02, edited=True, run_words="14 ms · 0.12 of a forward"
)


@pytest.fixture
def panel(show) -> PredictionsPanel:
    panel = show(PredictionsPanel(), 760, 220)
    panel.show_predictions(DATA)
    QApplication.processEvents()
    return panel


def test_rows_say_before_after_and_the_change(panel):
    assert panel.table.row_texts() == [
        ("Mary", "0.920 → 0.580", "−0.340"),
        ("the", "0.020 → 0.090", "+0.070"),
        ("John", "0.010 → 0.170", "+0.160"),
        ("his", "0.010 → 0.010", "0.000"),
    ]


def test_the_metric_goes_into_the_heading_where_larger_text_leaves_no_room_beside(panel, request):
    panel.resize(600, 220)
    request.addfinalizer(lambda: theme.set_text_percent(100))
    assert panel.metric_block.isVisible()
    theme.set_text_percent(150)
    assert not panel.metric_block.isVisible()
    assert panel.short_metric.isVisible()
    theme.set_text_percent(100)
    assert panel.metric_block.isVisible()


def test_columns_have_headings_and_figures_keep_their_digits(panel):
    assert panel.table.head_texts() == ["probability", "before → after", "change"]
    widths = {len(text[1]) for text in panel.table.row_texts()}
    for after in (0.92, 0.9201, 0.91999, 0.4):
        rows = (PredictionRow(" Mary", 0.92, after, in_b=0.1), *ROWS[1:])
        panel.show_predictions(replace(DATA, rows=rows))
        assert {len(text[1]) for text in panel.table.row_texts()} == widths
        assert panel.table.head_texts()[3:] == ["in B"]


def test_the_metric_stands_with_its_change(panel, texts):
    assert {"logit difference", "3.02", "−1.47 from 4.49"} <= set(texts(panel))
    assert panel.metric_change.color() == "negative"
    panel.show_predictions(replace(DATA, metric_after=5.0))
    assert panel.metric_change.text() == "+0.510 from 4.490"
    assert panel.metric_change.color() == "positive"


def test_cosines_have_three_decimals(panel):
    rows = (PredictionRow("to A", 1.0, 0.976),)
    panel.show_predictions(replace(DATA, unit="cosine", rows=rows, metric_before=0.098, metric_after=0.053))
    assert panel.metric_value.text() == "0.053"
    assert panel.metric_change.text() == "−0.045 from 0.098"
    assert panel.table.row_texts() == [("to A", "1.000 → 0.976", "−0.024")]


def test_without_edits_no_change_is_claimed(panel):
    panel.show_predictions(replace(DATA, edited=False, metric_after=4.49))
    assert panel.metric_change.text() == "no edits"
    assert panel.metric_change.color() == "muted"


def test_tiny_chances_get_more_digits(panel):
    panel.show_predictions(replace(DATA, rows=(PredictionRow("a", 0.031, 0.029),)))
    assert panel.table.row_texts() == [("a", "0.031 → 0.029", "−0.002")]


def test_a_small_change_of_a_sure_answer_is_seen(panel):
    rows = (PredictionRow("a", 0.9998, 0.9995), PredictionRow("b", 0.0001, 0.0004))
    panel.show_predictions(replace(DATA, rows=rows, metric_before=13.2, metric_after=13.198))
    assert panel.table.row_texts() == [("a", "1.000 → 1.000", "−<0.001"), ("b", "0.000 → 0.000", "+<0.001")]
    assert panel.metric_change.text() == "−0.002 from 13.200"


def test_rounding_is_no_change(panel):
    panel.show_predictions(replace(DATA, rows=(PredictionRow("a", 0.9998, 0.9998 - 1e-7),)))
    assert panel.table.row_texts() == [("a", "1.000 → 1.000", "0.000")]


def test_an_answer_that_comes_ahead_stands_behind_the_former_one(panel):
    rows = tuple(PredictionRow(*row) for row in (("a", 0.6, 0.1), ("b", 0.2, 0.2), ("c", 0.1, 0.6), ("d", 0.05, 0.05)))
    panel.show_predictions(replace(DATA, rows=rows))
    assert [label for label, *_ in panel.table.row_texts()] == ["a", "c", "b", "d"]
    rows = (replace(rows[0], after=0.61), *rows[1:])  # it stays ahead: all keep their places
    panel.show_predictions(replace(DATA, rows=rows))
    assert [label for label, *_ in panel.table.row_texts()] == ["a", "b", "c", "d"]


def test_a_low_panel_shows_fewer_rows_and_squeezes_none(panel):
    assert panel.scroll.rows_shown() == 4
    panel.resize(760, 120)
    QApplication.processEvents()
    shown = panel.scroll.rows_shown()
    assert 1 <= shown < 4
    assert all(panel.table.row_rect(row).height() >= panel.table.line() for row in range(4))


@pytest.mark.parametrize("width", [300, 480, 1200])
def test_the_metric_is_always_in_sight(panel, texts, width):
    panel.resize(width, 160)
    QApplication.processEvents()
    assert any("3.02" in text for text in texts(panel))


def test_stale_figures_are_dimmed(panel):
    panel.show_predictions(replace(DATA, stale=True))
    assert panel.table.is_stale()
    assert panel.metric_value.color() == "faint"
    panel.show_predictions(DATA)
    assert not panel.table.is_stale()
    assert panel.metric_value.color() == "text"


def test_nothing_says_why(panel, texts):
    panel.show_nothing("The prompt is empty.")
    assert [text for text in texts(panel) if text] == ["The prompt is empty."]
    assert not panel.table.isVisible()
    assert not panel.metric_value.isVisible()


def test_copying_as_text_and_as_csv(panel, qtbot):
    panel.setFocus()
    qtbot.keyClick(panel, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    text = QApplication.clipboard().text()
    assert "Mary  0.920 → 0.580  −0.340" in text
    assert "logit difference: 4.49 → 3.02 (−1.47)" in text
    menu = panel.make_menu()
    qtbot.addWidget(menu)
    menu.actions()[1].trigger()
    rows = list(csv.DictReader(io.StringIO(QApplication.clipboard().text())))
    assert rows[0]["what"] == " Mary"
    assert float(rows[0]["change"]) == 0.58 - 0.92
    assert rows[-1]["what"] == "logit difference"
