"""The dock *Console*: what was typed and printed, and a field for more Python."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from views.panels.console.typed import Typed, common_start, indent_after, is_whole
from views.theme import SPACE, as_card, keep_font, mono_font
from views.widgets.text import ElidedLabel

WELCOME = (
    "Python beside the live session: ws, model, session, scores, circuit, and edits, the list of what is edited.\n"
    'Try session.clean.top(3), or edit("m1") and undo it. Tab completes a name, the arrows bring back what was typed.'
)
MOST_LINES = 2_000  # that are kept
LONGEST = 1_000  # letters of a line: laying out longer ones takes seconds
TALLEST = 6  # lines of the field


class CodeField(QPlainTextEdit):
    """A field that grows with what is typed. Enter runs what is whole; Shift+Enter begins another line."""

    entered = Signal(str)
    complete_wanted = Signal(str)  # what stands before the cursor in its line
    stop_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.typed = Typed()
        self.running = False
        self.setAccessibleName("Python to run")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(False)
        keep_font(self, mono_font)
        self.document().blockCountChanged.connect(lambda _: self._fit())
        self._fit()

    def _fit(self) -> None:
        lines = min(self.blockCount(), TALLEST)
        margins = 2 * (self.frameWidth() + int(self.document().documentMargin()))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + margins + 4)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self.running
        ):
            event.accept()  # it stops what runs here, and nothing else
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        key, block = event.key(), self.textCursor().block()
        enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and plain and self._run():
            return
        if enter:
            self.insertPlainText(f"\n{indent_after(block.text())}")
        elif key == Qt.Key.Key_Escape and self.running:
            self.stop_wanted.emit()
        elif key == Qt.Key.Key_Up and plain and not block.previous().isValid():
            self._put(self.typed.earlier(self.toPlainText()))
        elif key == Qt.Key.Key_Down and plain and not block.next().isValid():
            self._put(self.typed.later(self.toPlainText()))
        elif key == Qt.Key.Key_Tab and plain:
            before = block.text()[: self.textCursor().positionInBlock()]
            if before.strip():
                self.complete_wanted.emit(before)
            else:
                self.insertPlainText("    ")
        else:
            super().keyPressEvent(event)

    def _run(self) -> bool:
        """Run what is typed, if it is whole and the cursor is at its end."""
        code = self.toPlainText()
        if self.running or not code.strip():
            return True
        if not self.textCursor().atEnd() or not is_whole(code):
            return False
        self.typed.add(code.rstrip())
        self.clear()
        self.entered.emit(code.rstrip())
        return True

    def _put(self, code: str) -> None:
        self.setPlainText(code)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def go_on(self, word: str, names: tuple[str, ...]) -> None:
        """Complete a word that stands before the cursor by what all its names begin with."""
        start = common_start(names)
        if start.startswith(word):
            self.insertPlainText(start[len(word) :])


class Output(QPlainTextEdit):
    """Its newest line stays in sight when the field below it grows."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.ensureCursorVisible()


class ConsolePanel(QFrame):
    """Shows what was typed with what it printed, piece by piece."""

    entered = Signal(str)
    complete_wanted = Signal(str)
    stop_wanted = Signal()
    shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        as_card(self)
        self.setAccessibleName("Console")
        self.setMinimumSize(240, 120)
        self._begun = 0  # where the output of what runs begins
        self._shown = ""  # of it
        self.output = Output()
        self.output.setReadOnly(True)
        self.output.setAccessibleName("What was typed and printed")
        self.output.setPlaceholderText(WELCOME)
        self.output.setMaximumBlockCount(MOST_LINES)
        keep_font(self.output, mono_font)
        self.field = CodeField()
        prompt = QLabel(">>>")
        keep_font(prompt, mono_font)
        self.words = ElidedLabel("", "muted")
        self.stop = QPushButton("&Stop")
        self.stop.setToolTip("Stop what runs (Esc)")
        self.stop.clicked.connect(lambda: self.stop_wanted.emit())
        self.field.entered.connect(self.entered)
        self.field.complete_wanted.connect(self.complete_wanted)
        self.field.stop_wanted.connect(self.stop_wanted)
        bottom = QHBoxLayout()
        bottom.setSpacing(SPACE)
        bottom.addWidget(prompt, 0, Qt.AlignmentFlag.AlignTop)
        bottom.addWidget(self.field, 1)
        bottom.addWidget(self.words)
        bottom.addWidget(self.stop, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE)
        column.addWidget(self.output, 1)
        column.addLayout(bottom)
        self.setFocusProxy(self.field)
        self.set_running(False)

    def set_problem(self, words: str) -> None:
        """Why nothing can be run now; nothing where it can."""
        self.field.setReadOnly(bool(words))
        self.field.setPlaceholderText(words)
        self.field.setAccessibleDescription(words)

    def set_running(self, running: bool) -> None:
        """Whether something runs; the field can be typed into meanwhile."""
        self.field.running = running
        self.stop.setVisible(running)
        self.words.setText("Running…" if running else "")
        self.words.setVisible(running)

    def begin(self, code: str) -> None:
        """Something runs now: it is shown with its prompt, and its output comes below."""
        first, *more = code.split("\n")
        self.write("\n".join([f">>> {first}", *(f"... {line}" for line in more)]))
        self._begun, self._shown = self.output.document().characterCount(), ""
        self.set_running(True)

    def show_output(self, text: str) -> None:
        """All that it has printed by now, in place of what was there of it."""
        text = fitting(text.rstrip("\n"))
        if self._shown and text.startswith(self._shown):  # more of it, as a rule
            more, self._shown = text[len(self._shown) :], text
            cursor = QTextCursor(self.output.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(more)
            self._to_the_end()
            return
        if text.count("\n") + 1 >= MOST_LINES:  # nothing before it is kept
            self.output.clear()
            self._begun = 0
        cursor = self.output.textCursor()
        end = self.output.document().characterCount() - 1
        cursor.setPosition(min(max(self._begun - 1, 0), end))
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        if text:
            self._add(text)
        self._shown = text

    def write(self, text: str) -> None:
        """More lines at the end, in sight."""
        self._add(fitting(text))

    def _add(self, text: str) -> None:
        self.output.appendPlainText(text)
        self._to_the_end()

    def _to_the_end(self) -> None:
        self.output.moveCursor(QTextCursor.MoveOperation.End)
        self.output.moveCursor(QTextCursor.MoveOperation.StartOfLine)

    def showEvent(self, event: QEvent) -> None:
        super().showEvent(event)  # type: ignore[arg-type]
        self.shown.emit()


def fitting(text: str) -> str:
    """What a text shows: its last lines, and of long ones the beginning."""
    lines = text.split("\n")[-MOST_LINES:]
    return "\n".join(f"{x[:LONGEST]}… {len(x) - LONGEST:,} more letters" if len(x) > LONGEST else x for x in lines)
