"""The rows of the dataset: A, what is different in B, and the metric of each as a bar and a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from core.formatting import metric_digits, number
from views.panels.dataset.data import DatasetRow, LazyRows, known_rows
from views.theme import current
from views.widgets.painted import STALE_OPACITY, draw_bar
from views.widgets.patch_image import to_qimage
from views.widgets.text import plain_tip, small_mono

HEADERS = ("A", "B", "Metric")
_Index = QModelIndex | QPersistentModelIndex
MEASURED = 200  # rows that say how wide the columns are
LEAST_NAME = 44  # pixels: a picture's name in less room says nothing
_ROW = Qt.ItemDataRole.UserRole
_LINE = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine


def difference(a: str, b: str) -> str:
    """What B has other than A: the words between what both begin and end with."""
    if not b or a == b:
        return b
    before, middle, after = parts(b, a)
    return f"{'…' * bool(before)}{middle}{'…' * bool(after)}"


def parts(text: str, other: str) -> tuple[str, str, str]:
    """A text cut in three: what it begins with as the other does, its own words, and what both end with."""
    words, others = text.split(" "), other.split(" ")
    least = min(len(words), len(others))
    start = 0
    while start < least and words[start] == others[start]:
        start += 1
    end = 0
    while end < least - start and words[-1 - end] == others[-1 - end]:
        end += 1
    middle, after = words[start : len(words) - end], words[len(words) - end :]
    before = " ".join([*words[:start], ""]) if start else ""
    return before, " ".join(middle), " ".join(["", *after]) if end else ""


def around(metrics: QFontMetrics, text: tuple[str, str, str], room: int) -> tuple[str, str, str]:
    """Three parts of a text in so many pixels, with the middle one in sight: what is before and after gives way."""
    before, middle, after = text
    width = metrics.horizontalAdvance
    free = room - width(middle)
    if width("".join(text)) <= room:
        return text
    if free <= 0 or not middle:
        whole = metrics.elidedText(middle or "".join(text), Qt.TextElideMode.ElideRight, room)
        return ("", whole, "") if middle else (whole, "", "")
    left = max(free // 2, free - width(after))
    before = metrics.elidedText(before, Qt.TextElideMode.ElideLeft, min(left, free))
    after = metrics.elidedText(after, Qt.TextElideMode.ElideRight, free - width(before))
    return before, middle, after


class DatasetModel(QAbstractTableModel):
    """Texts can be edited in place: `edited` says what somebody wrote, and the rows come back changed."""

    edited = Signal(int, int, str)  # row, column, text

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: Sequence[DatasetRow] = ()
        self.most = 1.0  # the largest figure, which fills a bar

    def set_rows(self, rows: Sequence[DatasetRow]) -> None:
        before, after = self.rows, rows if isinstance(rows, LazyRows) else tuple(rows)
        same = len(before) == len(after)
        if not same:
            self.beginResetModel()
        self.rows = after
        values = [abs(v) for row in known_rows(rows) for v in (row.before, row.after) if v is not None]
        self.most = max(values, default=0.0) or 1.0
        if not same:
            self.endResetModel()
        elif rows:
            if isinstance(before, LazyRows) and isinstance(after, LazyRows) and before.of is after.of:
                self.dataChanged.emit(self.index(0, 2), self.index(len(rows) - 1, 2))
                return
            # Cells whose words stay are left alone: somebody may be typing in one.
            for place, (old, new) in enumerate(zip(before, after, strict=True)):
                if (old.a, old.b) != (new.a, new.b):
                    self.dataChanged.emit(self.index(place, 0), self.index(place, 1))
            self.dataChanged.emit(self.index(0, 2), self.index(len(rows) - 1, 2))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and index.column() < 2 and self.rows[index.row()].kind == "text":
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role == _ROW:
            return row
        if role == Qt.ItemDataRole.EditRole:
            return (row.a, row.b, "")[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return (row.a, difference(row.a, row.b) or "–", figures(row))[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self._tip(row, index.column()))
        return None

    def _tip(self, row: DatasetRow, column: int) -> str:
        if row.problem:
            return row.problem
        words = (row.a, row.b or "This row has no B.", figures(row, exact=True))[column]
        if column < 2 and row.answers:
            words += f"\n{row.answers}"
        return words + (
            "\nThis pair is on the cards." if row.present else "\nDouble click: put this pair on the cards."
        )

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or str(value) == self.data(index, role):
            return False
        self.edited.emit(index.row(), index.column(), str(value))
        return True


def figures(row: DatasetRow, exact: bool = False) -> str:
    """ "3.12", "3.12 → 2.87", "does not fit". exact: with as many digits as a small change takes."""
    if row.problem:
        return "does not fit"
    if row.before is None or row.after is None:
        return "…"
    digits = metric_digits(row.before, row.after) if exact else 2
    before, after = number(row.before, digits), number(row.after, digits)
    return before if before == after else f"{before} → {after}"


class _Delegate(QStyledItemDelegate):
    """Paints thumbnails beside names, and the metric as a bar above its number."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row: DatasetRow = index.data(_ROW)
        theme = current()
        rect: QRect = option.rect  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:  # type: ignore[attr-defined]
            painter.fillRect(rect, theme.color("chosen"))
        inner = rect.adjusted(6, 0, -6, 0)
        if index.column() == 2:
            self._paint_figures(painter, inner, row, option)
        else:
            picture = row.pictures[index.column()]
            if picture is not None:
                side = rect.height() - 6
                painter.drawImage(QRectF(inner.left(), rect.top() + 3, side, side), to_qimage(picture))
                inner.setLeft(inner.left() + side + 6)
            color = (
                "negative"
                if row.problem
                else "selection"
                if row.present
                else "text"
                if index.column() == 0
                else "muted"
            )
            painter.setPen(theme.color(color))
            painter.setFont(option.font)  # type: ignore[attr-defined]
            metrics = QFontMetrics(option.font)  # type: ignore[attr-defined]
            if row.kind == "text" and index.column() == 0:
                self._paint_text(painter, metrics, inner, row, plain=bool(row.problem) or row.present)
            else:
                text = str(index.data()) if picture is None or inner.width() > LEAST_NAME else ""
                mode = Qt.TextElideMode.ElideMiddle if row.kind == "image" else Qt.TextElideMode.ElideRight
                painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, metrics.elidedText(text, mode, inner.width()))
        painter.restore()

    def _paint_text(self, painter: QPainter, metrics: QFontMetrics, inner: QRect, row: DatasetRow, plain: bool) -> None:
        """A with the words that B has others for in sight; plain: all in the colour that is set."""
        cut = parts(row.a, row.b) if row.b and row.b != row.a else (row.a, "", "")
        shown = around(metrics, cut, inner.width())
        x = inner.left()
        for place, text in enumerate(shown):
            if not plain and shown[1]:
                painter.setPen(current().color("text" if place == 1 else "muted"))
            painter.drawText(QRect(x, inner.top(), inner.right() - x + 1, inner.height()), _LINE, text)
            x += metrics.horizontalAdvance(text)

    def _paint_figures(self, painter: QPainter, inner: QRect, row: DatasetRow, option: QStyleOptionViewItem) -> None:
        theme = current()
        painter.setOpacity(STALE_OPACITY if row.stale else 1.0)
        if row.problem or row.before is None or row.after is None:
            painter.setPen(theme.color("negative" if row.problem else "muted"))
            words = QFontMetrics(option.font).elidedText(figures(row), Qt.TextElideMode.ElideRight, inner.width())  # type: ignore[attr-defined]
            painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, words)
            return
        model = self.parent().model()  # type: ignore[attr-defined]
        width = inner.width()
        bars = ((row.before, 4.0, "neutral"), (row.after, 8.0, "positive" if row.after >= 0 else "negative"))
        for value, top, color in bars if row.before != row.after else bars[1:]:
            box = QRectF(inner.left(), inner.top() + top, width * abs(value) / model.most, 3)
            draw_bar(painter, box, theme.color(color), 1.5)
        font = small_mono()
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        below = inner.adjusted(0, 11, 0, 0)
        shown = figures(row)
        if QFontMetrics(font).horizontalAdvance(shown) > width:
            shown = number(row.after, 2)  # the rest is in the tooltip, and in the bars
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, shown)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(60, QFontMetrics(small_mono()).height() + 18)


