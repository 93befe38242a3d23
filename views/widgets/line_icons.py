"""Line icons, drawn in the theme's colours when they are painted. Each lies in a square of 16 units."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QToolButton, QWidget

from views.theme import RADIUS, current
from views.widgets.painted import draw_focus_ring

# Polylines: points as x, y pairs. A line that ends where it began is a closed shape.
_LINES: dict[str, tuple[tuple[float, ...], ...]] = {
    "pencil": ((3, 13, 3.7, 10.1, 10.4, 3.4, 12.6, 5.6, 5.9, 12.3, 3, 13), (9, 4.8, 11.2, 7)),
    "cross": ((4.5, 4.5, 11.5, 11.5), (11.5, 4.5, 4.5, 11.5)),
    "swap": ((3, 5.5, 13, 5.5, 10.5, 3), (13, 10.5, 3, 10.5, 5.5, 13)),
    "swap-vertical": ((5.5, 13, 5.5, 3, 3, 5.5), (10.5, 3, 10.5, 13, 13, 10.5)),
    "float": ((6.5, 3.5, 12.5, 3.5, 12.5, 9.5, 6.5, 9.5, 6.5, 3.5),
              (4.5, 6.5, 3.5, 6.5, 3.5, 12.5, 9.5, 12.5, 9.5, 11.5)),
    "pin": ((5.2, 2.5, 10.8, 2.5), (6, 2.5, 6, 7, 4, 9.5, 12, 9.5, 10, 7, 10, 2.5), (8, 9.5, 8, 14)),
    "more": ((3, 8, 3.2, 8), (7.9, 8, 8.1, 8), (12.8, 8, 13, 8)),
    "down": ((4.5, 6.5, 8, 10, 11.5, 6.5),),
    "grid": ((3, 3, 13, 3, 13, 13, 3, 13, 3, 3), (3, 6.3, 13, 6.3), (3, 9.7, 13, 9.7), (6.3, 3, 6.3, 13),
             (9.7, 3, 9.7, 13)),
    "folder": ((2.5, 12.5, 2.5, 4, 6.5, 4, 8, 5.8, 13.5, 5.8, 13.5, 12.5, 2.5, 12.5),),
    "paste": ((4, 4, 12, 4, 12, 13.5, 4, 13.5, 4, 4), (6.2, 4, 6.2, 2.6, 9.8, 2.6, 9.8, 4), (6.3, 7.3, 9.7, 7.3),
              (6.3, 10, 9.7, 10)),
    "text": ((3, 4, 13, 4), (3, 8, 13, 8), (3, 12, 9, 12)),
    "image": ((2.5, 3.5, 13.5, 3.5, 13.5, 12.5, 2.5, 12.5, 2.5, 3.5), (2.5, 11, 6.2, 7.4, 9, 10, 10.8, 8.4, 13.5, 11)),
}  # fmt: skip


def icon_path(name: str) -> QPainterPath:
    path = QPainterPath()
    if name in ("undo", "redo"):
        path.moveTo(5.5, 3)
        path.lineTo(3, 5.5)
        path.lineTo(5.5, 8)
        path.moveTo(3, 5.5)
        path.lineTo(9.5, 5.5)
        path.cubicTo(14, 5.5, 14, 12.5, 9.5, 12.5)
        path.lineTo(6, 12.5)
        if name == "redo":
            mirrored = QPainterPath()
            for i in range(path.elementCount()):
                element = path.elementAt(i)
                path.setElementPositionAt(i, 16 - element.x, element.y)
            mirrored.addPath(path)
            return mirrored
        return path
    for line in _LINES[name]:
        path.moveTo(line[0], line[1])
        for x, y in zip(line[2::2], line[3::2], strict=True):
            path.lineTo(x, y)
    return path


def draw_icon(painter: QPainter, name: str, rect: QRectF, color: str, alpha: float = 1.0) -> None:
    painter.save()
    painter.translate(rect.topLeft())
    painter.scale(rect.width() / 16, rect.height() / 16)
    pen = QPen(current().color(color, alpha), 1.35)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(icon_path(name))
    painter.restore()


class IconButton(QToolButton):
    """A quiet square button with a line icon. `name` is what screen readers and the tooltip say."""

    def __init__(self, icon: str, name: str, tip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = icon
        self.setAccessibleName(name)
        self.setToolTip(tip or name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:
        side = self.fontMetrics().height() + 8
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = current()
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        active = self.isEnabled() and (self.underMouse() or self.isDown())
        if self.isChecked() or active:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("border" if self.isDown() else "hover"))
            painter.drawRoundedRect(box, RADIUS - 1, RADIUS - 1)
        side = min(self.fontMetrics().height() * 1.05, min(self.width(), self.height()) - 4.0)
        glyph = QRectF(0, 0, side, side)
        glyph.moveCenter(QRectF(self.rect()).center())
        color = "text" if active or self.isChecked() else "muted"
        draw_icon(painter, self._icon, glyph, color, 1.0 if self.isEnabled() else 0.35)
        if self.hasFocus():
            draw_focus_ring(painter, QRectF(self.rect()), RADIUS - 1)
        painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()
