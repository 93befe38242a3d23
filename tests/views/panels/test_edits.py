"""The list of edits: in a narrow row the name stays and the words give way."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFontMetrics
from pytestqt.qtbot import QtBot

from views.panels.edits.data import EditRow
from views.panels.edits.panel import EditsList, name_and_words
from views.widgets.text import small_mono


@pytest.mark.parametrize("width", [120, 180, 400])
def test_a_name_is_read_beside_long_words(qtbot: QtBot, width: int) -> None:
    panel = EditsList()
    qtbot.addWidget(panel)
    row = EditRow(1, "m0->a1.h1", "a direction taken out, 94 %")
    name, words = name_and_words(width, row, panel.font())
    assert name.startswith("m0")
    assert name.endswith("h1")
    assert words.startswith("a")
    assert words.endswith("%")
    used = QFontMetrics(small_mono()).horizontalAdvance(name) + QFontMetrics(panel.font()).horizontalAdvance(words)
    assert used <= width
    if width == 400:
        assert words == row.words