class DatasetTable(QTableView):
    """Selects whole rows. Enter or a double click puts a row on the cards, F2 edits its text, Delete takes rows away,
    Ctrl+C and Ctrl+V copy and paste."""

    load_requested = Signal(int)
    delete_requested = Signal(list)  # rows
    copy_requested = Signal(list)
    paste_requested = Signal()
    seen = Signal(int, int)  # the first row in view, and how many there are

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = DatasetModel(self)
        self.setModel(self.lines)
        self.setItemDelegate(_Delegate(self))
        self.setAccessibleName("Dataset")
        self.setMinimumHeight(60)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)  # Tab goes on to the next panel
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, mode in enumerate((QHeaderView.ResizeMode.Stretch,) + (QHeaderView.ResizeMode.Fixed,) * 2):
            self.horizontalHeader().setSectionResizeMode(column, mode)
        self.lines.modelReset.connect(self._fit)
        self.lines.modelReset.connect(self._tell_view)
        self.verticalScrollBar().valueChanged.connect(self._tell_view)
        self.lines.dataChanged.connect(self._fit)
        self.horizontalHeader().setMinimumSectionSize(40)
        self._fit()

    def _fit(self) -> None:
        """Heights and widths for the font."""
        metrics = QFontMetrics(small_mono())
        self.verticalHeader().setDefaultSectionSize(metrics.height() + 18)
        room, rows = self.viewport().width(), self.lines.rows[:MEASURED]
        wide = max((metrics.horizontalAdvance(figures(row)) for row in rows), default=0) + 14
        self.horizontalHeader().resizeSection(2, min(max(wide, 56), max(60, room * 2 // 5)))
        words = QFontMetrics(self.font())
        longest = max((words.horizontalAdvance(difference(row.a, row.b) or "–") for row in rows), default=0) + 14
        pictures = any(row.kind == "image" for row in rows)
        self.horizontalHeader().resizeSection(1, room // 3 if pictures else min(max(longest, 44), max(60, room // 3)))

    def _tell_view(self) -> None:
        """Which rows are in view; one more than that at the end."""
        height = max(self.verticalHeader().defaultSectionSize(), 1)
        self.seen.emit(max(self.rowAt(0), 0), self.viewport().height() // height + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()
        self._tell_view()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and self.model() is not None:
            self._fit()

    def sizeHint(self) -> QSize:
        return QSize(220, 120)

    def selected_rows(self) -> list[int]:
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid():
            self.load_requested.emit(index.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        rows = self.selected_rows()
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste_requested.emit()
        elif event.matches(QKeySequence.StandardKey.Copy) and rows:
            self.copy_requested.emit(rows)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and rows:
            self.delete_requested.emit(rows)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.load_requested.emit(self.currentIndex().row())
        else:
            super().keyPressEvent(event)
