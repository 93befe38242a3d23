"""What dialogs of jobs have in common: choosing a folder and whether a run can have it, and the job that goes into the
queue."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app.features.jobs.controller.landing import LandingController
from app.features.jobs.presenter.request import folder_name
from app.services.background_jobs import Job as Background
from app.services.background_jobs import Jobs
from app.services.job_queue.job import Job
from app.services.job_queue.queue import JobQueue
from app.services.notifier import Notifier
from app.services.panels import Panels
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.errors import InputError
from core.optional_packages import is_installed
from core.progress import Cancel
from core.project.document import Document
from core.sharded.free_folder import check_folder
from views.panels.jobs.queue_dialog import QueueDialog

NO_RAY = 'Workers that share the work need Ray: pip install "wirescope[cluster]"'
PREPARING = "Preparing …"  # what the command reads
D = TypeVar("D", bound=QueueDialog)


@dataclass(frozen=True)
class QueueingParts:
    """What such a controller is given. root: where the folders of runs lie for which nobody has chosen one."""

    workbench: Workbench
    queue: JobQueue
    landing: LandingController
    jobs: Jobs
    panels: Panels
    settings: Settings
    notifier: Notifier
    window: QWidget
    root: Path


class QueueingController(QObject, Generic[D]):
    """Of one window and one kind of job."""

    def __init__(self, given: QueueingParts) -> None:
        super().__init__(given.window)
        self._given = given
        self._workbench, self._queue, self._settings = given.workbench, given.queue, given.settings
        self.dialog: D | None = None

    def _made(self) -> D:
        """The dialog, with what it is connected to."""
        raise NotImplementedError

    def _fill(self) -> None:
        """What there is to choose for the model that is open, if anybody looks."""
        raise NotImplementedError

    def show(self) -> None:
        """Open the dialog, or bring it to the front."""
        if self.dialog is None:
            self.dialog = self._made()
            self.dialog.folder_wanted.connect(self._choose_folder)
        self.dialog.show()
        self.dialog.raise_()
        self._fill()

    @property
    def _processes(self) -> tuple[int, str]:
        """How many may share the work, and why that is one alone."""
        ray = is_installed("ray")
        return os.cpu_count() or 1 if ray else 1, "" if ray else NO_RAY

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self.dialog, "An empty folder", self._settings.folder())
        if path and self.dialog is not None:
            self._settings.set_folder(str(Path(path).parent))
            self.dialog.set_folder(path)

    # ---- into the queue ----

    def _ask(self, words: str, question: Callable[[Cancel], object], then: Callable[[Any], None]) -> None:
        """Do something in a thread of its own, while the dialog says what; it is told to stop when that is closed."""
        dialog = self.dialog
        if dialog is not None:
            dialog.set_busy(words)
            job = Background(lambda _report, cancelled: question(cancelled), self)
            closed: list[bool] = []

            def close() -> None:
                closed.append(True)
                job.cancel()
                dialog.set_busy("")

            job.finished.connect(lambda answer: None if closed else then(answer))
            job.failed.connect(lambda message, hint: None if closed else self._say_failure(message, hint))
            dialog.rejected.connect(close)
            self._given.jobs.run(job)

    def _say_failure(self, message: str, hint: str) -> None:
        if self.dialog is not None:
            self.dialog.set_busy("")
            self.dialog.set_problem(f"{message} {hint}")

    def _add(self, job: Job, prepared: tuple[str, ...] = ()) -> None:
        """prepared: names of the files that its command reads."""
        if self.dialog is None:
            return
        self.dialog.set_busy("")
        key = self._queue.add(replace(job, prepared=prepared))
        if key:
            self._given.landing.made_here(key)
            self.dialog.accept()
            self.dialog.set_folder("")
            self._given.panels.bring("jobs")
            self._given.notifier.say(f"In the queue: {job.title}")

    def _folder(self, chosen: str, document: Document, source: str, what: str) -> str:
        """The folder that was chosen, or a new one, called by what the run goes over and what it does."""
        if chosen:
            return str(Path(chosen).expanduser().absolute())
        name = folder_name(document, source, what)
        taken = {each.job.folder for each in self._queue.jobs}
        places = (self._given.root / (name if number == 1 else f"{name}-{number}") for number in range(1, 10_000))
        return str(next(place for place in places if not place.exists() and str(place) not in taken))

    def _check_folder(self, folder: Path, prepares: Collection[str] = ()) -> None:
        """Raise InputError for a folder that a run cannot have. prepares: names of files that are written there before
        it begins."""
        folder = folder.absolute()
        place = str(folder)
        if any(each.job.folder == place and each.job.state != "done" for each in self._queue.jobs):
            raise InputError("A job of the queue has this folder.", "Choose another one.")
        check_folder(folder, prepares)


def file_of(name: str) -> Path:
    """Raises InputError for what is not there."""
    path = Path(name).expanduser().absolute()
    if not path.exists():
        raise InputError(f"{path} is not there.", "Choose another file.")
    return path
