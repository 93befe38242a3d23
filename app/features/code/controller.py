"""The work as code: Copy as Python and as plain PyTorch, a notebook as a file, and the dock *Record*, which shows the
lines of the public API as the steps come."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.features.code.queries import TorchScriptQuery, TorchScriptReply
from app.messages.request import FailureReply, QueryRefusal
from app.services.file_dialogs import ask_save
from app.services.notifier import Notifier
from app.services.settings import Settings
from app.workbench.one_shot import OneShot
from app.workbench.workbench import Workbench
from core.errors import WirescopeError
from core.formatting import counted
from core.project.document import Document
from core.saving import save_text
from core.scripts.notebook import ENDING, notebook
from core.scripts.python_script import Part, Told, python_script, told_of
from views.panels.code.panel import CodePanel


class CodeController(QObject):
    """Of one window."""

    def __init__(
        self, workbench: Workbench, panel: CodePanel, settings: Settings, notifier: Notifier, window: QWidget
    ) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._settings = workbench, panel, settings
        self._notifier, self._window = notifier, window
        self._writing: OneShot[TorchScriptQuery] = OneShot(workbench, "torch script")
        self._soon = QTimer(self, singleShot=True, interval=0)  # several changes in a row are one
        self._soon.timeout.connect(self.refresh)
        for changed in (workbench.history_changed, workbench.metric_changed, workbench.model_opened, panel.shown):
            changed.connect(lambda *_: self._soon.start())
        workbench.on(TorchScriptReply, self._take_torch)
        workbench.on(QueryRefusal, self._take_refusal)

    def told(self, part: Part) -> list[Told]:
        """The steps of a script. The present one is told as it runs: without a B that cannot stand beside A, and by the
        metric that is shown."""
        present = self._workbench.history.current
        told = told_of(present, part)
        return [(words, self._usable() if document is present.document else document) for words, document in told]

    def _usable(self) -> Document:
        document, ready = self._workbench.usable(), self._workbench.ready_of_present
        return replace(document, metric=None) if ready is not None and ready.metric_problem else document

    # ---- the dock ----

    def refresh(self) -> None:
        """Show the steps that led to the present one, if anybody looks."""
        if not self._panel.isVisible():
            return
        if not self._workbench.document.model:
            self._panel.set_lines("", 0)
            return
        try:
            told = self.told("branch")
            self._panel.set_lines(python_script(told), len(told))
        except WirescopeError as error:
            self._panel.set_problem(f"{error.message} {error.hint}".strip())

    # ---- what leaves ----

    def copy(self, part: Part) -> None:
        """A script of the public API, to the clipboard."""
        try:
            text = python_script(self.told(part))
        except WirescopeError as error:
            self._refuse(error.message, error.hint)
        else:
            self._copy(text, "Python")

    def copy_torch(self) -> None:
        """Have the present state written in plain PyTorch."""
        self._writing.ask(TorchScriptQuery())

    def export_notebook(self) -> None:
        """Ask for a file and write the steps that led here as a notebook."""
        name = Path(self._settings.folder()) / f"wirescope{ENDING}"
        chosen, _ = ask_save(self._window, "Export as a notebook", str(name), f"Jupyter notebook (*{ENDING})")
        if not chosen:
            return
        self._settings.set_folder(str(Path(chosen).parent))
        try:
            save_text(Path(chosen), notebook(self.told("branch")))
        except WirescopeError as error:
            self._refuse(error.message, error.hint)
        else:
            self._workbench.message.emit(f"Saved {Path(chosen).name}")

    def _take_torch(self, reply: TorchScriptReply) -> None:
        if self._writing.ends(reply.query):
            self._copy(reply.text, "plain PyTorch")

    def _take_refusal(self, refusal: QueryRefusal) -> None:
        if isinstance(refusal.query, TorchScriptQuery) and self._writing.ends(refusal.query):
            self._refuse(refusal.message, refusal.hint)

    def _copy(self, text: str, language: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._workbench.message.emit(f"Copied {counted(text.count(chr(10)), 'line')} of {language}")

    def _refuse(self, message: str, hint: str) -> None:
        self._notifier.problem(FailureReply(0, "run", message, hint))
