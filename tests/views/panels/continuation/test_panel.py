"""The texts that a model wrote, as one sees them, hears them and takes them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from views.panels.continuation.data import Choice, ContinuationData, NewToken
from views.panels.continuation.panel import DRAWN, ContinuationPanel


def text(*words: str) -> tuple[NewToken, ...]:
    whole, tokens = "", []
    for index, word in enumerate(words):
        whole += word
        tokens.append(NewToken(index, word, word, whole, 0.5))
    return tuple(tokens)


BEFORE, AFTER = text(" Mary", " gave", " it"), text(" Mary", " took", " it")
DATA = ContinuationData(BEFORE, AFTER, 2, 1, False, "They part at token 2.")


@pytest.fixture
def panel(show) -> ContinuationPanel:
    panel = show(ContinuationPanel(), 700, 220)
    panel.set_open(True)
    panel.show_texts(DATA)
    QApplication.processEvents()
    return panel


def color_at(widget, place: int) -> str:
    """Of a letter."""
    cursor = widget.textCursor()
    cursor.setPosition(place + 1)
    return cursor.charFormat().foreground().color().name()


def test_both_texts_stand_side_by_side_and_the_parting_is_marked(panel, texts) -> None:
    assert (panel.before.text.toPlainText(), panel.after.text.toPlainText()) == (" Mary gave it", " Mary took it")
    assert panel.before.geometry().right() < panel.after.geometry().left()
    assert {"before the edits", "after 2 edits · part at token 2", "They part at token 2."} <= set(texts(panel))
    shared, apart = color_at(panel.after.text, 1), color_at(panel.after.text, 8)
    assert shared != apart
    cursor = panel.after.text.textCursor()
    marked = []
    for place in range(1, 13):
        cursor.setPosition(place)
        if cursor.charFormat().background().style() != Qt.BrushStyle.NoBrush:
            marked.append(panel.after.text.toPlainText()[place - 1])
    assert "".join(marked) == " took"
    panel.show_texts(ContinuationData(BEFORE, AFTER, 2, 1, True, "Of an earlier state."))
    assert color_at(panel.after.text, 8) not in (shared, apart)  # dimmed
    panel.show_texts(ContinuationData(BEFORE, None, 0, None, False, "No edits."))
    assert panel.after.isHidden()
    panel.resize(300, 300)
    panel.show_texts(DATA)
    QApplication.processEvents()
    assert panel.before.geometry().bottom() < panel.after.geometry().top()


def test_a_token_is_taken_by_a_click_and_by_the_keys(panel) -> None:
    taken = []
    panel.token_taken.connect(lambda after, place: taken.append((after, place)))
    view = panel.after.text
    cursor = view.textCursor()
    cursor.setPosition(8)
    at = view.cursorRect(cursor).center() + QPoint(2, 0)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert taken == [(True, 1)]
    view = panel.before.text
    view.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        QTest.keyClick(view, key)
    assert "Token 2: ' gave', probability 0.500." in view.accessibleDescription()
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert taken[1:] == [(False, 1)]
    assert view.accessibleName() == "before the edits:  Mary gave it"
    copied = []
    panel.copy_wanted.connect(lambda: copied.append(True))
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert copied == [True]


def test_what_to_do_is_chosen_and_stopped(panel) -> None:
    wanted, stopped = [], []
    panel.wanted.connect(wanted.append)
    panel.stop_wanted.connect(lambda: stopped.append(True))
    assert not panel.temperature.isVisible()
    panel.go.click()
    panel.tokens.setValue(7)
    panel.rule.setCurrentText(DRAWN)
    panel.temperature.setValue(0.7)
    panel.seed.setValue(3)
    panel.go.click()
    assert wanted == [Choice(), Choice(7, 0.7, 3)]
    assert panel.seed.isVisible()
    panel.set_running(True)
    assert panel.go.text() == "Stop"
    panel.go.click()
    QTest.keyClick(panel.before.text, Qt.Key.Key_Escape)
    assert stopped == [True, True]
    panel.set_running(False)
    QTest.keyClick(panel.before.text, Qt.Key.Key_Escape)
    assert stopped == [True, True]
