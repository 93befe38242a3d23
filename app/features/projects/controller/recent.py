"""File > Open Recent Project."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QMenu

from app.services.settings import Settings
from views.widgets.buttons import add_words


def fill_when_shown(menu: QMenu, settings: Settings, open_project: Callable[[str], None]) -> None:
    """The newest first, by their names; the tooltip says where each lies."""
    menu.setToolTipsVisible(True)
    menu.aboutToShow.connect(partial(_fill, menu, settings, open_project))


def _fill(menu: QMenu, settings: Settings, open_project: Callable[[str], None]) -> None:
    menu.clear()
    paths = settings.recent_projects()
    names = [Path(path).name for path in paths]
    for path, name in zip(paths, names, strict=True):
        words = name if names.count(name) == 1 else f"{name} ({Path(path).parent.name})"
        menu.addAction(words.replace("&", "&&"), partial(open_project, path)).setToolTip(path)
    if paths:
        menu.addSeparator()
        menu.addAction("Clear This List", settings.clear_recent_projects)
    else:
        add_words(menu, "None yet")
