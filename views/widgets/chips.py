"""Tokens as chips with their indices, in lines like words; clicks and keys pick some of them. One widget paints them
all, so that a prompt of a thousand tokens costs no thousand widgets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QToolTip, QWidget

from core.formatting import visible_token
from views.theme import current, mix
from views.widgets.data import TokenChip
from views.widgets.line_icons import draw_icon
from views.widgets.painted import Painted
from views.widgets.picking import Picking
from views.widgets.scroll_bars import show_vertical_bar
from views.widgets.text import plain_tip, scaled

_PAD = 6.5  # inside a chip, left and right
_GAP = 5.0  # between chips
FULLEST = 0.6  # of a tint: the words stay readable on it
_MARGIN = 1  # room for the focus ring


class TokenChips(Painted):
    """Chips; those that differ from the other card are outlined in `differs_color`.

    A click picks a token, with Shift all up to it, with Ctrl it too; beside the chips it clears. A double click, the
    pencil, Enter or F2 asks to edit the text. Arrows move along, the space bar picks, Esc clears.
    """

    edit_requested = Signal()
    picked_changed = Signal(tuple)  # indices of tokens
    layout_changed = Signal()  # other tokens: another height

    def __init__(self, differs_color: str = "selection", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._differs_color = differs_color
        self._tokens: tuple[TokenChip, ...] = ()
        self._pending = False
        self._rects: list[QRectF] = []
        self._shown: list[str] = []
        self._words: list[str] = []
        self._advances: list[tuple[float, float]] = []  # of the word, of the index
        self._laid_out_for = -1
        self._heights: dict[int, int] = {}  # by width
        self._height = 0.0
        self._picking = Picking()
        self._double = False  # the next release ends a double click
        self._pencil = QRectF()  # after the last chip: this can be edited
        self._tint: tuple[float, ...] = ()  # of each token, -1 to 1
        self._pointed = (-1, -1)  # tokens that are pointed at elsewhere: what asks, what offers
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_tokens(self, tokens: Sequence[TokenChip]) -> None:
        self._tokens, self._pending = tuple(tokens), False
        if self._picking.cursor >= len(self._tokens):
            self._picking = Picking()
        self._describe()
        self._reset()

    def set_tint(self, shares: Sequence[float]) -> None:
        """Fill the chips, one share each: 1 the fullest blue, -1 the fullest orange; none: as they are."""
        if tuple(shares) != self._tint:
            self._tint = tuple(shares)
            self.update()

    def tint(self) -> tuple[float, ...]:
        return self._tint

    def point_at(self, asks: int, offers: int) -> None:
        """Mark what is pointed at in an attention pattern; -1 for nothing."""
        if (asks, offers) != self._pointed:
            self._pointed = asks, offers
            self.update()

    def set_pending(self, text: str) -> None:
        """Show words in grey until the model's tokens arrive."""
        self._tokens = tuple(TokenChip(word, -1) for word in text.split())
        self._pending = True
        self._reset()

    def tokens(self) -> tuple[TokenChip, ...]:
        return self._tokens

    def picked(self) -> tuple[int, ...]:
        """The picked tokens, by their indices."""
        return self._picking.picked

    def set_picked(self, indices: Sequence[int]) -> None:
        self._picking.set(indices)
        self._describe()
        self.update()

    def pencil_rect(self) -> QRectF:
        """Where the pencil is."""
        self._lay_out(self.width())
        return QRectF(self._pencil)

    def chip_texts(self) -> list[str]:
        """What the chips show, in order."""
        self._lay_out(self.width())
        return list(self._shown)

    def chip_rect(self, index: int) -> QRectF:
        self._lay_out(self.width())
        return self._rects[index]

    def chip_at(self, point: QPointF) -> TokenChip | None:
        self._lay_out(self.width())
        for rect, token in zip(self._rects, self._tokens, strict=True):
            if rect.contains(point):
                return token
        return None

    def _describe(self) -> None:
        """What screen readers say."""
        names = [visible_token(token.text) for token in self._tokens]
        words = "Tokens: " + ", ".join(names)
        picked = [names[i] for i in self._picking.picked if i < len(names)]
        self.setAccessibleName(words + (f". Selected: {', '.join(picked)}" if picked else ""))

    # ---- layout --------------------------------------------------------------------------------------------

    def _reset(self) -> None:
        self._laid_out_for = -1
        self._heights.clear()
        self.updateGeometry()
        self.layout_changed.emit()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:  # a layout asks again and again, at the same few widths
            self._heights[width] = round(self._lay_out(width))
        return self._heights[width]

    def sizeHint(self) -> QSize:
        return QSize(220, self.heightForWidth(220))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.fontMetrics().height() + 8)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out(self.width())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._reset()

    def _measure(self) -> None:
        """Words and widths, once for a set of tokens: a layout is asked for at several widths."""
        metrics = QFontMetricsF(self.font())
        digit = QFontMetricsF(scaled(self.font(), 0.68)).horizontalAdvance("0")
        widths: dict[str, float] = {}
        self._words = [visible_token(token.text) for token in self._tokens]
        self._advances = []
        for word, token in zip(self._words, self._tokens, strict=True):
            if word not in widths:
                widths[word] = metrics.horizontalAdvance(word)
            mark = digit * len(str(token.index)) + 2 if token.index >= 0 else 0.0
            self._advances.append((widths[word], mark))

    def _lay_out(self, width: int) -> float:
        """Place the chips for a width; the height that they need."""
        metrics = QFontMetricsF(self.font())
        height = metrics.height() + 7
        if self._laid_out_for != width:
            if self._laid_out_for < 0:
                self._measure()
            self._laid_out_for = width
            self._rects, self._shown = [], []
            x = y = float(_MARGIN)
            limit = max(40.0, width - 2.0 * _MARGIN)
            for word, (advance, mark) in zip(self._words, self._advances, strict=True):
                text, room = word, limit - 2 * _PAD - mark
                if advance > room:
                    text = metrics.elidedText(word, Qt.TextElideMode.ElideMiddle, room)
                    advance = metrics.horizontalAdvance(text)
                chip = advance + mark + 2 * _PAD
                if x > _MARGIN and x + chip > limit + _MARGIN:
                    x, y = float(_MARGIN), y + height + _GAP
                self._rects.append(QRectF(x, y, chip, height))
                self._shown.append(text)
                x += chip + _GAP
            side = metrics.height()
            if x + side > limit + _MARGIN:
                x, y = float(_MARGIN), y + height + _GAP
            self._pencil = QRectF(x, y + (height - side) / 2, side, side)
            self._height = y + height + _MARGIN
        return self._height

    # ---- drawing -------------------------------------------------------------------------------------------

    def draw(self, painter: QPainter) -> None:
        self._lay_out(self.width())
        theme, metrics = current(), QFontMetricsF(self.font())
        digits = scaled(self.font(), 0.68)
        picked, cursor = set(self._picking.picked), self._picking.cursor if self.hasFocus() else -1
        first = bisect_right(self._rects, self._exposed.top(), key=lambda rect: rect.bottom())
        for rect, token, text in zip(self._rects[first:], self._tokens[first:], self._shown[first:], strict=True):
            if rect.top() > self._exposed.bottom():
                break
            outline = self._differs_color if token.differs else "border"
            chosen = token.index in picked
            painter.setPen(
                QPen(theme.color("selection" if chosen else outline), 1.3 if token.differs or chosen else 1.0)
            )
            painter.setBrush(theme.color("chosen" if chosen else "raised"))
            if 0 <= token.index < len(self._tint) and not chosen:
                share = self._tint[token.index]
                painter.setBrush(
                    mix(theme.raised, theme.positive if share > 0 else theme.negative, FULLEST * abs(share))
                )
            painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
            if token.index == cursor:
                painter.setPen(QPen(theme.color("text"), 1.0, Qt.PenStyle.DotLine))
                painter.drawRoundedRect(rect.adjusted(2.5, 2.5, -2.5, -2.5), 3.5, 3.5)
            if token.index in self._pointed and token.index >= 0:
                asks = token.index == self._pointed[0]
                painter.setPen(QPen(theme.color("selection" if asks else "positive"), 1.6))
                painter.setBrush(theme.color("selection" if asks else "positive", 0.16))
                painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
            color = "muted" if self._pending else "text"
            if token.differs and self._differs_color == "negative":
                color = "negative"
            painter.setFont(self.font())
            painter.setPen(theme.color(color))
            baseline = rect.center().y() + (metrics.ascent() - metrics.descent()) / 2
            painter.drawText(QPointF(rect.x() + _PAD, baseline), text)
            if token.index >= 0:
                painter.setFont(digits)
                painter.setPen(theme.color("muted", 0.85))
                x = rect.x() + _PAD + metrics.horizontalAdvance(text) + 2
                painter.drawText(QPointF(x, baseline + 2.5), str(token.index))
        draw_icon(painter, "pencil", self._pencil, "text" if self.underMouse() else "muted", 0.8)

    # ---- acting --------------------------------------------------------------------------------------------

    # A press is left to the card, from which card B can be dragged.

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self.rect().contains(event.position().toPoint()):
            super().mouseReleaseEvent(event)
            return
        if self._double:
            self._double = False
            return
        token = self.chip_at(event.position())
        if self._pencil.contains(event.position()):
            self.edit_requested.emit()
        elif token is None:
            self._clear()
        elif token.index >= 0:
            self._picking.click(token.index, event.modifiers())
            self._tell()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._double = True
            self.edit_requested.emit()

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._double = False
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, last = event.key(), len(self._tokens) - 1
        to = {
            Qt.Key.Key_Left: max(self._picking.cursor - 1, 0),
            Qt.Key.Key_Right: min(self._picking.cursor + 1, last),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }.get(Qt.Key(key))
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.edit_requested.emit()
        elif to is not None and last >= 0 and not self._pending:
            self._picking.move(to, event.modifiers())
            self._tell()
        elif key == Qt.Key.Key_Space and not self._pending:
            self._picking.toggle_cursor()
            self._tell()
        elif key == Qt.Key.Key_Escape and self._picking.picked:
            self._clear()
        else:
            super().keyPressEvent(event)

    def _clear(self) -> None:
        if self._picking.picked:
            self._picking.clear()
            self._tell()

    def _tell(self) -> None:
        self._describe()
        self.update()
        self.picked_changed.emit(self._picking.picked)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            token = self.chip_at(QPointF(event.pos()))
            tip = f"token {token.index}: {token.text!r}" if token and token.index >= 0 else ""
            if tip and token and token.differs:
                tip += "\ndiffers from the other card"
            if tip:
                tip += "\nClick: edits apply here only. Shift or Ctrl adds, Esc clears"
            if not tip and self._pencil.contains(QPointF(event.pos())):
                tip = "Edit the text (Enter, or a double click)"
            QToolTip.showText(event.globalPos(), plain_tip(tip), self)
            return True
        return super().event(event)


class ChipScroll(QScrollArea):
    """Chips at the height that they need, up to `lines` lines; a longer prompt scrolls."""

    def __init__(self, chips: TokenChips, lines: int = 9, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips = chips
        self._lines = lines
        self.setWidget(chips)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        chips.layout_changed.connect(self.updateGeometry)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return min(self._chips.heightForWidth(width), self._most_height())

    def _most_height(self) -> int:
        line = self._chips.fontMetrics().height() + 7 + int(_GAP)
        return self._lines * line + line // 2  # half a line more shows that there is more

    def resizeEvent(self, event: QResizeEvent) -> None:
        show_vertical_bar(self, self._chips.heightForWidth(self.width()) > self._most_height())
        super().resizeEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(220, self.heightForWidth(220))

    def minimumSizeHint(self) -> QSize:
        return self._chips.minimumSizeHint()
