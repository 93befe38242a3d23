"""The dialog of class texts, joined to the workbench."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.messages.replies import ModelReply
from app.workbench.workbench import Workbench
from core.errors import ArgumentError
from core.models.class_texts import class_texts
from core.project.input_operations import set_class_texts, set_towers
from views.panels.class_texts.panel import ClassTextsDialog


class ClassTextsController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, window: QWidget) -> None:
        super().__init__(window)
        self._workbench, self._window = workbench, window
        self.dialog: ClassTextsDialog | None = None
        self._shown = ""  # the name of the model whose texts the dialog was filled with
        workbench.model_opened.connect(self._show_opened)

    def show(self) -> None:
        """Open the dialog, or bring it to the front with what is written in it."""
        if self.dialog is None:
            self.dialog = ClassTextsDialog(self._window)
            self.dialog.wanted.connect(self.take)
        opened = self._workbench.opened
        if opened is not None and not self.dialog.isVisible():
            self._fill(self.dialog, opened)
        self.dialog.show()
        self.dialog.raise_()

    def switch_towers(self) -> None:
        """Put the text tower beside the vision tower, or take it away."""
        self._workbench.take(set_towers(self._workbench.document))

    def take(self, classes: Sequence[str], templates: Sequence[str]) -> None:
        """Judge the picture by these texts; what is wrong with them is said in the dialog."""
        assert self.dialog is not None
        try:
            texts = class_texts(list(classes), list(templates) or None)
        except ArgumentError as error:
            self.dialog.show_problem(f"{error.message} {error.hint}".strip())
            return
        self.dialog.show_problem("")
        self._workbench.take(set_class_texts(self._workbench.document, texts))

    def _show_opened(self, opened: ModelReply) -> None:
        """Another model, or the same with other texts: undo brings back earlier ones. Where the model refuses what is
        written, the one before opens again, and what is written stays to be mended."""
        if self.dialog is None or not self.dialog.isVisible():
            return
        if not opened.takes_class_texts:
            self.dialog.close()
        elif opened.name != self._shown:
            self._fill(self.dialog, opened)

    def _fill(self, dialog: ClassTextsDialog, opened: ModelReply) -> None:
        dialog.show_texts(opened.class_names, opened.class_templates)
        self._shown = opened.name
