"""The menu bar. Menus whose entries change are filled by features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from app.features.registry import FEATURES
from app.services.actions import EXPORTS, MENUS

if TYPE_CHECKING:
    from app.window.main_window import Window


def fill_menu_bar(window: Window) -> dict[str, QMenu]:
    """Make the menu bar. Returns the menus that others use, by name."""
    menus = {
        "export": _export_menu(window),
        **{key: QMenu(words, window) for feature in FEATURES for key, words in feature.menus.items()},
    }
    for title, entries in MENUS:
        menu = window.menuBar().addMenu(title)
        menu.setToolTipsVisible(True)
        for entry in entries:
            if entry == "-":
                menu.addSeparator()
            elif entry.startswith("@"):
                menu.addMenu(menus[entry[1:]])
            else:
                menu.addAction(window.commands[entry])
    return menus


def _export_menu(window: Window) -> QMenu:
    menu = QMenu("E&xport", window)
    for entry in EXPORTS:
        if entry == "-":
            menu.addSeparator()
        else:
            menu.addAction(window.commands[entry])
    return menu
