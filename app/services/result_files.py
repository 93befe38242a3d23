"""A file that came out of a run is opened where it is shown: scores with their model, where another one is open, and a
page in the browser."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from app.workbench.workbench import Workbench
from core.precision_words import precision_words
from core.project.document import Document
from core.project.runs import ResultKind
from core.project.step_names import model_words
from core.sharded.file_names import RUN, STUDY

PAGE = f"{STUDY}.html"


class ResultFiles(QObject):
    """Of one who shows them."""

    def __init__(self, workbench: Workbench, parent: QObject) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self._wanted = {"scores": workbench.scores_wanted, "heads": workbench.heads_wanted}
        # Is opened as soon as its model is, by what `Document.opens` says of that.
        self._due: tuple[ResultKind, str, tuple[str, str]] | None = None
        self._left = ""  # what is said of a file that was left, once another model is open
        workbench.model_opened.connect(lambda _: self._go_on())
        for ended in (workbench.failed, workbench.given_up):
            ended.connect(lambda _: self._forget())
        workbench.models.opening.connect(self._leave)
        workbench.models.precision_given.connect(self._wait)

    def show(self, kind: ResultKind, path: str, document: Document) -> bool:
        """Open a file. document: that has its model, and is taken up where another model is open. Tells whether
        it can be."""
        workbench = self._workbench
        if kind == "page":
            return self._open_page(Path(path))
        if workbench.opened is not None and workbench.document.opens == document.opens:
            self._wanted[kind].emit(path)
        elif workbench.history.locked:
            workbench.say_locked()
            return False
        else:
            workbench.models.open(document, in_its_precision=True)
            self._due = kind, path, document.opens
        return True

    def _open_page(self, path: Path) -> bool:
        """The place may be told by the project of somebody else: what is no page of a run is not opened."""
        if path.name != PAGE or not path.is_file() or not (path.parent / RUN).is_file():
            self._workbench.message.emit(f"The page of the study is not there any more: {path}")
            return False
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self._workbench.message.emit(f"The page is {path}")
        return True

    def _go_on(self) -> None:
        """A model is open: that of the file, or one that was gone back to, which the file is not for."""
        due, self._due = self._due, None
        left, self._left = self._left, ""
        if left:
            self._workbench.message.emit(left)
        if due is not None:
            kind, path, opens = due
            if opens == self._workbench.document.opens:
                self._wanted[kind].emit(path)

    def _wait(self) -> None:
        """Its model is opened in another precision: the file's doubts of that are said where it is opened."""
        if self._due is not None:
            self._due = *self._due[:2], self._workbench.document.opens

    def _leave(self) -> None:
        """Another model is opened meanwhile: said once that is there."""
        if self._due is not None:
            _, path, (model, precision) = self._due
            of = f"{model_words(model)} in {precision_words(precision)}"
            self._left, self._due = f"{Path(path).name} was not opened: it is of {of}.", None

    def _forget(self) -> None:
        self._due, self._left = None, ""
