"""Larger text: what is on the screen fits, from 80 to 150 per cent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLabel, QScrollArea, QWidget

from tests.app.person import Person
from views import theme
from views.widgets.text import ElidedLabel


@pytest.fixture(autouse=True)
def usual(qapp: QApplication) -> Iterator[None]:
    yield
    theme.set_text_percent(100)


def cut_off(window: QWidget) -> list[str]:
    """The labels and buttons in sight whose words have no room. Elided ones have a tooltip; what is behind another tab
    is not in sight."""
    found = []
    for label in window.findChildren(QLabel):
        if label.visibleRegion().isEmpty() or not label.text() or isinstance(label, ElidedLabel):
            continue
        if label.wordWrap():
            if label.height() < label.heightForWidth(label.width()):
                found.append(f"label {label.text()!r}: {label.height()} of {label.heightForWidth(label.width())} high")
        elif label.width() < label.sizeHint().width() or label.height() < label.sizeHint().height():
            found.append(f"label {label.text()!r}: {label.size()} of {label.sizeHint()}")
    for button in window.findChildren(QAbstractButton):
        least = button.minimumSizeHint()
        if (
            not button.visibleRegion().isEmpty()
            and button.text()
            and (button.width() < least.width() or button.height() < least.height())
        ):
            found.append(f"button {button.text()!r}: {button.size()} of {least}")
    return found


def test_words_fit_at_every_size_of_text(reader: Person) -> None:
    window = reader.window
    reader.click_edge(reader.strong_edges()[0])
    for percent in (80, 100, 125, 150):
        theme.set_text_percent(percent)
        for size in ((1440, 900), (1024, 700)):
            window.resize(*size)
            window.arrangement.fit()
            for _ in range(4):
                QApplication.processEvents()
            assert (window.width(), window.height()) == size, percent
            assert cut_off(window) == [], (percent, size)
            for area in (window.panels["inputs"], window.panels["inspector"]):
                for scroll in area.findChildren(QScrollArea):
                    assert scroll.widget().width() <= scroll.viewport().width() + 1, (percent, size, area)


def test_the_walk_finds_words_without_room(qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    label = QLabel("some words that need room", window)
    label.resize(20, 10)
    window.show()
    assert len(cut_off(window)) == 1


@pytest.mark.parametrize("percent", [100, 150])
def test_dialogs_and_panels_fit_a_small_window(reader: Person, percent: int) -> None:
    window = reader.window
    theme.set_text_percent(percent)
    window.resize(1440, 900)
    QApplication.processEvents()
    window.resize(1024, 700)
    window.arrangement.fit()
    for _ in range(4):
        QApplication.processEvents()
    assert (window.width(), window.height()) == (1024, 700)
    for key in ("dataset", "history", "trust", "inspector"):
        window.docks[key].raise_()
        for _ in range(4):
            QApplication.processEvents()
        assert cut_off(window) == [], key
    for key in ("preferences", "keys", "guide", "glossary", "log"):
        window.commands[key].trigger()
        for _ in range(4):
            QApplication.processEvents()
        (dialog,) = (box for box in window.findChildren(QDialog) if box.isVisible())
        assert dialog.width() <= 1024, key
        assert dialog.height() <= 700, key
        assert cut_off(dialog) == [], key
        for scroll in dialog.findChildren(QScrollArea):
            assert scroll.widget().width() <= scroll.viewport().width() + 1, key
        dialog.close()
        QApplication.processEvents()


def test_a_window_without_room_for_two_columns_has_one(reader: Person) -> None:
    window = reader.window
    window.resize(1440, 900)
    window.arrangement.fit()
    wide = {key: window.desk.dockWidgetArea(dock) for key, dock in window.docks.items()}
    window.docks["trust"].raise_()
    theme.set_text_percent(150)
    window.resize(1024, 700)
    window.arrangement.fit()
    for _ in range(4):
        QApplication.processEvents()
    assert window.panels["circuit"].rule.isVisible()
    assert "…" not in window.panels["circuit"].title.text()
    assert window.canvas.width() > 600
    assert window.canvas.height() >= 230, "a third of the window"
    window.docks["history"].raise_()
    QApplication.processEvents()
    assert not window.panels["predictions"].table.visibleRegion().isEmpty(), "the answers are always in sight"
    assert window.panels["predictions"].short_metric.isVisible()
    window.docks["inputs"].raise_()
    assert not window.docks["trust"].visibleRegion().isEmpty(), "what was in front is"
    assert window.docks["trust"].geometry().right() < window.docks["predictions"].geometry().left()
    theme.set_text_percent(100)
    window.resize(1440, 900)
    window.arrangement.fit()
    assert {key: window.desk.dockWidgetArea(dock) for key, dock in window.docks.items()} == wide
