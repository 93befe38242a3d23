"""Moving between the parts of the window with Ctrl+Tab: the tool bar, the docks, the canvas. Each part gets the focus
where it had it last."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from app.window.parts import Parts
from views.canvas.board import Board


class PanelFocus(QObject):
    """Remembers where the focus was in every part of a window."""

    def __init__(self, window: QWidget, parts: Parts) -> None:
        super().__init__(window)
        self._of = parts
        self._last: dict[QWidget, QWidget] = {}
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._remember)

    def step(self, by: int) -> None:
        """To the part after (1) or before (-1) the one that has the focus, as they are seen: from left to right, then
        those at the bottom."""
        parts = [part for part in self._parts() if part.isVisible() and _first(part) is not None]
        here = self._part_of(QApplication.focusWidget())
        if not parts:
            return
        at = (parts.index(here) + by) % len(parts) if here in parts else 0
        part = parts[at]
        last = self._last.get(part)
        goal = last if last is not None and isValid(last) and _takes_focus(last, part) else _first(part)
        assert goal is not None
        goal.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _parts(self) -> list[QWidget]:
        """All, also those that are hidden, in their order."""
        area, rows = {"left": 1, "right": 3, "bottom": 4}, self._of.rows.values()
        docked = sorted(rows, key=lambda row: area[row.side])
        left = [self._of.panels[row.key] for row in docked if row.side == "left"]
        others = [self._of.panels[row.key] for row in docked if row.side != "left"]
        return [self._of.toolbar, *left, self._of.centre, *others]

    def _part_of(self, widget: QWidget | None) -> QWidget | None:
        if widget is None:
            return None
        return next((part for part in self._parts() if part is widget or part.isAncestorOf(widget)), None)

    def _remember(self, _before: QWidget | None, now: QWidget | None) -> None:
        part = self._part_of(now)
        if part is not None and now is not None:
            self._last[part] = now


def _first(part: QWidget) -> QWidget | None:
    """What takes the focus first in a part: the board of the graph, else what Tab comes to first."""
    boards = [board for board in part.findChildren(Board) if _takes_focus(board, part)]
    if boards or _takes_focus(part, part):
        return boards[0] if boards else part
    widget = part.nextInFocusChain()
    while widget is not part:
        if _takes_focus(widget, part):
            return widget
        widget = widget.nextInFocusChain()
    return None


def _takes_focus(widget: QWidget, part: QWidget) -> bool:
    inside = widget is part or part.isAncestorOf(widget)
    takes = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return inside and takes and widget.isEnabled() and widget.isVisible() and widget.focusProxy() is None
