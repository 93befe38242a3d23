"""The project that is open: the ways to begin one, to open one and to leave it. `saving` has its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from app.features.projects.controller.access import AccessController
from app.features.projects.controller.contents import project_of, take_project
from app.features.projects.controller.question import Answer, Question
from app.features.projects.controller.saving import FILTER, Saving, Services
from app.features.projects.controller.view import ViewController
from app.features.projects.presenter import Left, question, steps_made, title
from app.services.background_jobs import Job
from app.workbench.workbench import Workbench
from core.project.document import Document
from core.project.project import Project, StepRecord
from core.project.rebinding import rebind
from core.project.step_names import model_words

if TYPE_CHECKING:
    from core.inputs.download import Cancel, Report


class ProjectController(QObject):
    """Of one window."""

    changed = Signal()  # the work, or whether it is saved
    kept = Signal()  # work that has no file is about to go, and is to be kept without a question

    def __init__(self, workbench: Workbench, access: AccessController, services: Services) -> None:
        super().__init__(services.window)
        self._workbench, self._access, self._services = workbench, access, services
        self._window = services.window
        self._question = Question(services.settings, services.window)
        self.saving = Saving(workbench, access, services, self._question, self.project)
        self.saving.saved.connect(self._show)
        self.keeps = False  # work without a file has a place to stay
        self._being_read: set[Path] = set()  # files
        self.view = ViewController(workbench, services.panels, self)
        self.dropped = False  # what is here is not wanted any more
        workbench.models.project_wanted.connect(self.open)
        for records in (workbench.records, workbench.runs):
            records.changed.connect(self._show)
        access.rebind_wanted.connect(self.rebind)
        access.copy_wanted.connect(lambda: self.saving.save_as())
        access.new_wanted.connect(self.begin)
        for changed in (workbench.model_opened, workbench.history_changed):
            changed.connect(self._show)
        for ended in (workbench.given_up, workbench.failed):
            ended.connect(self._show_none)
        self._show()

    # ---- what is open ----

    @property
    def path(self) -> Path | None:
        """The project's file; None while it has none."""
        return self.saving.path

    @property
    def modified(self) -> bool:
        """Whether there is work that no file holds."""
        return self.saving.modified

    def _show(self, *_: object) -> None:
        """The title and its mark."""
        document, opened = self._workbench.document, self._workbench.opened
        same = opened is not None and opened.name == document.model
        self._name(opened.title if opened is not None and same else model_words(document.model))

    def _show_none(self, *_: object) -> None:
        """What was being opened may not be there."""
        if self._workbench.opened is None:
            self._name("")

    def _name(self, model: str) -> None:
        self._window.setWindowTitle(title(model, self.path))
        self._window.setWindowModified(self.modified)
        self.changed.emit()

    def project(self) -> Project:
        """All of it, as it is now."""
        return project_of(self._workbench, self.view.view())

    # ---- beginning and opening ----

    def begin(self) -> None:
        """A new project: the model and the inputs stay, with no history."""
        self._leave(self._begin)

    def _begin(self) -> None:
        if self._workbench.opened is None and not self._workbench.busy:  # there is no model that could stay
            self._take(None, Project((StepRecord("Start", Document(""), opens=True),)))
            self._workbench.models.none_open.emit()
            return
        present = self._workbench.document
        kept = Document(present.model, present.clean, present.counterfactual, present.metric)
        kept = replace(kept, replacement=present.replacement, precision=present.precision)
        self._take(None, Project((StepRecord("Start", kept, opens=True),)))
        self._services.notifier.say("A new project: the model and the inputs stay, without edits and history.")

    def choose(self) -> None:
        """Ask for a project to open."""
        settings = self._services.settings
        path, _ = QFileDialog.getOpenFileName(self._window, "Open a project", settings.folder(), FILTER)
        if path:
            settings.set_folder(str(Path(path).parent))
            self.open(path)

    def open(self, path: str) -> None:
        """Open a project's file in place of what is here, which is saved first where the user wants that."""
        self._leave(partial(self._read, Path(path).expanduser().absolute()))

    def _read(self, path: Path) -> None:
        self._services.notifier.say(f"Opening {path.name}")
        self._load(path, partial(self._take_read, path))

    def _load(self, path: Path, take: Callable[[Project], None]) -> None:
        def read(_report: Report, _cancelled: Cancel) -> Project:
            from core.project.wire_file import load_project

            return load_project(path)

        def state() -> tuple[int, int]:
            return self._workbench.history.state, self._workbench.records.notes.revision

        before = state()
        self._being_read.add(path)

        def end(*_: object) -> None:
            self._being_read.discard(path)

        def take_now(project: Project) -> None:
            if state() != before:  # something was done or noted while it was read
                self._leave(partial(take, project))
            else:
                take(project)

        job = Job(read, self._window)
        job.finished.connect(end)
        job.failed.connect(end)
        job.finished.connect(take_now)
        job.failed.connect(self._give_up)
        self._services.jobs.run(job)

    def _give_up(self, message: str, hint: str) -> None:
        self._services.refuse(message, hint)
        if not self._workbench.document.model:  # the window was started with this file
            self._workbench.models.none_open.emit()

    def _take_read(self, path: Path, project: Project) -> None:
        self._take(path, project)
        self._services.settings.add_recent_project(str(path))
        self._services.notifier.say(f"Opened {path.name}")

    def restore(self, work: Path, about: Left, then: Callable[[], None]) -> None:
        """Take up work that was never saved, or not in its last state. then: what is done once it is there."""
        path = Path(about.path) if about.path else None

        def take(project: Project) -> None:
            self._take(path, project, saved=False)
            self.saving.on_disk = about.state  # a file that was written since is not written over unasked
            then()

        def load() -> None:
            if work not in self._being_read:  # pressed once more
                self._load(work, take)

        self._leave(load)

    def rebind(self, model: str, other: str) -> None:
        """Go on with another model in the place of one, or with the weights that it has now."""
        if self.saving.busy:
            self.saving.afterwards(partial(self.rebind, model, other))
            return
        on_disk = self.saving.on_disk
        self._take(self.path, rebind(self.project(), model, other), saved=False)
        self.saving.on_disk = on_disk
        self._services.notifier.say(f"This project goes on with {model_words(other)}. It is not saved yet.")

    def _take(self, path: Path | None, project: Project, saved: bool = True) -> None:
        self.saving.begin(path)
        locked = self._access.begin(path, project, made=path is not None or not saved)
        take_project(self._workbench, project, locked)
        self.view.show(project.view)
        if saved:
            self.saving.mark()
        self._show()

    # ---- leaving ----

    def _leave(self, go_on: Callable[[], None]) -> None:
        """Go on with something else in this window, once what is being saved is saved."""
        if self.saving.busy:
            self.saving.afterwards(partial(self._leave, go_on))
        elif self.modified and self.path is None and self._keeps_unasked:
            self.kept.emit()
            go_on()
        elif self.may_leave(go_on):
            go_on()

    @property
    def _keeps_unasked(self) -> bool:
        if self._question.wanted:
            return False
        return self.keeps if self.path is None else self.saving.may_overwrite()

    def may_leave(self, go_on: Callable[[], None]) -> bool:
        """Whether what is here can go at once. Else the user is asked, and go_on is called after a yes."""
        if not self.modified:
            return True
        if self._keeps_unasked:
            return self._keep(go_on)
        words = question(self.path, steps_made(self._workbench.history))
        self._question.ask(words, partial(self._take_answer, go_on))
        return False

    def _keep(self, go_on: Callable[[], None]) -> bool:
        if self.path is not None:
            self.saving.save(go_on)
            return False
        return True

    def _take_answer(self, go_on: Callable[[], None], answer: Answer) -> None:
        if answer == "save":
            self.saving.save(go_on)
        elif answer == "drop":
            self.dropped = True
            go_on()
            self.dropped = False
