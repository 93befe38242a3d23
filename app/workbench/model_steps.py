"""The steps of a workbench's history that open a model: undo goes back over them, and what did not open gives way. Only
the model of the present step is in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.project.document import Document
from core.project.history import Step
from core.project.step_names import open_words

if TYPE_CHECKING:
    from app.workbench.workbench import Workbench


class ModelSteps:
    """Of one workbench."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench
        self._at: Step | None = None  # the last step whose model was open
        self._have_opened: set[str] = set()  # models

    def open(self, document: Document) -> None:
        """Take up another document: its model, its inputs. It is a step like any other: undo brings back what was
        there, with all that led to it."""
        workbench, history = self._workbench, self._workbench.history
        workbench.select(())
        step = history.current
        if step.opens and step.document.model not in self._have_opened:  # what is not there yet gives way
            history.fill(document, open_words(document, workbench.document.model))
        elif document != workbench.document:
            history.push(open_words(document, workbench.document.model), document, opens=True)

    def fill_in(self, document: Document) -> None:
        """What is opened comes without inputs that its model reads: it has these."""
        if self._workbench.history.current.opens and self._workbench.document.model == document.model:
            self._workbench.history.fill(document)

    def go_back(self) -> bool:
        """Leave a model that did not open for the step before, with its history. Tells whether there is one."""
        history = self._workbench.history
        if self._at is None or self._at is history.current:
            return False
        history.leave(self._at, lambda step: step.document.model not in self._have_opened)
        return True

    def reach(self, model: str = "") -> None:
        """The model of the present step is open. model: its name, where it has just been opened."""
        self._at = self._workbench.history.current
        if model:
            self._have_opened.add(model)
