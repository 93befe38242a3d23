"""The menus of the look: theme and motion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from app.services.settings import Settings
from views import motion, theme

THEMES = (("system", "As the &System"), ("dark", "&Dark"), ("light", "&Light"))
MOTIONS = (("system", "As the &System"), ("full", "S&mooth"), ("reduced", "&Reduced: At Once"))


def fill_menus(menus: Mapping[str, QMenu], settings: Settings) -> None:
    """Give both menus their choices, which apply at once and are remembered."""
    _fill(menus["theme"], THEMES, theme.choice, (theme.set_choice, settings.set_theme))
    _fill(menus["motion"], MOTIONS, motion.choice, (motion.set_choice, settings.set_motion))


def _fill(
    menu: QMenu,
    choices: Sequence[tuple[str, str]],
    present: Callable[[], str],
    takers: Sequence[Callable[[Any], None]],
) -> None:
    """choices: each with its words. present: the one in use, which may be changed elsewhere. takers: told of another
    one."""
    group = QActionGroup(menu)
    for choice, words in choices:
        action = menu.addAction(words, partial(_take, choice, takers))
        action.setCheckable(True)
        action.setData(choice)
        group.addAction(action)
    menu.aboutToShow.connect(lambda: _check(group, present()))


def _check(group: QActionGroup, choice: str) -> None:
    for action in group.actions():
        action.setChecked(action.data() == choice)


def _take(choice: str, takers: Sequence[Callable[[Any], None]]) -> None:
    for take in takers:
        take(choice)
