"""Buttons that look like words, and buttons that open a menu; words in menus."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QMenu, QPushButton, QWidget

from views.theme import current, theme_changes


class LinkButton(QPushButton):
    """A word that acts, in one of the theme's colours; flush with the text around it."""

    def __init__(
        self, text: str, color: str = "muted", flush: bool = False, bold: bool = False, parent: QWidget | None = None
    ) -> None:
        """flush: its words begin where the text above and below begins."""
        super().__init__(text, parent)
        self._color = color
        self._padding = "2px 3px 2px 0px" if flush else "2px 3px"
        self._border = "border-left-width: 0px;" if flush else ""
        self._weight = 600 if bold else 400
        self.setProperty("flat", True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(text.removesuffix(" ▾"))
        theme_changes().changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        theme = current()
        self.setStyleSheet(
            f"QPushButton {{ color: {getattr(theme, self._color)}; background: transparent;"
            f" border: 1px solid transparent; {self._border} border-radius: 4px; padding: {self._padding};"
            f" font-weight: {self._weight}; text-align: left; }}"
            f"QPushButton:hover {{ color: {theme.text}; background: {theme.hover}; }}"
            f"QPushButton:focus {{ border-color: {theme.accent}; }}"
        )


def open_below(button: QAbstractButton, menu: QMenu) -> None:
    """Open a menu under its button."""
    menu.popup(button.mapToGlobal(button.rect().bottomLeft()))


def add_words(menu: QMenu, words: str) -> None:
    """A line of a menu that names what follows, or says that there is nothing. It cannot be chosen. (Style sheets draw
    no text in a menu's own sections.)"""
    menu.addAction(words).setEnabled(False)
