"""The menus of the look: theme and motion."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from views import motion, theme
from views.choices import MotionChoice, ThemeChoice

if TYPE_CHECKING:
    from app.window.main_window import Window


def theme_menu(window: Window) -> QMenu:
    menu = QMenu("&Theme", window)
    group = QActionGroup(menu)
    menu.aboutToShow.connect(lambda: _check(group, theme.choice()))
    for choice, words in (("system", "As the &System"), ("dark", "&Dark"), ("light", "&Light")):
        action = menu.addAction(words, partial(_set_theme, window, choice))
        action.setCheckable(True)
        action.setData(choice)
        group.addAction(action)
    return menu


def motion_menu(window: Window) -> QMenu:
    menu = QMenu("&Motion", window)
    group = QActionGroup(menu)
    menu.aboutToShow.connect(lambda: _check(group, motion.choice()))
    for choice, words in (("system", "As the &System"), ("full", "S&mooth"), ("reduced", "&Reduced: At Once")):
        action = menu.addAction(words, partial(_set_motion, window, choice))
        action.setCheckable(True)
        action.setData(choice)
        group.addAction(action)
    return menu


def _check(group: QActionGroup, choice: str) -> None:
    """The preferences may have changed it."""
    for action in group.actions():
        action.setChecked(action.data() == choice)


def _set_motion(window: Window, choice: MotionChoice) -> None:
    motion.set_choice(choice)
    window.settings.set_motion(choice)


def _set_theme(window: Window, choice: ThemeChoice) -> None:
    theme.set_choice(choice)
    window.settings.set_theme(choice)
