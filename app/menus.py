"""The menu bar, and the menus whose entries change: bundled models, packs, recent, examples, theme,
motion."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from app.actions import EXPORTS, MENUS
from app.examples import all_examples, examples_for
from core.models import packs
from core.models.bundled import bundled_models
from views import motion, theme

if TYPE_CHECKING:
    from app.window import Window

KINDS = {"names": "language", "shapes": "vision"}


def fill_menu_bar(window: Window) -> dict[str, QMenu]:
    """Make the menu bar. Returns the menus that others use, by name."""
    menus = {
        "export": _export_menu(window),
        "make": QMenu("Make &B from A", window),  # filled by app.make_b
        "dataset": QMenu("&Dataset", window),  # filled by app.dataset
        "bundled": _bundled_menu(window),
        "packs": _filled_when_shown(window, "Model &Packs", fill_packs),
        "recent": _filled_when_shown(window, "&Recent Models", fill_recent),
        "examples": _filled_when_shown(window, "&Examples", fill_examples),
        "theme": _theme_menu(window),
        "around": window.canvas_view.menu,
        "motion": _motion_menu(window),
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


def model_menu(window: Window) -> QMenu:
    """The menu of the model button: all ways to another model."""
    menu = QMenu(window)
    menu.aboutToShow.connect(partial(_fill_model_menu, window, menu))
    return menu


def _fill_model_menu(window: Window, menu: QMenu) -> None:
    menu.clear()
    _add_heading(menu, "Bundled")
    _add_bundled(window, menu)
    _add_heading(menu, "Model packs")
    _add_packs(window, menu)
    recent = [name for name in window.settings.recent_models() if not name.startswith(("bundled:", "pack:"))]
    if recent:
        _add_heading(menu, "Recent")
        for name in recent:
            menu.addAction(name, partial(window.opener.open_model, name))
    menu.addSeparator()
    menu.addAction(window.commands["open_folder"])
    menu.addAction(window.commands["open_named"])
    menu.addAction(window.commands["welcome"])


def _export_menu(window: Window) -> QMenu:
    menu = QMenu("E&xport", window)
    for entry in EXPORTS:
        if entry == "-":
            menu.addSeparator()
        else:
            menu.addAction(window.commands[entry])
    return menu


def _bundled_menu(window: Window) -> QMenu:
    menu = QMenu("B&undled Models", window)
    _add_bundled(window, menu)
    return menu


def _add_heading(menu: QMenu, words: str) -> None:
    """A line that names what follows; style sheets draw no text in a menu's own sections."""
    if menu.actions():
        menu.addSeparator()
    menu.addAction(words).setEnabled(False)


def _add_bundled(window: Window, menu: QMenu) -> None:
    for name in bundled_models():
        words = f"{name} ({KINDS[name]})" if name in KINDS else name
        menu.addAction(words, partial(window.opener.open_model, f"bundled:{name}"))


def _filled_when_shown(window: Window, title: str, fill: Callable[[Window, QMenu], None]) -> QMenu:
    menu = QMenu(title, window)
    menu.aboutToShow.connect(partial(_refill, window, menu, fill))
    return menu


def _refill(window: Window, menu: QMenu, fill: Callable[[Window, QMenu], None]) -> None:
    menu.clear()
    fill(window, menu)


def fill_packs(window: Window, menu: QMenu) -> None:
    _add_packs(window, menu)


def _add_packs(window: Window, menu: QMenu) -> None:
    for pack in packs.PACKS.values():
        if packs.is_installed(pack.name):
            menu.addAction(pack.title, partial(window.opener.open_model, f"pack:{pack.name}"))
        else:
            size = f"{pack.download_bytes / 1e6:.0f} MB"
            menu.addAction(f"Get {pack.title} ({size})…", window.opener.show_welcome)


def fill_recent(window: Window, menu: QMenu) -> None:
    names = window.settings.recent_models()
    for name in names:
        menu.addAction(name, partial(window.opener.open_model, name))
    if names:
        menu.addSeparator()
        menu.addAction("Clear This List", window.settings.clear_recent_models)
    else:
        menu.addAction("None yet").setEnabled(False)


def fill_examples(window: Window, menu: QMenu) -> None:
    models = dict.fromkeys(entry.document.model for entry in all_examples())
    for model in models:
        if model.startswith("pack:") and not packs.is_installed(model.partition(":")[2]):
            continue
        _add_heading(menu, model.partition(":")[2])
        for entry in examples_for(model):
            menu.addAction(entry.title, partial(window.opener.open_example, entry.key))


def _theme_menu(window: Window) -> QMenu:
    menu = QMenu("&Theme", window)
    group = QActionGroup(menu)
    menu.aboutToShow.connect(lambda: _check(group, theme.choice()))
    for choice, words in (("system", "As the &System"), ("dark", "&Dark"), ("light", "&Light")):
        action = menu.addAction(words, partial(_set_theme, window, choice))
        action.setCheckable(True)
        action.setData(choice)
        group.addAction(action)
    return menu


def _motion_menu(window: Window) -> QMenu:
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


def _set_motion(window: Window, choice: motion.MotionChoice) -> None:
    motion.set_choice(choice)
    window.settings.set_motion(choice)


def _set_theme(window: Window, choice: theme.ThemeChoice) -> None:
    theme.set_choice(choice)
    window.settings.set_theme(choice)
