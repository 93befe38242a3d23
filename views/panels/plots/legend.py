"""The legend beside a figure: a line each, with a box that hides a curve where there are several."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from views.panels.plots.plot import Entry
from views.theme import current
from views.theme_colors import Theme
from views.widgets.painted import Painted
from views.widgets.text import ElidedLabel

SWATCH = QSize(24, 14)
FAINT = 0.5


def paint_swatch(painter: QPainter, entry: Entry, box: QRectF, theme: Theme) -> None:
    """How an entry is drawn in the figure."""
    color, middle = theme.color(entry.color, FAINT if entry.faint else 1.0), box.center()
    painter.setPen(Qt.PenStyle.NoPen)
    if entry.mark in ("band", "bar"):
        color.setAlphaF(0.35 if entry.mark == "band" else color.alphaF())
        painter.setBrush(color)
        painter.drawRect(QRectF(box.left() + 2, middle.y() - 5, box.width() - 4, 10))
        return
    styles = {"dashed": Qt.PenStyle.DashLine, "dotted": Qt.PenStyle.DotLine}
    dashed = entry.faint and entry.joined
    style = Qt.PenStyle.DashLine if dashed else styles.get(entry.mark, Qt.PenStyle.SolidLine)
    if entry.joined or entry.mark in ("line", *styles):
        painter.setPen(QPen(color, 2.0, style, Qt.PenCapStyle.FlatCap))
        painter.drawLine(QPointF(box.left() + 1, middle.y()), QPointF(box.right() - 1, middle.y()))
    if entry.mark not in ("line", *styles):
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        _paint_mark(painter, entry.mark, middle)


def _paint_mark(painter: QPainter, mark: str, at: QPointF) -> None:
    shapes = {
        "s": ((-3.5, -3.5), (3.5, -3.5), (3.5, 3.5), (-3.5, 3.5)),
        "t": ((-4, -3), (4, -3), (0, 4)),
        "t1": ((-4, 3), (4, 3), (0, -4)),
        "d": ((0, -4.5), (3.5, 0), (0, 4.5), (-3.5, 0)),
    }
    if mark in shapes:
        painter.drawPolygon(QPolygonF([at + QPointF(x, y) for x, y in shapes[mark]]))
    else:
        painter.drawEllipse(at, 3.8, 3.8)


class Swatch(Painted):
    def __init__(self, entry: Entry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entry = entry
        self.setFixedSize(SWATCH)

    def draw(self, painter: QPainter) -> None:
        paint_swatch(painter, self._entry, QRectF(self.rect()), current())


class Legend(QScrollArea):
    hidden_changed = Signal(object)  # frozenset of keys

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._entries: list[Entry] = []
        self._hidden: frozenset[int] = frozenset()
        self.boxes: dict[int, QCheckBox] = {}
        self._fill()

    @property
    def hidden_keys(self) -> frozenset[int]:
        return self._hidden

    def set_entries(self, entries: Sequence[Entry]) -> None:
        if list(entries) != self._entries:
            self._entries = list(entries)
            self._fill()

    def _fill(self) -> None:
        body = QWidget()
        rows = QVBoxLayout(body)
        rows.setContentsMargins(2, 2, 6, 2)
        rows.setSpacing(4)
        self.boxes = {}
        several = sum(entry.key is not None for entry in self._entries) > 1
        for entry in self._entries:
            row = QHBoxLayout()
            row.setSpacing(6)
            if several and entry.key is not None:
                row.addWidget(self._make_box(entry, entry.key))
            row.addWidget(Swatch(entry))
            label = ElidedLabel(entry.name, "muted" if entry.faint else "")
            label.set_tip(entry.tip)
            row.addWidget(label, 1)
            rows.addLayout(row)
        rows.addStretch(1)
        self.setWidget(body)

    def _make_box(self, entry: Entry, key: int) -> QCheckBox:
        box = QCheckBox()
        box.setChecked(key not in self._hidden)
        box.setAccessibleName(f"Show {entry.name}")
        box.setAccessibleDescription(entry.tip)
        box.setToolTip("Show or hide this curve")
        box.toggled.connect(lambda on: self._toggle(key, on))
        self.boxes[key] = box
        return box

    def _toggle(self, key: int, on: bool) -> None:
        self._hidden = self._hidden - {key} if on else self._hidden | {key}
        self.hidden_changed.emit(self._hidden)
