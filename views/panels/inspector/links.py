"""Reads most, writes most to: names with small bars. A click selects the edge."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from core.formatting import number, pretty_name, signed
from views.panels.inspector.data import Link
from views.theme import current, hue_of
from views.widgets.painted import STALE_OPACITY, draw_bar, draw_focus_ring
from views.widgets.text import ElidedLabel, plain_tip, scaled, small_mono

GAP = 6.0  # pixels between a name and its bar
NARROWEST_BAR = 6.0  # names are whole as long as this much is left for the bars


class LinkRow(QAbstractButton):
    """One link; `share` is its size against the largest in its list."""

    def __init__(self, link: Link, share: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.link = link
        self.stale = False
        self._share = share
        self.names = 0.0  # pixels that all names of the list need; 0 for this one's own
        name = pretty_name(link.name)
        self.setText(name)
        words = signed if link.signed else number
        self.setAccessibleName(f"{name}, {words(link.value, 3)}")
        self.setToolTip(plain_tip(f"{name}: {words(link.value, 4)}"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def _font(self) -> QFont:
        return scaled(small_mono(), 0.98)

    def name_width(self) -> float:
        """Pixels that the whole name needs."""
        return QFontMetricsF(self._font).horizontalAdvance(self.text())

    def sizeHint(self) -> QSize:
        return QSize(120, round(QFontMetricsF(self._font).height()) + 7)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(STALE_OPACITY if self.stale else 1.0)
        theme, metrics = current(), QFontMetricsF(self._font)
        names = min(self.names or self.name_width(), self.width() - GAP - NARROWEST_BAR)
        painter.setFont(self._font)
        painter.setPen(theme.color("text" if self.underMouse() or self.hasFocus() else "muted"))
        text = metrics.elidedText(self.text(), Qt.TextElideMode.ElideMiddle, names + 0.5)
        painter.drawText(QRectF(0, 0, names + 1, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
        room = max(self.width() - names - GAP - 2, 1.0)
        bar = QRectF(names + GAP, self.height() / 2 - 3.5, room * self._share, 7)
        color = "neutral" if not self.link.signed else hue_of(self.link.value, self.link.direction)
        draw_bar(painter, bar, theme.color(color, 0.85), 1)
        if self.hasFocus():
            draw_focus_ring(painter, QRectF(self.rect()), 3)
        painter.end()


class LinkList(QWidget):
    edge_selected = Signal(int)

    def __init__(self, title: str, short_title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ElidedLabel("", "heading")
        self.title.setText(title, short_title)
        self.rows: list[LinkRow] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._layout.addWidget(self.title)
        self._layout.addSpacing(4)
        self._layout.addStretch(1)

    def set_links(self, links: Sequence[Link]) -> None:
        """Rows stay, with the focus that one of them may have, where the links are the same."""
        if [row.link for row in self.rows] != list(links):
            self._make_rows(links)
        names = max((row.name_width() for row in self.rows), default=0.0)
        for row in self.rows:
            row.names = names
        self.set_stale(False)
        self.setVisible(bool(links))

    def _make_rows(self, links: Sequence[Link]) -> None:
        for row in self.rows:
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        most = max((abs(link.value) for link in links), default=0.0) or 1.0
        self.rows = [LinkRow(link, abs(link.value) / most) for link in links]
        for i, row in enumerate(self.rows):
            row.clicked.connect(lambda _checked=False, edge=row.link.edge: self.edge_selected.emit(edge))
            self._layout.insertWidget(2 + i, row)

    def set_stale(self, stale: bool) -> None:
        for row in self.rows:
            row.stale = stale
            row.update()
