"""The threshold strip, under the canvas: how many edges the circuit keeps, what they recover of the behaviour, as
measured, and what they leave unexplained. The track with the curve is `track`."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from core.glossary import explained
from views.panels.circuit.data import CircuitData
from views.panels.circuit.fit import Room, fitted
from views.panels.circuit.rule_field import RuleField
from views.panels.circuit.track import FaithfulnessTrack, axis_width, curve_words
from views.panels.circuit.typed import AT_LEAST, parse_share, parse_size
from views.panels.circuit.words import button_words, header_words, run_words, size_words
from views.theme import as_card
from views.widgets.buttons import LinkButton
from views.widgets.text import ElidedLabel, dim, plain_tip, set_role

TRACK_TIP = "Drag, or: arrows a few edges, Page Up and Page Down twice and half as many, Home none, End all."

INVITATION = "how many"  # in the empty field
LEAST = "at least 80 %"  # in the empty field beside it
LEAST_TIP = (
    "The smallest circuit that recovers at least this share of the behaviour. Type a share and press Enter: circuits "
    "of many sizes are really run, which Esc stops. Ctrl+Z brings the present one back."
)
FIELD_EDGES = 28  # pixels of the field beside its text


class ThresholdStrip(QFrame):
    size_wanted = Signal(int)  # the circuit is to keep so many edges
    let_go = Signal()  # the drag has ended
    overview_wanted = Signal()  # no circuit, the strongest edges
    trace_wanted = Signal()
    measure_wanted = Signal()  # the edges shown
    rule_wanted = Signal(str)  # the edges are to be chosen so
    share_wanted = Signal(float)  # the smallest circuit that recovers it, 0 to 1

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Circuit")
        self._data = CircuitData()
        self._refused = ""
        self.field = QLineEdit()
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.field.setAccessibleName("Edges that the circuit keeps")
        self.field.setToolTip(
            "How many edges the circuit keeps: a number, or a share of the edges, like 2 % of edges. Enter takes it."
        )
        self.field.returnPressed.connect(self._take_typed)
        self.field.installEventFilter(self)
        self.least = QLineEdit()
        self.least.setPlaceholderText(LEAST)
        self.least.setAccessibleName("Share of the behaviour that the smallest circuit is to recover")
        self.least.setToolTip(plain_tip(LEAST_TIP))
        self.least.returnPressed.connect(self._take_least)
        self.least.installEventFilter(self)
        self.rule = RuleField()
        self.rule.rule_wanted.connect(self.rule_wanted)
        self.title = ElidedLabel("")
        self.title.setProperty("role", "heading")
        self.title.set_tip(explained("recover"))
        self.note = ElidedLabel("", "muted")
        self.note.set_tip(explained("random band"))
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.overview = LinkButton("Show the strongest")
        self.overview.clicked.connect(self.overview_wanted)
        self.measure = LinkButton("Measure")
        self.measure.setToolTip("Really edit every edge shown, one at a time: dashed edges become solid (M)")
        self.measure.clicked.connect(self.measure_wanted)
        self.track = FaithfulnessTrack()
        self.track.size_wanted.connect(self._show_wanted)
        self.track.let_go.connect(self.let_go)
        self.trace = QPushButton("Trace to see the curve", self.track)
        self.trace.setFlat(True)
        self.trace.setToolTip("Score all edges and run circuits of all sizes (T)")
        self.trace.clicked.connect(self.trace_wanted)
        self.problem = ElidedLabel("", "muted", parent=self.track)
        self.problem.setAlignment(Qt.AlignmentFlag.AlignCenter)

        self._first, self._second = QHBoxLayout(), QHBoxLayout()
        self._in_two = False
        self._first.addWidget(self.field)
        self._first.addWidget(self.rule)
        self._first.addWidget(self.title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(6)
        for row in (self._first, self._second):
            row.setSpacing(8)
            row.addStretch(1)
            layout.addLayout(row)
        for widget in self._behind():
            self._first.addWidget(widget)
        self._third = QHBoxLayout()
        self._third.setSpacing(8)
        self._third.addWidget(self.track, 1)
        self._third.addWidget(self.least)
        layout.addLayout(self._third)
        self.set_data(CircuitData())
        self._show()

    def _behind(self) -> tuple[QWidget, ...]:
        """What stands behind the title, or below it."""
        return self.note, self.measure, self.overview

    def set_slim(self, slim: bool) -> None:
        """In a low window the track gives way to the canvas."""
        self.track.set_slim(slim)
        edge = 5 if slim else 8
        self.layout().setContentsMargins(12, edge, 12, edge)  # type: ignore[union-attr]
        self.layout().setSpacing(4 if slim else 6)  # type: ignore[union-attr]

    # ---- showing -----------------------------------------------------------------------------------------------

    def set_data(self, data: CircuitData) -> None:
        if data.size != self._data.size or data.edges != self._data.edges:
            self._refused = ""
        same, self._data = data == self._data, data
        self.field.setEnabled(data.edges > 0)
        if not self.field.hasFocus() or not self.field.isModified():
            self._show_size(data.size)
        self.rule.set_rules(data.rules, data.rule)
        self.track.set_data(data)
        if not same:  # mostly it is: each reply and each step of the history asks
            self._show()

    def _show(self) -> None:
        data = self._data
        self.least.setVisible(data.can_trace)
        self.least.setEnabled(not data.tracing and not data.problem)
        self.overview.setVisible(data.size is not None)
        self.overview.setToolTip(
            f"Keep no circuit: show the {data.overview} strongest edges, those that work away from A too"
        )
        self.measure.setVisible(data.can_measure)
        self._write()

    def _show_size(self, size: int | None) -> None:
        self.field.setText("" if size is None else f"{size:,}")
        self.field.setPlaceholderText(INVITATION)
        self._fit_field()

    def _fit_field(self) -> None:
        """Wide enough for its words and for all edges, in the size of text that there is."""
        words = (f"{self._data.edges:,}", *((INVITATION,) if self._data.size is None else ()))
        widest = max(words, key=self.field.fontMetrics().horizontalAdvance)
        self.field.setFixedWidth(self.field.fontMetrics().horizontalAdvance(widest) + FIELD_EDGES)
        self.least.setFixedWidth(self.least.fontMetrics().horizontalAdvance(LEAST) + FIELD_EDGES)

    def _write(self) -> None:
        data, kept = self._data, self._data.kept
        self._fit()
        stale = data.size is not None and (data.stale or (kept is not None and kept.size != data.size))
        against = kept is not None and kept.against and data.size is not None and not (self._refused or data.problem)
        set_role(self.title, "bad" if against and not stale else "heading")
        for label in (self.title, self.note):
            dim(label, stale)
        self.problem.setText("" if self._refused else data.problem)
        self.problem.setVisible(bool(data.problem))
        awaited = data.curve is None or data.curve.stale
        self.trace.setVisible(awaited and not data.problem and data.can_trace)
        self.trace.setEnabled(not data.running and not data.tracing and not data.in_part)
        tips = [size_words(data), TRACK_TIP]
        if data.curve is not None:
            tips.append(f"{'Of an earlier state. ' if data.curve.stale else ''}{data.curve.words}")
        if kept is not None and data.size is not None:
            tips.append(run_words(kept))
        self.track.setToolTip(plain_tip("\n\n".join(tips)))
        titles, notes = self.words()
        curve = "" if data.curve is None or data.curve.stale else curve_words(data.curve)
        self.track.setAccessibleDescription(" ".join(filter(None, (titles[0], notes[0], data.problem, curve))))
        self._place()

    def words(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What the header says on the left and on the right, each with shorter forms."""
        return ((self._refused,), ("",)) if self._refused else header_words(self._data)

    def _fit(self) -> None:
        """Say as much as there is room for."""
        buttons = sum(
            button.sizeHint().width()
            for button, there in ((self.overview, self._data.size is not None), (self.measure, self._data.can_measure))
            if there
        )
        rule = self.rule.width() if self._data.rules else 0
        room = Room(self.width(), self.field.width(), rule, buttons)
        titles, notes = self.words()
        fit = fitted(titles, notes, self.title.fontMetrics(), self.note.fontMetrics(), room)
        self.rule.setVisible(fit.has_rule)
        self._break(fit.in_two)
        self.title.setText(fit.title)
        self.note.setText(fit.note)
        band = explained("random band")
        self.note.set_tip(band if fit.note == notes[0] else f"{notes[0]}. {band}")

    def _break(self, in_two: bool) -> None:
        """Put the note and the buttons behind the title, or below it."""
        if in_two != self._in_two:
            self._in_two = in_two
            for widget in self._behind():
                (self._second if in_two else self._first).addWidget(widget)

    def _place(self) -> None:
        """The button and the problem lie in the track, beside the handle; there the button says as much as fits."""
        handle = self.track.x_of(self.track.size_shown)
        beside = max(handle, self.track.width() - axis_width() - handle) - 24
        for words in button_words(self._data):
            self.trace.setText(words)
            self.trace.adjustSize()
            if self.trace.width() <= beside:
                break
        size = self.trace.size()
        right = self.track.width() - round(axis_width()) - size.width() - 4
        covered = right - 10 < handle < right + size.width() + 10  # then it stands on the other side of the handle
        self.trace.move(14 if covered else right, (self.track.height() - size.height()) // 2)
        self.track.set_covered(self.trace.geometry() if self.trace.isVisibleTo(self) else QRect())
        self.problem.setGeometry(14, 0, max(self.track.width() - 28, 10), self.track.height())

    def minimumSizeHint(self) -> QSize:
        """Without the list of rules, which gives way: else the window could not become so narrow that it does."""
        hint = super().minimumSizeHint()
        if self.rule.isVisibleTo(self):
            others = max(row.minimumSize().width() for row in (self._second, self._third)) + 24
            hint.setWidth(max(hint.width() - self.rule.width() - 8, others))
        return hint

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_field()
        self._fit()
        self._place()

    # ---- choosing ----------------------------------------------------------------------------------------------

    def _show_wanted(self, size: int) -> None:
        self._refused = ""
        self.field.setModified(False)
        self._show_size(size)
        self.size_wanted.emit(size)

    def _take_typed(self) -> None:
        size = parse_size(self.field.text(), self._data.edges)
        if size is None and AT_LEAST.match(self.field.text()):
            self.least.setText(self.field.text())
            self._show_size(self._data.size)
            self._take_least()
            return
        if size is None:
            self._refused = f"Type a number from 0 to {self._data.edges:,}, or a share of the edges like 2 %."
            self._write()
            return
        self._refused = ""
        self.field.setModified(False)
        self._show_size(size)
        self._write()
        self.size_wanted.emit(size)
        self.let_go.emit()

    def _take_least(self) -> None:
        share = parse_share(self.least.text())
        self._refused = (
            "" if share is not None else "Type a share of the behaviour from 1 % to 100 %, like at least 80 %."
        )
        self._write()
        if share is not None:
            self.least.setModified(False)
            self.share_wanted.emit(share)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc, or leaving the field, gives up what was typed."""
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if event.type() == QEvent.Type.FocusOut or (event.type() == QEvent.Type.KeyPress and escape):
            self._refused = ""
            if watched is self.least and self.least.isModified():
                self.least.clear()
            self.field.setModified(False)
            self._show_size(self._data.size)
            self._write()
        return super().eventFilter(watched, event)
