"""The bottom panel: the answers before and after the edits, and the metric as a big number."""

from __future__ import annotations

import csv
import io

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from views.data import PredictionsData
from views.panels.prediction_table import PredictionTable
from views.theme import as_card
from views.widgets.text import (
    ElidedLabel,
    TintedLabel,
    dim,
    enlarge,
    metric_digits,
    number,
    show_text,
    signed,
    wrapped,
)

NOTHING = "Open a model and type a prompt: its answers appear here."
_METRIC_BESIDE_FROM = 480  # pixels: in a narrower panel the metric goes into the heading


class PredictionsPanel(QFrame):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Predictions")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.setMinimumSize(260, 96)
        self._data: PredictionsData | None = None

        self.short_metric = TintedLabel("", "text")
        self.run_words = ElidedLabel("", "muted")
        self.run_words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.run_words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # gives way first
        self.for_title = self.run_words  # in a dock, beside its name
        self.table = PredictionTable()
        self.metric_name = ElidedLabel("", "muted")
        self.metric_value = TintedLabel("", "text")
        enlarge(self.metric_value, 2.1)
        self.metric_change = TintedLabel("", "muted")
        self.hint = wrapped(NOTHING)

        header = QHBoxLayout()
        header.setSpacing(12)
        header.addWidget(self.short_metric)
        header.addWidget(self.run_words, 1)
        self.metric_block = QWidget()
        block = QVBoxLayout(self.metric_block)
        block.setContentsMargins(24, 0, 0, 0)
        block.setSpacing(2)
        block.addStretch(1)
        for label in (self.metric_name, self.metric_value, self.metric_change):
            block.addWidget(label)
        block.addStretch(1)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.table, 1)
        body.addWidget(self.metric_block)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(8)
        layout.addLayout(header)
        layout.addWidget(self.hint)
        layout.addLayout(body, 1)
        self.show_nothing(NOTHING)

    # ---- showing -------------------------------------------------------------------------------------------

    def show_predictions(self, data: PredictionsData) -> None:
        self._data = data
        show_text(self.hint, "")
        self.table.set_data(data)
        self.table.set_stale(data.stale)
        dim(self.run_words, data.stale)
        self.run_words.setText(data.run_words, data.run_words.split(" · ")[0])
        change = data.metric_after - data.metric_before
        digits = metric_digits(data.metric_before, data.metric_after)
        value = number(data.metric_after, digits)
        change_words = signed(change, digits)
        self.metric_name.setText(data.metric_name)
        self.metric_value.setText(value)
        if data.edited:
            self.metric_change.setText(f"{change_words} from {number(data.metric_before, digits)}")
        else:
            self.metric_change.setText("no edits")
        moved = data.edited and change_words[0] in "+−"
        short = f"{value} ({change_words})" if data.edited else value
        self.short_metric.setText(f"{data.metric_name} {short}", short)
        tint = "faint" if data.stale else "muted" if not moved else "positive" if change > 0 else "negative"
        self.metric_change.set_color(tint)
        for label in (self.metric_value, self.short_metric):
            label.set_color("faint" if data.stale else "text")
        self._arrange()

    def show_nothing(self, text: str = NOTHING) -> None:
        """No figures, and why."""
        self._data = None
        self.table.set_data(None)
        self.run_words.setText("")
        show_text(self.hint, text)
        self._arrange()

    def _arrange(self) -> None:
        wide = self.width() >= _METRIC_BESIDE_FROM
        self.table.setVisible(self._data is not None)
        self.metric_block.setVisible(self._data is not None and wide)
        self.short_metric.setVisible(self._data is not None and not wide)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    # ---- copying -------------------------------------------------------------------------------------------

    def as_text(self) -> str:
        """The figures as a person would write them down."""
        if self._data is None:
            return ""
        rows = self.table.row_texts()
        label = max((len(cells[0]) for cells in rows), default=0)
        lines = [f"{cells[0]:<{label}}  {cells[1]}  {cells[2]}" for cells in rows]
        data = self._data
        change = data.metric_after - data.metric_before
        digits = metric_digits(data.metric_before, data.metric_after)
        figures = f"{number(data.metric_before, digits)} → {number(data.metric_after, digits)}"
        lines.append(f"{data.metric_name}: {figures} ({signed(change, digits)})")
        return "\n".join(lines)

    def as_csv(self) -> str:
        """All digits, with the metric in the last row."""
        if self._data is None:
            return ""
        data, text = self._data, io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["what", "before", "after", "change"])
        rows = [(row.label, row.before, row.after) for row in data.rows]
        for label, before, after in [*rows, (data.metric_name, data.metric_before, data.metric_after)]:
            table.writerow([label, repr(float(before)), repr(float(after)), repr(float(after - before))])
        return text.getvalue()

    def make_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        clipboard = QGuiApplication.clipboard()
        as_text = menu.addAction("Copy as text")
        as_text.setShortcut(QKeySequence.StandardKey.Copy)
        as_text.triggered.connect(lambda: clipboard.setText(self.as_text()))
        menu.addAction("Copy as CSV").triggered.connect(lambda: clipboard.setText(self.as_csv()))
        for action in menu.actions():
            action.setEnabled(self._data is not None)
        return menu

    def _open_menu(self, point: QPoint) -> None:
        self.make_menu().popup(self.mapToGlobal(point))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) and self._data is not None:
            QGuiApplication.clipboard().setText(self.as_text())
        else:
            super().keyPressEvent(event)
