"""The file of the project that is open: whether it holds the work, and how that is saved into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.features.projects.controller.access import AccessController
from app.features.projects.controller.question import Change, Question
from app.features.projects.presenter import Mark, has_work, mark_of, name_for
from app.messages.request import FailureReply
from app.services.background_jobs import Job, Jobs
from app.services.notifier import Notifier
from app.services.panels import Panels
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.project.places import ENDING, is_project
from core.project.project import Project

if TYPE_CHECKING:
    from core.inputs.download import Cancel, Report

FileState = tuple[int, int] | None
FILTER = f"Wirescope project (*{ENDING})"


def state_of(path: Path) -> FileState:
    """What tells whether a file was written by somebody else; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


@dataclass(frozen=True)
class Services:
    """What the controllers of a project use of the window."""

    notifier: Notifier
    settings: Settings
    jobs: Jobs
    panels: Panels
    window: QWidget

    def refuse(self, message: str, hint: str) -> None:
        """Say that something cannot be done, and what to do."""
        self.notifier.problem(FailureReply(0, "run", message, hint))


class Saving(QObject):
    """Of one window. contents: the project as it is now."""

    saved = Signal()  # into its file, which may be another one than before

    def __init__(
        self,
        workbench: Workbench,
        access: AccessController,
        services: Services,
        question: Question,
        contents: Callable[[], Project],
    ) -> None:
        super().__init__(services.window)
        self._workbench, self._access, self._services = workbench, access, services
        self._question, self._contents = question, contents
        self.path: Path | None = None
        self.on_disk: FileState = None  # of the file, as it was opened or saved
        self.busy = False
        self._saved: Mark | None = None  # what the file holds; None where no file ever held it
        self._projects = 0  # that were begun here
        self._failed = False  # the last one
        self._afterwards: list[Callable[[], None]] = []

    # ---- what the file holds ----

    def begin(self, path: Path | None) -> None:
        """Another project is here, of a file or of none. No file holds it until `mark` says so."""
        self._projects += 1
        self.path, self._saved, self._failed = path, None, False
        self.on_disk = None if path is None else state_of(path)
        self._workbench.records.begin_at("" if path is None else str(path))

    def mark(self) -> None:
        """The project is as it was read."""
        self._saved = self._mark()

    def _mark(self) -> Mark:
        revision = self._workbench.records.revision + self._workbench.runs.revision
        return mark_of(self._workbench.history, revision)

    @property
    def modified(self) -> bool:
        """Whether there is work that no file holds."""
        history, saved = self._workbench.history, self._saved
        unsaved = has_work(history) or len(self._workbench.records.notes) > 0 or len(self._workbench.runs) > 0
        if not history.locked:
            return saved != self._mark() if self.path is not None else unsaved
        # What is present cannot be changed; steps of another model and notes may have been before it was.
        return saved is None or ((self.path is not None or unsaved) and not saved.holds(self._mark()))

    def may_overwrite(self) -> bool:
        """Whether the file is as it was left, this window's to write, and could be written last time."""
        return not self._failed and self.path is not None and self._may_overwrite(self.path)

    def _may_overwrite(self, path: Path) -> bool:
        return self._access.may_write(path) and state_of(path) in (None, self.on_disk)

    # ---- saving ----

    def save(self, then: Callable[[], None] = lambda: None) -> None:
        """Save into the project's file; ask for one where it has none. then: what is done once it is saved."""
        if self.path is None:
            self.save_as(then)
        elif not self._access.may_write(self.path):
            self._services.notifier.say(f"{self.path.name} is open in another window: save a copy (Ctrl+Shift+S).")
        elif not self._may_overwrite(self.path):
            self._question.ask_about_change(self.path.name, partial(self._take_change, then))
        else:
            self._write(self.path, then)

    def _take_change(self, then: Callable[[], None], change: Change) -> None:
        if change == "other":
            self.save_as(then)
        elif change == "over" and self.path is not None:
            self._write(self.path, then)

    def save_as(self, then: Callable[[], None] = lambda: None) -> None:
        """Ask for a file and save into that one from now on."""
        settings = self._services.settings
        name = self.path.name if self.path is not None else f"{name_for(self._workbench.document)}{ENDING}"
        start = str((self.path.parent if self.path is not None else Path(settings.folder())) / name)
        chosen, _ = QFileDialog.getSaveFileName(self._services.window, "Save the project", start, FILTER)
        if not chosen:
            return
        path = Path(chosen if is_project(chosen) else chosen + ENDING)
        settings.set_folder(str(path.parent))
        if self._access.take_file(path):
            self._write(path, then)
        else:
            hint = "Choose another name, or close that window."
            self._services.refuse(f"{path.name} is open in another window.", hint)

    def _write(self, path: Path, then: Callable[[], None]) -> None:
        if self.busy:  # one at a time, so that the last state is what stays
            self.afterwards(partial(self._write, path, then))
            return
        project, mark, of = self._contents(), self._mark(), self._projects

        def write(_report: Report, _cancelled: Cancel) -> FileState:
            from core.project.wire_file import save_project

            save_project(path, project)
            return state_of(path)

        def written(state: FileState) -> None:
            self._services.settings.add_recent_project(str(path))
            self._services.notifier.say(f"Saved {path.name}")
            if of == self._projects:  # else another project is here by now
                self.path, self.on_disk, self._saved = path, state, mark
                self._access.saved(path)
                self._workbench.records.save_at(str(path.absolute()))
                self.saved.emit()
            self._end(failed=False)
            if of == self._projects:
                then()

        def fail(message: str, hint: str) -> None:
            self._access.keep(self.path)
            self._end(failed=True)
            self._services.refuse(f"The project is not saved. {message}", hint)

        self.busy = True
        job = Job(write, self._services.window)
        job.finished.connect(written)
        job.failed.connect(fail)
        self._services.jobs.run(job)

    def afterwards(self, do: Callable[[], None]) -> None:
        """Do something once what is being saved is saved, or could not be."""
        self._afterwards.append(do)

    def _end(self, failed: bool) -> None:
        self.busy, self._failed = False, failed
        waiting, self._afterwards = self._afterwards, []
        for each in waiting:
            each()
