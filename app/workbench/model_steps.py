"""The steps of a workbench's history that open a model: undo goes back over them, and what did not open gives way. Only
the model of the present step is in memory."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from weakref import WeakSet

from PySide6.QtCore import QObject, QTimer, Signal

from app.messages.replies import ModelReply
from app.presenters.first_inputs import first_inputs
from app.workbench.workbench_like import WorkbenchLike
from core.checkpoints.series import is_series
from core.edits import EditKind
from core.project.document import Document, Source
from core.project.examples import all_examples, example, examples_for
from core.project.history import Step
from core.project.places import is_project
from core.project.step_names import compute_words, open_words

FIRST_EXAMPLE = "names/0"  # what the window starts with


class ModelSteps(QObject):
    """Of one workbench."""

    project_wanted = Signal(str)  # the path of a project's file, which is to be opened
    series_wanted = Signal(str)  # a folder of checkpoints, which are to be opened
    checkpoints_changed = Signal()
    opening = Signal()  # the user opens another document
    precision_given = Signal()  # what is being opened is opened in another precision instead
    none_open = Signal()  # what was to be opened is not there, and nothing was open before it

    def __init__(self, workbench: WorkbenchLike, parent: QObject) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self._checkpoints: tuple[str, ...] = ()
        self._at: Step | None = None  # the last step whose model was open
        self._was: tuple[Document, str] | None = None  # its document and words then
        self._have_opened: set[tuple[str, str]] = set()  # by `Document.opens`
        self._reached: WeakSet[Step] = WeakSet()  # whose models were open when they were the present ones
        self._of_another: Source | None = None  # what a model was opened with, left from the one before
        self._precision, self._cut = Document("").precision, None  # type: str, EditKind | None

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """The models of the series that is gone through, as they are opened; none while there is no series."""
        return self._checkpoints

    def set_checkpoints(self, names: tuple[str, ...]) -> None:
        if names != self._checkpoints:
            self._checkpoints = names
            self.checkpoints_changed.emit()

    # ---- what the user opens ----

    def set_usual(self, precision: str, cut: EditKind | None) -> None:
        """What is opened from now on is computed in this precision, and its cuts carry this; None leaves that to the
        inputs."""
        self._precision, self._cut = precision, cut

    def start(self, model: str | None) -> None:
        """Open what was asked for, or the first example."""
        if model is not None and is_project(model):
            self.project_wanted.emit(model)
        elif model is not None:
            self.open_model(model)
        elif any(entry.key == FIRST_EXAMPLE for entry in all_examples()):
            self.open_example(FIRST_EXAMPLE)
        else:
            self.none_open.emit()

    def open_model(self, name: str) -> None:
        """Open a model with the inputs that are there, where it can take them, or with those made for it. A folder of
        checkpoints is a model at several steps."""
        if Path(name).expanduser().is_dir():
            name = str(Path(name).expanduser().resolve())  # it is remembered, and found from anywhere
            if is_series(Path(name)):
                self.series_wanted.emit(name)
                return
        made = examples_for(name)
        document = Document(name)
        present = self._workbench.document
        if made:
            document = made[0].document
        elif present.clean is not None:
            document = Document(name, present.clean, present.counterfactual)
        self.open(document)
        self._of_another = None if made else present.clean

    def open_example(self, key: str) -> None:
        self.open(example(key).document)

    def open(self, document: Document, in_its_precision: bool = False) -> None:
        """Take up another document: its model, its inputs. It is a step like any other: undo brings back what was
        there, with all that led to it. in_its_precision: in the document's own, not in that of new work."""
        self.opening.emit()
        if not in_its_precision:
            document = replace(document, precision=self._precision)
        if document.replacement is None:
            document = replace(document, replacement=self._cut)
        workbench, history = self._workbench, self._workbench.history
        workbench.select(())
        words = open_words(document, workbench.document.model)
        step = history.current
        if step.opens and step.document.opens not in self._have_opened and not step.children:  # it gives way
            history.fill(document, words)
        elif document != workbench.document:
            history.push(words, document, opens=True)

    def open_in(self, precision: str) -> None:
        """Open what is being opened in another precision instead, where it does not fit in the one that was asked for.
        Undo does not go back to what was not there."""
        workbench, history = self._workbench, self._workbench.history
        document, step = replace(workbench.document, precision=precision), history.current
        was = None if self._was is None else self._was[0]
        was_open = step is self._at and was is not None and was.opens == step.document.opens
        if document == was:  # that was open before
            self._go_back()
        elif not was_open and not step.children and step.outcome is None:
            history.fill(document, open_words(document, "") if step.opens else compute_words(precision))
        else:
            history.push(compute_words(precision), document)
        self.precision_given.emit()

    def begin_anew(self) -> None:
        """The history is another one: nothing of the former is gone back to."""
        self._at = None
        self._reached.clear()

    # ---- what becomes of it ----

    def give_inputs(self, opened: ModelReply) -> None:
        """What is opened without inputs that its model reads has others, once all have heard of the model."""
        document = self._workbench.document
        left = self._of_another is not None and document.clean == self._of_another
        inputs, self._of_another = first_inputs(opened, document, left), None
        if inputs is not None:
            QTimer.singleShot(0, self, partial(self._fill_in, inputs))

    def _fill_in(self, document: Document) -> None:
        if self._workbench.history.current.opens and self._workbench.document.model == document.model:
            self._workbench.history.fill(document)

    def leave(self) -> None:
        """What was being opened is not there: back to what was open before."""
        if not self._go_back():
            self.none_open.emit()

    def _go_back(self) -> bool:
        """Leave a model that did not open for the step before, with its history. Tells whether there is one."""
        history = self._workbench.history
        if self._at is not None and self._at is history.current and self._was is not None:
            document, words = self._was  # a scrub: the step that was open is itself of another model now
            if document.opens != history.current.document.opens:
                history.fill(document, words)
                return True
        if self._at is None or self._at is history.current:
            return False
        history.leave(self._at, self._is_worthless)
        return True

    def _is_worthless(self, step: Step) -> bool:
        """Whether a step never came to its model, which may have been open at another step."""
        return step not in self._reached and step.outcome is None

    def reach(self, opens: tuple[str, str] | None = None) -> None:
        """The model of the present step is open. opens: which, in which precision, where it has just been opened."""
        self._at = self._workbench.history.current
        self._was = self._at.document, self._at.words
        self._reached.add(self._at)
        if opens is not None:
            self._have_opened.add(opens)
