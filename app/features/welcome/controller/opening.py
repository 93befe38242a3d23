"""Opening: models, examples, the welcome page, and the way back when a model does not open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog

from app.features.welcome.controller.guide_table import GUIDES
from core.project.document import Document
from core.project.examples import all_examples, example, examples_for

if TYPE_CHECKING:
    from app.window.main_window import Window

FIRST_EXAMPLE = "names/0"
PHOTOGRAPHS = "dinov2-small/0"


class OpeningController:
    """Opens documents in a window."""

    def __init__(self, window: Window) -> None:
        self._window = window

    def start(self, model: str | None) -> None:
        """Open what was asked for, or the first example."""
        if model is not None:
            self.open_model(model)
        elif any(entry.key == FIRST_EXAMPLE for entry in all_examples()):
            self.open_example(FIRST_EXAMPLE)
        else:
            self.show_welcome()

    def open_model(self, name: str) -> None:
        """Open a model with the inputs that are there, where it can take them, or with those made for it."""
        if Path(name).expanduser().is_dir():
            name = str(Path(name).expanduser().resolve())  # it is remembered, and found from anywhere
        made = examples_for(name)
        document = Document(name)
        present = self._window.workbench.document
        if made:
            document = made[0].document
        elif present.clean is not None:
            document = Document(name, present.clean, present.counterfactual)
        self.open(document)

    def open_example(self, key: str) -> None:
        """Open an example; one with a guide leads through it."""
        if any(guide.key == key for guide in GUIDES):
            self._window.guides.start(key)
            return
        self.open(example(key).document)

    def open(self, document: Document, in_its_precision: bool = False) -> None:
        """Open a document and show the canvas. in_its_precision: in the document's own, not in that of new work."""
        self._window.taker.give_up()
        if not in_its_precision:
            document = replace(document, precision=self._window.preferring.current.precision)
        if document.replacement is None:
            document = replace(document, replacement=self._window.preferring.cut())
        self._window.workbench.models.open(document)
        focus = self._window.focusWidget()
        had_keys = focus is not None and self._window.welcome.isAncestorOf(focus)
        self._window.centre.setCurrentWidget(self._window.canvas_page)
        if had_keys:
            self._window.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._window, "Open a model folder", self._window.settings.folder())
        if folder:
            self._window.settings.set_folder(str(Path(folder).parent))
            self.open_model(folder)

    def choose_name(self) -> None:
        words = (
            "Its name on the Hugging Face Hub, like openai-community/gpt2, or its folder on this machine.\n"
            "An image model of the timm library: timm:NAME. One that comes with Wirescope: bundled:names.\n"
            "A CLIP or SigLIP model has two halves: vision:NAME opens the one for pictures, text:NAME the other."
        )
        name, chosen = QInputDialog.getText(self._window, "Open a model by name", words)
        if chosen and name.strip():
            self.open_model(name.strip())

    def cancel(self) -> None:
        """Give up what runs. A model that was being opened gives way to the one before."""
        self._window.taker.give_up()
        opening = self._window.workbench.opened is None
        self._window.workbench.cancel()
        if opening and not self._window.workbench.models.go_back():
            self.show_welcome()

    def show_welcome(self) -> None:
        self.refresh_welcome()
        self._window.centre.setCurrentWidget(self._window.welcome)
        self._window.welcome.setFocus()

    def refresh_welcome(self) -> None:
        guides = [(guide.key, guide.title, guide.words) for guide in GUIDES]
        self._window.welcome.set_examples(guides)
        self._window.welcome.set_recent(self._window.settings.recent_models())
        self._window.packs.refresh()
