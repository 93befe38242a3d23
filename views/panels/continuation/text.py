"""A text that a model wrote, token by token: each can be clicked."""

from __future__ import annotations

import html

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, Qt
from PySide6.QtWidgets import QTextBrowser, QWidget

from core.formatting import number
from views.panels.continuation.data import NewToken
from views.theme import current, theme_changes

END = "∎"  # where the model ends the text


class WrittenText(QTextBrowser):
    """What both texts begin with is muted, and the token with which they part is marked. The arrows go from token to
    token; Enter takes the text up to the one under the cursor, as a click does."""

    taken = Signal(int)  # the place of a token

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._tokens: tuple[NewToken, ...] = ()
        self._parts_at: int | None = None
        self._stale = False
        self._cursor = -1
        self.setOpenLinks(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.LinksAccessibleByMouse
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumSize(80, 0)
        self.document().setDocumentMargin(2)
        self.anchorClicked.connect(self._click)
        theme_changes().changed.connect(self._write)
        self._tell()

    def show_tokens(self, tokens: tuple[NewToken, ...], parts_at: int | None, stale: bool) -> None:
        shown = tokens, parts_at, stale
        if shown == (self._tokens, self._parts_at, self._stale):
            return
        if tokens[: self._cursor + 1] != self._tokens[: self._cursor + 1]:
            self._cursor = -1
        grows = len(tokens) > len(self._tokens)
        self._tokens, self._parts_at, self._stale = shown
        self._write()
        if grows and self._cursor < 0:
            bar = self.verticalScrollBar()
            bar.setValue(bar.maximum())  # the newest token is in sight

    def is_stale(self) -> bool:
        return self._stale

    def written(self) -> str:
        """The whole text."""
        return "".join(token.shown for token in self._tokens)

    def _write(self) -> None:
        at = self.verticalScrollBar().value()
        self.setHtml(f'<div style="white-space: pre-wrap">{"".join(map(self._html, range(len(self._tokens))))}</div>')
        self.verticalScrollBar().setValue(at)
        self._tell()

    def _html(self, place: int) -> str:
        theme, token = current(), self._tokens[place]
        apart = self._parts_at is not None and place >= self._parts_at
        color = theme.faint if self._stale else theme.text if apart or self._parts_at is None else theme.muted
        style = f"color: {color}; text-decoration: {'underline' if place == self._cursor else 'none'};"
        if place == self._parts_at:
            style += f" background-color: {theme.chosen}; font-weight: 600;"
        shown = html.escape(END if token.ends else token.shown).replace("\n", "⏎<br>")
        return f'<a href="{place}" title="{html.escape(self._tip(place))}" style="{style}">{shown}</a>'

    def _tip(self, place: int) -> str:
        """What the pointer says of a token."""
        token = self._tokens[place]
        what = "the end of the text" if token.ends else repr(token.label)
        does = (
            "A click puts the text up to here into A."
            if token.text
            else "Up to here are bytes that are no letter: this cannot be typed."
        )
        return f"Token {place + 1}: {what}, probability {number(token.probability, 3)}. {does}"

    def _tell(self) -> None:
        self.setAccessibleName(f"{self._title}: {self.written()}")
        keys = "The arrows go from token to token, Enter takes the text up to one into A."
        self.setAccessibleDescription(self._tip(self._cursor) if self._cursor >= 0 else keys)

    def _click(self, link: QUrl) -> None:
        cursor = self.textCursor()
        cursor.clearSelection()  # of the link, which Qt selects
        self.setTextCursor(cursor)
        self.taken.emit(int(link.toString()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._tokens) - 1
        to = {
            Qt.Key.Key_Left: max(self._cursor - 1, 0),
            Qt.Key.Key_Right: min(self._cursor + 1, last),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }.get(Qt.Key(event.key()))
        if to is not None and last >= 0:
            self._move(to)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self._cursor <= last:
            self.taken.emit(self._cursor)
        elif event.matches(QKeySequence.StandardKey.Copy) and not self.textCursor().hasSelection():
            event.ignore()  # the panel copies both
        else:
            super().keyPressEvent(event)

    def _move(self, place: int) -> None:
        self._cursor = place
        self._write()
        cursor = self.textCursor()
        cursor.setPosition(min(sum(len(token.shown) for token in self._tokens[:place]), len(self.toPlainText())))
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._cursor >= 0:
            self._cursor = -1
            self._write()
