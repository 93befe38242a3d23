"""The menus of models and examples, whose entries change: bundled models, packs, recent, examples."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from core.models import packs
from core.models.bundled import bundled_models
from core.project.examples import all_examples, examples_for

if TYPE_CHECKING:
    from app.window.main_window import Window


KINDS = {"names": "language", "shapes": "vision"}


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
            menu.addAction(name, partial(window.workbench.models.open_model, name))
    menu.addSeparator()
    menu.addAction(window.commands["open_folder"])
    menu.addAction(window.commands["open_named"])
    menu.addAction(window.commands["welcome"])


def bundled_menu(window: Window) -> QMenu:
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
        menu.addAction(words, partial(window.workbench.models.open_model, f"bundled:{name}"))


def filled_when_shown(window: Window, title: str, fill: Callable[[Window, QMenu], None]) -> QMenu:
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
            menu.addAction(pack.title, partial(window.workbench.models.open_model, f"pack:{pack.name}"))
        else:
            size = f"{pack.download_bytes / 1e6:.0f} MB"
            menu.addAction(f"Get {pack.title} ({size})…", window.opener.show_welcome)


def fill_recent(window: Window, menu: QMenu) -> None:
    names = window.settings.recent_models()
    for name in names:
        menu.addAction(name, partial(window.workbench.models.open_model, name))
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
            menu.addAction(entry.title, partial(window.workbench.models.open_example, entry.key))
