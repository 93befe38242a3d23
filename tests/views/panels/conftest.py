"""The panels as the application shows them: themed, on a screen, with real-looking data."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from views import theme
from views.widgets.text import ElidedLabel


@pytest.fixture(autouse=True)
def themed(qapp: QApplication) -> None:
    theme.set_choice("dark")
    theme.apply(qapp)


@pytest.fixture
def show(qtbot) -> Callable[..., QWidget]:
    """Show a widget at a size, as its window."""

    def show_widget(widget: QWidget, width: int, height: int) -> QWidget:
        qtbot.addWidget(widget)
        widget.resize(width, height)
        with qtbot.waitExposed(widget):
            widget.show()
        QApplication.processEvents()
        return widget

    return show_widget


@pytest.fixture
def texts() -> Callable[[QWidget], list[str]]:
    """All words in labels that are on the screen, as they are there."""

    def read(widget: QWidget) -> list[str]:
        labels = [label for label in widget.findChildren(QLabel) if label.isVisible()]
        return [label.shown_text() if isinstance(label, ElidedLabel) else label.text() for label in labels]

    return read


@pytest.fixture
def drop() -> Callable[[QWidget, QMimeData], bool]:
    """Drag something over a widget and let it go; tells whether the widget took it."""

    def let_go(widget: QWidget, mime: QMimeData) -> bool:
        place = widget.rect().center()
        arguments = (
            Qt.DropAction.CopyAction | Qt.DropAction.MoveAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        enter = QDragEnterEvent(place, *arguments)
        enter.setAccepted(False)
        QApplication.sendEvent(widget, enter)
        if not enter.isAccepted():
            return False
        event = QDropEvent(QPointF(place), *arguments)
        event.setAccepted(False)
        QApplication.sendEvent(widget, event)
        return event.isAccepted()

    return let_go
