"""The bottom panel: the answers before and after the edits, the pinned ones first, and the metric as a big number with
its line along the history. While a step of the history is previewed, it shows that step's figures and says so."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QActionGroup, QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QSizePolicy, QVBoxLayout, QWidget

from core.formatting import metric_digits, number
from views.panels.continuation.panel import ContinuationPanel
from views.panels.history.data import MetricPoint
from views.panels.history.sparkline import Sparkline
from views.panels.predictions.data import PredictionsData
from views.panels.predictions.pin_field import PinField
from views.panels.predictions.rows import COUNTS, as_csv, as_text, metric_change
from views.panels.predictions.table import PredictionTable, TableScroll
from views.theme import as_card, hue_of, text_scale, theme_changes
from views.widgets.buttons import LinkButton, open_below
from views.widgets.line_icons import IconButton
from views.widgets.text import ElidedLabel, TintedLabel, enlarge, show_text, wrapped

NOTHING = "Open a model and type a prompt: its answers appear here."
_METRIC_WIDTH = 164  # pixels
_METRIC_BESIDE_FROM = 480  # pixels: in a narrower panel the metric goes into the heading
_LINE_FROM = 130  # pixels: in a lower panel the metric's line gives way
_BOTH_FROM = 230  # pixels: in a lower panel the text that goes on takes the place of the answers


class PredictionsPanel(QFrame):
    pin_requested = Signal(str, bool)  # the key of an answer that is shown; whether to pin it
    pin_typed = Signal(str)  # an answer as the user writes it
    unpin_all_requested = Signal()
    count_chosen = Signal(int)
    compare_chosen = Signal(bool)
    step_chosen = Signal(int)  # a point of the metric's line
    continue_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Predictions")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.setMinimumSize(260, 96)
        self._live: PredictionsData | None = None
        self._preview: PredictionsData | None = None
        self._count, self._compare = COUNTS[0], True
        self._writes = False

        self.short_metric = TintedLabel("", "text")
        self.preview_words = TintedLabel("", "selection")
        self.preview_words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.preview_words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # gives way first
        self._rest = QWidget()  # in their place
        self.pin_field = PinField()
        self.pin_field.hide()
        self.pin_field.committed.connect(self.pin_typed)
        self.pin_field.closed.connect(self._close_pin)
        self.pin_field.textEdited.connect(lambda _text: show_text(self.pin_problem, ""))
        self.pin_button = IconButton("pin", "Pin an answer", "Pin an answer: always show it (Ctrl+P)")
        self.pin_button.clicked.connect(self.open_pin)
        self.continue_button = LinkButton("Continue")
        self.continue_button.setToolTip("Go on with A, before and after the edits side by side (Ctrl+Shift+Return)")
        self.continue_button.clicked.connect(lambda: self.continue_requested.emit())
        self.continuation = ContinuationPanel()
        self.continuation.opened.connect(self._make_way)
        self.more = IconButton("more", "Options of the predictions", "How many answers, B's own, copy")
        self.more.clicked.connect(self._open_options)
        self.table = PredictionTable()
        self.table.pin_requested.connect(self.pin_requested)
        self.scroll = TableScroll(self.table)
        self.metric_name = ElidedLabel("", "muted")
        self.metric_value = TintedLabel("", "text")
        enlarge(self.metric_value, 2.1)
        self.metric_change = TintedLabel("", "muted")
        self.sparkline = Sparkline()
        self.sparkline.step_chosen.connect(self.step_chosen)
        self.pin_problem = wrapped(role="warning")
        self.hint = wrapped(NOTHING)

        self.for_title = QWidget()  # in a dock, beside its name
        header = QHBoxLayout(self.for_title)
        header.setContentsMargins(0, 0, 0, 0)
        header.setSpacing(6)
        header.addWidget(self._rest, 1)
        header.addWidget(self.short_metric, 1)
        header.addWidget(self.preview_words, 1)
        header.addWidget(self.pin_field, 1)
        header.addWidget(self.continue_button)
        header.addWidget(self.pin_button)
        header.addWidget(self.more)
        self.metric_block = QWidget()
        self.metric_block.setMinimumWidth(_METRIC_WIDTH)
        block = QVBoxLayout(self.metric_block)
        block.setContentsMargins(16, 0, 0, 0)
        block.setSpacing(1)
        block.addStretch(1)
        for label in (self.metric_name, self.metric_value, self.metric_change):
            block.addWidget(label)
        block.addSpacing(3)
        block.addWidget(self.sparkline)
        block.addStretch(1)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.scroll, 1)
        body.addWidget(self.metric_block)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 6, 14, 8)
        layout.setSpacing(4)
        layout.addWidget(self.for_title)
        layout.addWidget(self.pin_problem)
        layout.addWidget(self.hint)
        layout.addLayout(body, 1)
        layout.addWidget(self.continuation, 1)
        theme_changes().resized.connect(self._arrange)
        show_text(self.pin_problem, "")
        self.show_nothing(NOTHING)

    # ---- showing -------------------------------------------------------------------------------------------

    def show_predictions(self, data: PredictionsData) -> None:
        self._live = data
        show_text(self.hint, "")
        self._show()

    def show_preview(self, data: PredictionsData | None) -> None:
        """Another step's figures instead, until None."""
        if data != self._preview:
            self._preview = data
            self._show()

    def show_nothing(self, text: str = NOTHING) -> None:
        """No figures, and why."""
        self._live = self._preview = None
        self._close_pin()
        self.table.set_data(None)
        self.preview_words.setText("")
        show_text(self.hint, text)
        self._arrange()

    @property
    def _data(self) -> PredictionsData | None:
        """What is on the screen."""
        return self._live if self._live is None or self._preview is None else self._preview

    def _show(self) -> None:
        data = self._data
        if data is None:
            return
        self.table.set_data(data)
        self.table.set_stale(data.stale)
        self.preview_words.setText(f"Preview: {data.preview}" if data.preview else "", "Preview")
        change = data.metric_after - data.metric_before
        digits = metric_digits(data.metric_before, data.metric_after)
        value = number(data.metric_after, digits)
        change_words = metric_change(data)
        self.metric_name.setText(data.metric_name)
        self.metric_value.setText(value)
        if data.edited:
            self.metric_change.setText(f"{change_words} from {number(data.metric_before, digits)}")
        else:
            self.metric_change.setText("no edits")
        moved = data.edited and change_words[0] in "+−"
        short = f"{value} ({change_words})" if data.edited else value
        self.short_metric.setText(f"{data.metric_name} {short}", short)
        tint = "faint" if data.stale else "muted" if not moved else hue_of(change, data.direction)
        self.metric_change.set_color(tint)
        for label in (self.metric_value, self.short_metric):
            label.set_color("faint" if data.stale else "text")
        self._arrange()

    def set_points(self, points: Sequence[MetricPoint]) -> None:
        """The metric along the history."""
        self.sparkline.set_points(points)
        self._arrange()

    def set_answers(self, answers: Sequence[str]) -> None:
        """What can be pinned; nothing where a model has no answers."""
        self.pin_field.set_answers(answers)
        self._arrange()

    def set_options(self, count: int, compare: bool) -> None:
        """How many of the likeliest answers to show, and whether B's own are shown beside."""
        self._count, self._compare = count, compare
        self.table.set_count(count)
        self.table.set_compare(compare)

    def set_writes(self, writes: bool) -> None:
        """Whether the model writes text, and can go on with A."""
        self._writes = writes
        self._arrange()

    def _make_way(self, opened: bool) -> None:
        if not opened:
            self.continue_button.setFocus()
        self._arrange()

    def _arrange(self) -> None:
        some, wide = self._data is not None, self.width() >= _METRIC_BESIDE_FROM * text_scale()
        pinning = not self.pin_field.isHidden()
        preview = some and bool(self.preview_words.text())
        written = not self.continuation.isHidden()
        low = written and self.height() < _BOTH_FROM * text_scale()
        self.scroll.setVisible(some and not low)
        self.table.setVisible(some)
        self.metric_block.setVisible(some and wide and not low)
        self.short_metric.setVisible(some and (low or not wide))
        self.continue_button.setVisible(self._writes and not written and not preview)
        self.sparkline.setVisible(self.sparkline.tells() and self.height() >= _LINE_FROM)
        self.preview_words.setVisible(preview and not pinning)
        self._rest.setVisible(not preview and not pinning and self.short_metric.isHidden())
        self.pin_button.setVisible(some and self.can_pin() and not preview)
        self.more.setVisible(some and not preview)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    # ---- pinning -------------------------------------------------------------------------------------------

    def can_pin(self) -> bool:
        """Whether there are answers to pin: an embedding has none."""
        return self._live is not None and self._live.unit == "probability"

    def open_pin(self) -> None:
        """Have the user type an answer."""
        if self.can_pin():
            self.pin_field.show()
            self._arrange()
            self.pin_field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def pin_done(self) -> None:
        """The typed answer is pinned: make room for another."""
        self.pin_field.clear()
        show_text(self.pin_problem, "")

    def refuse_pin(self, problem: str) -> None:
        """Why the typed text cannot be pinned; the text stays."""
        show_text(self.pin_problem, problem)

    def _close_pin(self) -> None:
        had_focus = self.pin_field.hasFocus()
        self.pin_field.clear()
        self.pin_field.hide()
        show_text(self.pin_problem, "")
        self._arrange()
        if had_focus:
            self.pin_button.setFocus()

    # ---- options and copying -------------------------------------------------------------------------------

    def as_text(self) -> str:
        data = self._data
        return "" if data is None else as_text(data, self.table.rows, self.table.compares)

    def as_csv(self) -> str:
        data = self._data
        return "" if data is None else as_csv(data, self.table.rows, self.table.compares)

    def make_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        clipboard = QGuiApplication.clipboard()
        some = self._data is not None
        copy = menu.addAction("Copy as Text")
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.triggered.connect(lambda: clipboard.setText(self.as_text()))
        copy.setEnabled(some)
        as_table = menu.addAction("Copy as CSV")
        as_table.triggered.connect(lambda: clipboard.setText(self.as_csv()))
        as_table.setEnabled(some)
        if self._data is None:
            return menu
        if self.can_pin():
            menu.addSeparator()
            group = QActionGroup(menu)
            for count in COUNTS:
                choice = menu.addAction(f"{count} Likeliest Answers")
                choice.setCheckable(True)
                choice.setChecked(count == self._count)
                choice.triggered.connect(lambda _checked=False, count=count: self.count_chosen.emit(count))
                group.addAction(choice)
            menu.addSeparator()
            menu.addAction("Pin an Answer…").triggered.connect(self.open_pin)
            unpin = menu.addAction("Unpin All")
            unpin.triggered.connect(self.unpin_all_requested)
            unpin.setEnabled(any(row.pinned for row in self._data.rows))
        if any(row.in_b is not None for row in self._data.rows):
            menu.addSeparator()
            beside = menu.addAction("Compare with B's Own Run")
            beside.setCheckable(True)
            beside.setChecked(self._compare)
            beside.triggered.connect(self.compare_chosen)
        return menu

    def _open_options(self) -> None:
        open_below(self.more, self.make_menu())

    def _open_menu(self, point: QPoint) -> None:
        self.make_menu().popup(self.mapToGlobal(point))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) and self._data is not None:
            QGuiApplication.clipboard().setText(self.as_text())
        else:
            super().keyPressEvent(event)
