"""Where a note is written: its text, and the own name of what it is about, where that can have one.

What is typed is handed on with each key, so there is nothing to confirm and nothing to lose. What was typed of each
thing can be undone with Ctrl+Z in its field, also when one comes back to it.
"""

from __future__ import annotations

from collections.abc import Hashable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QTextCursor, QTextDocument
from PySide6.QtWidgets import QLineEdit, QPlainTextDocumentLayout, QVBoxLayout, QWidget

from views.widgets.data import NoteEntry
from views.widgets.growing_edit import STAYS_OPEN, GrowingEdit
from views.widgets.text import ElidedLabel, plain_tip

INVITATION = "Note"
MOST_LINES = 8
MOST_KEPT = 200  # texts whose undo is kept


class NoteField(GrowingEdit):
    """The text."""

    left = Signal()  # by Esc
    closed = Signal()  # the keys are elsewhere

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(INVITATION, MOST_LINES, parent)
        self._texts: dict[Hashable, QTextDocument] = {}
        self.setAccessibleName(INVITATION)

    def show_text(self, key: Hashable, text: str) -> None:
        """The text about one thing."""
        document = self._texts.pop(key, None) or self._new()
        self._texts[key] = document  # the last that was shown is the last to go
        while len(self._texts) > MOST_KEPT:
            del self._texts[next(iter(self._texts))]
        with QSignalBlocker(self):
            if document is not self.document():
                self.setDocument(document)
                self.moveCursor(QTextCursor.MoveOperation.End)
            if document.toPlainText() != text:  # written elsewhere
                document.setPlainText(text)
        self.fit()

    def _new(self) -> QTextDocument:
        document = QTextDocument(self)
        document.setDocumentLayout(QPlainTextDocumentLayout(document))
        document.setDocumentMargin(2)
        document.setDefaultFont(self.font())
        return document

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in STAYS_OPEN:
            self.closed.emit()


class NoteEditor(QWidget):
    """A note, with the own name of what it is about, under a line that says what that is, where it is not plain."""

    written = Signal(object, str)  # key, text
    named = Signal(object, str)  # key, own name
    left = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entry: NoteEntry | None = None
        self.about = ElidedLabel("", "muted")
        self.name = QLineEdit()
        self.name.setPlaceholderText("Your name for it")
        self.name.setMaxLength(80)
        self.name.textEdited.connect(self._name)
        self.name.returnPressed.connect(lambda: self.text.setFocus(Qt.FocusReason.TabFocusReason))
        self.text = NoteField()
        self.text.textChanged.connect(self._write)
        self.text.left.connect(self.left)
        self.text.closed.connect(self.closed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.about)
        layout.addWidget(self.name)
        layout.addWidget(self.text)
        self.hide()

    @property
    def entry(self) -> NoteEntry | None:
        """What is shown."""
        return self._entry

    def set_entry(self, entry: NoteEntry | None, titled: bool = False) -> None:
        """None: there is nothing to write about. titled: it is said what it is about."""
        self._entry = entry
        self.setVisible(entry is not None)
        if entry is None:
            return
        self.about.setText(f"Note on {entry.about}")
        self.about.setVisible(titled)
        self.text.show_text(entry.key, entry.text)
        self.text.setReadOnly(bool(entry.locked))
        tip = entry.locked or f"Your note on {entry.about}. It is kept in the project, and goes into its files"
        self.text.setToolTip(plain_tip(tip))
        self.text.setAccessibleName(f"Note on {entry.about}")
        self.name.setVisible(entry.called is not None)
        self.name.setReadOnly(bool(entry.locked))
        self.name.setAccessibleName(f"Your name for {entry.about}")
        self.name.setToolTip(plain_tip(entry.locked or "A name of your own, shown beside its name on the canvas"))
        if self.name.text().strip() != (entry.called or ""):
            self.name.setText(entry.called or "")

    def write(self) -> None:
        """The keys go to the text."""
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.text.moveCursor(QTextCursor.MoveOperation.End)

    def _write(self) -> None:
        if self._entry is not None:
            self.written.emit(self._entry.key, self.text.toPlainText())

    def _name(self, name: str) -> None:
        if self._entry is not None:
            self.named.emit(self._entry.key, name)
