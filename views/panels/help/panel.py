"""The guide: the pages of the documentation with a list of them, and what is looked for on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QTextCursor, QTextTable
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from views.theme import SPACE


@dataclass(frozen=True)
class Page:
    """key: the name of its file, which links from other pages use. text: Markdown."""

    key: str
    title: str
    text: str


class PagesDialog(QDialog):
    """Shows one page at a time; a link to another page goes there, any other link is handed on."""

    link_clicked = Signal(str)

    def __init__(self, pages: Sequence[Page], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Guide")
        self._pages = tuple(pages)
        self.list = QListWidget()
        self.list.setAccessibleName("Pages")
        self.list.addItems([page.title for page in self._pages])
        self.list.setFixedWidth(self.list.sizeHintForColumn(0) + 6 * SPACE)
        self.list.currentRowChanged.connect(self._show)
        self.text = QTextBrowser()
        self.text.setAccessibleName("Text of the page")
        self.text.setOpenLinks(False)
        self.text.anchorClicked.connect(self._follow)
        self.words = QLineEdit()
        self.words.setAccessibleName("Find on this page")
        self.words.setPlaceholderText("Find on this page")
        self.words.setClearButtonEnabled(True)
        self.words.textEdited.connect(lambda: self._find(afresh=True))
        self.words.returnPressed.connect(self._find)
        self.nothing = QLabel("")
        QShortcut(QKeySequence.StandardKey.Find, self, self.words.setFocus)
        close = QPushButton("C&lose")
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        bottom = QHBoxLayout()
        bottom.setSpacing(SPACE)
        bottom.addWidget(self.words, 1)
        bottom.addWidget(self.nothing, 2)
        bottom.addWidget(close)
        right = QVBoxLayout()
        right.setSpacing(SPACE)
        right.addWidget(self.text, 1)
        right.addLayout(bottom)
        row = QHBoxLayout(self)
        row.setSpacing(2 * SPACE)
        row.addWidget(self.list)
        row.addLayout(right, 1)
        self.resize(900, 640)

    def show_page(self, key: str) -> None:
        """Bring a page to the front. Raises KeyError for one that there is not."""
        for place, page in enumerate(self._pages):
            if page.key == key:
                self.list.setCurrentRow(place)
                return
        raise KeyError(key)

    def _show(self, place: int) -> None:
        self.text.setMarkdown(self._pages[place].text)
        for frame in self.text.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):  # else their lines are as bright as the text
                layout = frame.format()
                layout.setBorderBrush(self.palette().mid())
                frame.setFormat(layout)
        self.nothing.clear()

    def _follow(self, link: QUrl) -> None:
        key = link.fileName().removesuffix(".md")
        if any(page.key == key for page in self._pages) and link.isRelative():
            self.show_page(key)
        else:
            self.link_clicked.emit(link.toString())

    def _find(self, afresh: bool = False) -> None:
        """The next place on the page, from the top again after the last; none is said."""
        if afresh:
            self.text.moveCursor(QTextCursor.MoveOperation.Start)
        words = self.words.text()
        hit = not words or self.text.find(words)
        if not hit:
            self.text.moveCursor(QTextCursor.MoveOperation.Start)
            hit = self.text.find(words)
        self.nothing.setText("" if hit else "Not on this page")

    def keyPressEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        """Enter looks further in the field, and does not close the dialog."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return
        super().keyPressEvent(event)
