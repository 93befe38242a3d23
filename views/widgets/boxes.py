"""Frames."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QWidget

from views.theme import RADIUS, current, theme_changes


class DashedBox(QFrame):
    """A place that waits to be filled."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme_changes().changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        border = current().faint
        self.setStyleSheet(f"DashedBox {{ border: 1px dashed {border}; border-radius: {RADIUS}px; }}")
