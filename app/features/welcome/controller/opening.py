"""The welcome page and the canvas in each other's place, and the dialogs that ask for a model."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog

from app.features.welcome.controller.guide_table import GUIDES
from app.features.welcome.controller.packs import PacksController
from app.messages.replies import ModelReply
from app.services.panels import Panels
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.models.class_texts import base_name
from core.models.probe import digest_in
from views.panels.welcome.panel import WelcomePanel


class OpeningController(QObject):
    """Asks for models, and shows the canvas or the welcome page."""

    def __init__(
        self, workbench: Workbench, page: WelcomePanel, packs: PacksController, panels: Panels, settings: Settings
    ) -> None:
        super().__init__(page)
        self._page, self._packs, self._panels, self._settings = page, packs, panels, settings
        self._models = models = workbench.models
        page.open_folder_requested.connect(self.choose_folder)
        page.recent_chosen.connect(models.open_model)
        page.model_requested.connect(models.open_model)
        models.opening.connect(self._show_canvas)
        models.none_open.connect(self.show_welcome)
        workbench.model_opened.connect(self._remember)
        self._refresh()

    def choose_folder(self) -> None:
        settings = self._settings
        folder = QFileDialog.getExistingDirectory(self._page.window(), "Open a model folder", settings.folder())
        if folder:
            settings.set_folder(str(Path(folder).parent))
            self._models.open_model(folder)

    def choose_name(self) -> None:
        words = (
            "Its name on the Hugging Face Hub, like openai-community/gpt2, or its folder on this machine.\n"
            "An image model of the timm library: timm:NAME. One that comes with Wirescope: bundled:names.\n"
            "A CLIP or SigLIP model has two halves: vision:NAME opens the one for pictures, text:NAME the other."
        )
        name, chosen = QInputDialog.getText(self._page.window(), "Open a model by name", words)
        if chosen and name.strip():
            self._models.open_model(name.strip())

    def show_welcome(self) -> None:
        self._refresh()
        self._panels.bring("welcome")
        self._page.setFocus()

    def _show_canvas(self) -> None:
        focus = self._page.window().focusWidget()
        had_keys = focus is not None and self._page.isAncestorOf(focus)
        self._panels.bring("canvas")
        if had_keys:
            self._panels["canvas"].components.setFocus(Qt.FocusReason.OtherFocusReason)

    def _remember(self, opened: ModelReply) -> None:
        name = opened.name  # that of a probe is a number that says nothing to anybody
        self._settings.add_recent_model(base_name(name) if digest_in(name) else name)

    def _refresh(self) -> None:
        self._page.set_examples([(guide.key, guide.title, guide.words) for guide in GUIDES])
        self._page.set_recent(self._settings.recent_models())
        self._packs.refresh()
