"""A dock with a table of lines, buttons above it for what can be done with them, and words where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from views.theme import as_card
from views.widgets.lines import LinesView
from views.widgets.text import show_text, wrapped


@dataclass(frozen=True)
class LineButton:
    """name: in a menu and for screen readers, where its words are a mark; empty for its words."""

    key: str
    words: str
    tip: str
    name: str = ""


class LinesPanel(QFrame):
    """view: the table, whose lines Enter and a double click show by the button `show`. nothing: words for no lines."""

    shown = Signal()  # it is looked at again

    def __init__(
        self,
        name: str,
        view: LinesView[Any],
        buttons: Sequence[LineButton],
        nothing: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName(name)
        self.setMinimumSize(260, 96)
        self._table, self._buttons, self._nothing = view, buttons, nothing
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._open_menu)
        view.show_wanted.connect(lambda: self.press("show"))
        view.selectionModel().selectionChanged.connect(lambda *_: self.look())
        view.model().modelReset.connect(self.look)
        self.buttons: dict[str, QPushButton] = {}
        self.header = QHBoxLayout()
        self.header.setSpacing(8)
        for each in buttons:
            button = QPushButton(each.words)
            button.setAccessibleName(each.name or each.words)
            button.setAccessibleDescription(each.tip)
            button.setStyleSheet("padding: 2px 8px;")
            button.clicked.connect(lambda _checked=False, key=each.key: self.press(key))
            self.buttons[each.key] = button
            self.header.addWidget(button)
        self.hint = wrapped(nothing)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 6, 8, 4)
        layout.setSpacing(4)
        layout.addLayout(self.header)
        layout.addWidget(self.hint)
        layout.addWidget(view, 1)

    def show_rows(self, rows: Sequence[Any]) -> None:
        """Other lines, or the same with other cells."""
        self._table.set_rows(rows)
        show_text(self.hint, "" if rows else self._nothing)
        self._table.setVisible(bool(rows))
        self.look()

    def why_not(self, _key: str) -> str:
        """Why a button cannot be pressed; empty where it can."""
        return ""

    def does(self, _key: str) -> None:
        """What a button does, which can be pressed."""

    def tip_of(self, button: LineButton) -> str:
        return button.tip

    def look(self) -> None:
        """What can be pressed now."""
        for each in self._buttons:
            why, button = self.why_not(each.key), self.buttons[each.key]
            button.setEnabled(not why)
            button.setToolTip(why or self.tip_of(each))

    def press(self, key: str) -> None:
        if not self.why_not(key):
            self.does(key)

    def make_menu(self) -> QMenu:
        """What can be done with the selected lines."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for each in self._buttons:
            button = self.buttons[each.key]
            action = menu.addAction(each.name or button.text())
            action.setEnabled(button.isEnabled())
            action.setToolTip(button.toolTip())
            action.triggered.connect(lambda _checked=False, key=each.key: self.press(key))
        return menu

    def _open_menu(self, point: QPoint) -> None:
        menu = self.make_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._table.viewport().mapToGlobal(point))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown.emit()
