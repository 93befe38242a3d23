"""Opening: models, examples with a guide, and the welcome page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog

from app.features.welcome.controller.guide_table import GUIDES

if TYPE_CHECKING:
    from app.window.main_window import Window


class OpeningController(QObject):
    """Asks for models, and shows the canvas or the welcome page."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window
        models = window.workbench.models
        models.opening.connect(self.show_canvas)
        models.none_open.connect(self.show_welcome)

    def open_example(self, key: str) -> None:
        """Open an example; one with a guide leads through it."""
        if any(guide.key == key for guide in GUIDES):
            self._window.guides.start(key)
            return
        self._window.workbench.models.open_example(key)

    def show_canvas(self) -> None:
        self._window.taker.give_up()
        focus = self._window.focusWidget()
        had_keys = focus is not None and self._window.welcome.isAncestorOf(focus)
        self._window.centre.setCurrentWidget(self._window.canvas_page)
        if had_keys:
            self._window.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._window, "Open a model folder", self._window.settings.folder())
        if folder:
            self._window.settings.set_folder(str(Path(folder).parent))
            self._window.workbench.models.open_model(folder)

    def choose_name(self) -> None:
        words = (
            "Its name on the Hugging Face Hub, like openai-community/gpt2, or its folder on this machine.\n"
            "An image model of the timm library: timm:NAME. One that comes with Wirescope: bundled:names.\n"
            "A CLIP or SigLIP model has two halves: vision:NAME opens the one for pictures, text:NAME the other."
        )
        name, chosen = QInputDialog.getText(self._window, "Open a model by name", words)
        if chosen and name.strip():
            self._window.workbench.models.open_model(name.strip())

    def show_welcome(self) -> None:
        self.refresh_welcome()
        self._window.centre.setCurrentWidget(self._window.welcome)
        self._window.welcome.setFocus()

    def refresh_welcome(self) -> None:
        guides = [(guide.key, guide.title, guide.words) for guide in GUIDES]
        self._window.welcome.set_examples(guides)
        self._window.welcome.set_recent(self._window.settings.recent_models())
        self._window.packs.refresh()
