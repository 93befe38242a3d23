"""How the text goes on, under the predictions: before the edits and after them, side by side."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut, Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from views.panels.continuation.data import Choice, ContinuationData
from views.panels.continuation.text import WrittenText
from views.theme import SPACE, text_scale, theme_changes
from views.widgets.buttons import LinkButton
from views.widgets.flow import FlowLayout
from views.widgets.line_icons import IconButton
from views.widgets.number_boxes import DecimalBox, NumberBox
from views.widgets.text import ElidedLabel

LIKELIEST, DRAWN = "likeliest", "by chance"
HIGHEST = 5.0  # temperature: all tokens are about as likely there
MOST_SEED = 9_999
_BESIDE_FROM = 340  # pixels: in a narrower panel the texts lie one below the other
_COPY_FROM = 470  # pixels: in a narrower one the fields take the place of Copy, which Ctrl+C does too
_WORDS_FROM = 140  # pixels: in a lower one, headings say what there is to say


class Column(QWidget):
    """One of the two texts, under what it is."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = ElidedLabel(title, "muted")
        self.text = WrittenText(title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.heading)
        layout.addWidget(self.text, 1)


class ContinuationPanel(QWidget):
    """A line of what to do and what came of it, and the texts below. Hidden until it is asked for."""

    wanted = Signal(object)  # Choice: how to go on
    stop_wanted = Signal()
    token_taken = Signal(bool, int)  # of the text after the edits; its place
    copy_wanted = Signal()
    opened = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running = False
        self.tokens = NumberBox()
        self.tokens.setMinimum(1)
        self.tokens.setValue(Choice().tokens)
        self.tokens.setSuffix(" tokens")
        self.tokens.setAccessibleName("How many tokens to write")
        self.tokens.setToolTip("How many tokens to write at most: the model may end the text before")
        self.rule = QComboBox()
        self.rule.addItems([LIKELIEST, DRAWN])
        self.rule.setAccessibleName("Which token to take")
        self.rule.setToolTip("Take the likeliest token each time, or draw one by the model's probabilities")
        self.temperature = DecimalBox()
        self.temperature.setRange(0.1, HIGHEST)
        self.temperature.setSingleStep(0.1)
        self.temperature.setDecimals(1)
        self.temperature.setValue(1.0)
        self.temperature.setPrefix("temp. ")
        self.temperature.setAccessibleName("Temperature")
        self.temperature.setToolTip("Temperature: 1 draws as the model says, less keeps to likely tokens")
        self.seed = NumberBox()
        self.seed.setRange(0, MOST_SEED)
        self.seed.setPrefix("seed ")
        self.seed.setAccessibleName("Seed")
        self.seed.setToolTip("The same seed draws the same text again; both texts are drawn by it")
        self.go = QPushButton("Continue")
        self.go.clicked.connect(self.press)
        self.words = ElidedLabel("", "muted")
        self.copy = LinkButton("Copy")
        self.copy.setToolTip("Both texts, with the prompt and the edits")
        self.copy.clicked.connect(lambda: self.copy_wanted.emit())
        self.close_button = IconButton("cross", "Close the continuation", "Close the continuation")
        self.close_button.clicked.connect(lambda: self.set_open(False))
        self.before, self.after = Column("before the edits"), Column("after the edits")
        self.before.text.taken.connect(lambda place: self.token_taken.emit(False, place))
        self.after.text.taken.connect(lambda place: self.token_taken.emit(True, place))
        self._escape = QShortcut(Qt.Key.Key_Escape, self, lambda: self.stop_wanted.emit())
        self._escape.setEnabled(False)

        fields = QWidget()
        flow = FlowLayout(fields)
        for field in (self.go, self.tokens, self.rule, self.temperature, self.seed):
            flow.addWidget(field)
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(fields, 1)
        for button in (self.copy, self.close_button):
            line.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self._texts = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._texts.setSpacing(SPACE)
        for column in (self.before, self.after):
            self._texts.addWidget(column, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self.words)
        layout.addLayout(self._texts, 1)
        self.rule.currentIndexChanged.connect(lambda _: self._arrange())
        theme_changes().resized.connect(self._arrange)
        self.hide()
        self.set_running(False)
        self.show_texts(ContinuationData())

    # ---- what to do ----------------------------------------------------------------------------------------

    def choice(self) -> Choice:
        """As it is chosen now."""
        drawn = self.rule.currentText() == DRAWN
        return Choice(
            self.tokens.value(), self.temperature.value() if drawn else 0.0, self.seed.value() if drawn else 0
        )

    def press(self) -> None:
        """Begin, or stop what runs."""
        if self._running:
            self.stop_wanted.emit()
        else:
            self.wanted.emit(self.choice())

    def set_open(self, open_: bool) -> None:
        """Show it, or put it away; what runs then stops."""
        if open_ == self.isHidden():
            if not open_ and self._running:
                self.stop_wanted.emit()
            self.setVisible(open_)
            self.opened.emit(open_)

    # ---- showing -------------------------------------------------------------------------------------------

    def set_running(self, running: bool) -> None:
        self._running = running
        self._escape.setEnabled(running)
        self.go.setText("Stop" if running else "Continue")
        self.go.setToolTip("Stop writing (Esc)" if running else "Go on with A, before and after the edits")

    def show_texts(self, data: ContinuationData) -> None:
        self.words.setText(data.words)
        self.before.heading.setText("before the edits" if data.after is not None else "without edits")
        edits = f"after {data.edits} {'edit' if data.edits == 1 else 'edits'}"
        parts = "" if data.parts_at is None else f" · part at token {data.parts_at + 1}"
        self.after.heading.setText(f"{edits}{parts}", edits)
        self.before.text.show_tokens(data.before, data.parts_at, data.stale)
        self.after.text.show_tokens(data.after or (), data.parts_at, data.stale)
        self.after.setVisible(data.after is not None)
        self._arrange()

    def _arrange(self) -> None:
        wide = self.width() >= _BESIDE_FROM * text_scale()
        self._texts.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self.copy.setVisible(bool(self.before.text.written()) and self.width() >= _COPY_FROM * text_scale())
        self.words.setVisible(self.height() >= _WORDS_FROM * text_scale())
        for field in (self.temperature, self.seed):
            field.setVisible(self.rule.currentText() == DRAWN)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) and self.before.text.written():
            self.copy_wanted.emit()
        else:
            super().keyPressEvent(event)
