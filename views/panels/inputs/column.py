"""The cards, and below them what stays in sight where the panel is low.

Who scrolls is decided here from the panel's size and from what the parts need at a width, in one step. Were it left to
nested scroll areas with content whose height depends on its width, each bar that comes or goes would change what the
other areas need: Qt resizes the content within its own resize until the stack is full.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from views.widgets.patch_image import PatchImage
from views.widgets.scroll_bars import show_vertical_bar

LEAST_LINES = 4  # that the cards have before the column scrolls as a whole
SIDE = 14  # pixels left and right of everything
LEAST_PICTURE = 96  # pixels that a picture gives way to, so that the other card's is in sight as well
GAP, BOTTOM = 16, 12  # pixels between cards and what is below, and under it


class InputsColumn(QScrollArea):
    """Where there is no room for all of the cards, their pictures become smaller. Then the cards scroll by themselves;
    only where that would leave them next to nothing does the column scroll as a whole. pictures: of the cards."""

    def __init__(self, cards: Sequence[QWidget], below: Sequence[QWidget], pictures: Sequence[PatchImage] = ()) -> None:
        super().__init__()
        self._pictures = pictures
        self._whole = QWidget()
        self.cards = QScrollArea(self._whole)
        self._cards_content = _column(cards, 10, 4, 20)
        self._cards_content.layout().addStretch(1)
        self._below = _column(below, 0, 0, GAP)
        self._below.setParent(self._whole)
        self.cards.setWidget(self._cards_content)
        self.setWidget(self._whole)
        for area in (self, self.cards):
            area.setFrameShape(QFrame.Shape.NoFrame)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for content in (self._cards_content, self._below):
            content.installEventFilter(self)

    def minimumSizeHint(self) -> QSize:
        """No narrower than what it holds, with a bar beside it."""
        least = max(content.minimumSizeHint().width() for content in (self._cards_content, self._below))
        return QSize(least + self.verticalScrollBar().sizeHint().width(), super().minimumSizeHint().height())

    def wanted_height(self, width: int) -> int:
        """Pixels with which nothing scrolls, in so many of width."""
        inside = width - 2 * SIDE
        given_up = sum(each.wanted_height(inside) - each.heightForWidth(inside) for each in self._seen())
        return self._cards_height(width) + given_up + self._below_height(width)

    def _cards_height(self, width: int) -> int:
        return _height(self._cards_content, width)

    def _below_height(self, width: int) -> int:
        """With the room around it."""
        return GAP + _height(self._below, width) + BOTTOM

    def _seen(self) -> list[PatchImage]:
        return [each for each in self._pictures if not each.isHidden()]

    def _fit_pictures(self) -> None:
        """All of them alike give up what is lacking, down to what can still be looked at."""
        seen, width = self._seen(), self.width()
        if not seen:
            return
        lacking = self.wanted_height(width) - self.height()
        heights = [each.wanted_height(width - 2 * SIDE) for each in seen]
        most = max(heights)
        while most > LEAST_PICTURE and sum(max(0, height - most) for height in heights) < lacking:
            most -= 1
        for each in seen:
            if each.set_most_height(most):
                each.parentWidget().updateGeometry()  # at once: what the cards need is asked next

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self._arrange()
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        """Heights follow from this area's size alone, never from a bar that is there or not."""
        self._fit_pictures()
        width, height = self.width(), self.height()
        bar = self.verticalScrollBar().sizeHint().width()
        needed, below = self._cards_height(width), self._below_height(width)
        least = min(needed, LEAST_LINES * (self.fontMetrics().height() + 12))
        whole_scrolls = least + below > height
        cards_scroll = not whole_scrolls and needed + below > height
        if whole_scrolls:
            width -= bar
            needed, below = self._cards_height(width), self._below_height(width)
        elif cards_scroll:
            needed = self._cards_height(width - bar)
        shown = height - below if cards_scroll else needed
        show_vertical_bar(self, whole_scrolls)
        show_vertical_bar(self.cards, cards_scroll)
        self._whole.resize(width, shown + below)
        self.cards.setGeometry(0, 0, width, shown)
        self._cards_content.resize(width - bar * cards_scroll, needed)
        self._below.setGeometry(QRect(0, shown + GAP, width, below - GAP - BOTTOM))


def _height(content: QWidget, width: int) -> int:
    """What a column needs; a layout without lines that wrap has no height for a width."""
    layout = content.layout()
    return layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.totalSizeHint().height()


def _column(widgets: Sequence[QWidget], top: int, bottom: int, spacing: int) -> QWidget:
    content = QWidget()
    column = QVBoxLayout(content)
    column.setContentsMargins(SIDE, top, SIDE, bottom)
    column.setSpacing(spacing)
    for widget in widgets:
        column.addWidget(widget)
    return content
