"""The menus of models and examples, filled as they are shown: bundled models, packs, recent, examples, and the tool
bar's, with all ways to another model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from app.services.actions import Actions
from app.services.settings import Settings
from app.workbench.model_steps import ModelSteps
from core.models import packs
from core.models.bundled import bundled_models
from core.project.examples import all_examples, examples_for
from views.panels.toolbar.panel import TopBar
from views.widgets.buttons import add_words

KINDS = {"text": "language", "image": "vision"}  # of models, by what they read
WAYS = ("open_folder", "open_named", "welcome")


class ModelMenusController(QObject):
    """Of one window."""

    def __init__(
        self, models: ModelSteps, settings: Settings, actions: Actions, menus: Mapping[str, QMenu], toolbar: TopBar
    ) -> None:
        super().__init__(toolbar)
        self._models, self._settings, self._actions = models, settings, actions
        ways = QMenu(toolbar)
        toolbar.set_model_menu(ways)
        for menu, fill in (
            (menus["bundled"], self._add_bundled),
            (menus["packs"], self._add_packs),
            (menus["recent"], self._add_recent),
            (menus["examples"], self._add_examples),
            (ways, self._add_ways),
        ):
            menu.aboutToShow.connect(partial(_refill, menu, fill))

    def _add_ways(self, menu: QMenu) -> None:
        _add_heading(menu, "Bundled")
        self._add_bundled(menu)
        _add_heading(menu, "Model packs")
        self._add_packs(menu)
        recent = [name for name in self._settings.recent_models() if not name.startswith(("bundled:", "pack:"))]
        if recent:
            _add_heading(menu, "Recent")
            for name in recent:
                self._add_model(menu, name, name)
        menu.addSeparator()
        menu.addActions([self._actions[key] for key in WAYS])

    def _add_bundled(self, menu: QMenu) -> None:
        for name in bundled_models():
            made = examples_for(f"bundled:{name}")
            clean = made[0].document.clean if made else None
            words = name if clean is None else f"{name} ({KINDS[clean.kind]})"
            self._add_model(menu, words, f"bundled:{name}")

    def _add_packs(self, menu: QMenu) -> None:
        for pack in packs.PACKS.values():
            if packs.is_installed(pack.name):
                self._add_model(menu, pack.title, f"pack:{pack.name}")
            else:
                size = f"{pack.download_bytes / 1e6:.0f} MB"
                menu.addAction(f"Get {pack.title} ({size})…", self._actions["welcome"].trigger)

    def _add_recent(self, menu: QMenu) -> None:
        names = self._settings.recent_models()
        for name in names:
            self._add_model(menu, name, name)
        if names:
            menu.addSeparator()
            menu.addAction("Clear This List", self._settings.clear_recent_models)
        else:
            add_words(menu, "None yet")

    def _add_examples(self, menu: QMenu) -> None:
        models = dict.fromkeys(entry.document.model for entry in all_examples())
        for model in models:
            if model.startswith("pack:") and not packs.is_installed(model.partition(":")[2]):
                continue
            _add_heading(menu, model.partition(":")[2])
            for entry in examples_for(model):
                menu.addAction(entry.title, partial(self._models.open_example, entry.key))

    def _add_model(self, menu: QMenu, words: str, name: str) -> None:
        menu.addAction(words, partial(self._models.open_model, name))


def _refill(menu: QMenu, fill: Callable[[QMenu], None]) -> None:
    menu.clear()
    fill(menu)


def _add_heading(menu: QMenu, words: str) -> None:
    """A line that names what follows."""
    if menu.actions():
        menu.addSeparator()
    add_words(menu, words)
