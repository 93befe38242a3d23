"""The menu bar, from the table in app.services.menus. Menus whose entries change are filled by features."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QMenu, QMenuBar

from app.services.actions import Actions
from app.services.context import Feature
from app.services.menus import EXPORTS, MENUS


def fill_menu_bar(bar: QMenuBar, actions: Actions, features: Iterable[Feature]) -> dict[str, QMenu]:
    """Make its menus. Returns all of them by name, those of the bar by their titles: "file"."""
    menus = {
        "export": QMenu("E&xport", bar),
        **{key: QMenu(words, bar) for feature in features for key, words in feature.menus.items()},
    }
    _fill(menus["export"], EXPORTS, actions, menus)
    for title, entries in MENUS:
        menus[title.replace("&", "").lower()] = menu = bar.addMenu(title)
        menu.setToolTipsVisible(True)
        _fill(menu, entries, actions, menus)
    return menus


def _fill(menu: QMenu, entries: Iterable[str], actions: Actions, menus: dict[str, QMenu]) -> None:
    for entry in entries:
        if entry == "-":
            menu.addSeparator()
        elif entry.startswith("@"):
            menu.addMenu(menus[entry[1:]])
        else:
            menu.addAction(actions[entry])
