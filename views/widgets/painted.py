"""The base of widgets that paint themselves: dimmed while stale, a focus ring, and no exception out of paint."""

from __future__ import annotations

import logging

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from views.theme import RADIUS, current

STALE_OPACITY = 0.4

_log = logging.getLogger(__name__)
_BY_KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
    Qt.FocusReason.OtherFocusReason,
)


class Painted(QWidget):
    """Override `draw`. It is called with an antialiasing painter, dimmed while the widget is stale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stale = False
        self._exposed = QRectF()  # what has to be painted this time
        self._ring = False
        self._failed = False

    def draw(self, painter: QPainter) -> None:
        raise NotImplementedError

    def set_stale(self, stale: bool) -> None:
        if stale != self._stale:
            self._stale = stale
            self.update()

    def is_stale(self) -> bool:
        return self._stale

    def paintEvent(self, event: QPaintEvent) -> None:
        self._exposed = QRectF(event.rect())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(STALE_OPACITY if self._stale else 1.0)
        try:
            self.draw(painter)
            if self._ring and self.hasFocus():
                painter.setOpacity(1.0)
                draw_focus_ring(painter, QRectF(self.rect()))
        except Exception:  # an exception out of paintEvent can end the program
            if not self._failed:
                self._failed = True
                _log.exception("drawing %s failed", type(self).__name__)
        finally:
            painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._ring = event.reason() in _BY_KEYBOARD
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


def draw_focus_ring(painter: QPainter, rect: QRectF, radius: float = RADIUS) -> None:
    painter.setPen(QPen(current().color("accent"), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), radius, radius)


def draw_bar(painter: QPainter, rect: QRectF, color: QColor, radius: float = 2.5) -> None:
    """A filled bar; one that is not zero stays visible."""
    if rect.width() <= 0:
        return
    rect = QRectF(rect.x(), rect.y(), max(rect.width(), 1.5), rect.height())
    radius = min(radius, rect.width() / 2, rect.height() / 2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRoundedRect(rect, radius, radius)
