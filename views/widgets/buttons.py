"""Buttons that look like words, and buttons that open a menu; words in menus."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QMenu, QPushButton, QWidget


class LinkButton(QPushButton):
    """A word that acts, in one of the theme's colours; flush with the text around it."""

    def __init__(
        self, text: str, color: str = "muted", flush: bool = False, bold: bool = False, parent: QWidget | None = None
    ) -> None:
        """color: a field of the theme that the style sheet has links of. flush: its words begin where the text above
        and below begins."""
        super().__init__(text, parent)
        self.setProperty("flat", True)
        self.setProperty("link", color)
        self.setProperty("flush", flush)
        self.setProperty("bold", bold)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text.removesuffix(" ▾"))


def open_below(button: QAbstractButton, menu: QMenu) -> None:
    """Open a menu under its button."""
    menu.popup(button.mapToGlobal(button.rect().bottomLeft()))


def add_words(menu: QMenu, words: str) -> None:
    """A line of a menu that names what follows, or says that there is nothing. It cannot be chosen. (Style sheets draw
    no text in a menu's own sections.)"""
    menu.addAction(words).setEnabled(False)
