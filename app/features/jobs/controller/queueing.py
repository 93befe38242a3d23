"""What dialogs of jobs have in common: choosing a folder and whether a run can have it, and the job that goes into the
queue."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app.features.jobs.controller.fewer_workers import ask_for_fewer
from app.features.jobs.controller.landing import LandingController
from app.features.jobs.presenter.request import folder_name
from app.features.jobs.presenter.where import bytes_here, check_model_here, where_words
from app.messages.replies import ModelReply
from app.services.background_jobs import Job as Background
from app.services.background_jobs import Jobs
from app.services.job_queue.job import Job, Traced
from app.services.job_queue.queue import JobQueue
from app.services.job_queue.store import delete_begun
from app.services.notifier import Notifier
from app.services.panels import Panels
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.errors import Cancelled, InputError, WirescopeError
from core.free_memory import free_bytes
from core.optional_packages import is_installed
from core.progress import Cancel
from core.project.document import Document
from core.sharded.asked import check_same_run
from core.sharded.free_folder import check_folder
from core.sharded.worker_memory import WorkersShort, short_of_workers
from views.panels.jobs.data import Asked, ModalitiesAsked, StudyAsked
from views.panels.jobs.queue_dialog import QueueDialog

NO_RAY = 'Workers that share the work need Ray: pip install "wirescope[cluster]"'
PREPARING = "Preparing …"  # what the command reads
NO_MODEL = "No model is open. Open the one that this is to be of."
D = TypeVar("D", bound=QueueDialog)
A = TypeVar("A", Asked, StudyAsked, ModalitiesAsked)
R = TypeVar("R")


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


class QueueingController(QObject, Generic[D, A]):
    """Of one window and one kind of job. prepares: names of files that are written into the folder before it begins.
    of_open_model: whether its work is on the model that is open."""

    prepares: Collection[str] = ()
    of_open_model = True

    def __init__(self, given: QueueingParts) -> None:
        super().__init__(given.window)
        self._given = given
        self._workbench, self._queue, self._settings = given.workbench, given.queue, given.settings
        self.dialog: D | None = None
        self._asked: Background | None = None  # what the dialog waits for
        for changed in (given.workbench.homes.moved, given.workbench.model_opened):
            changed.connect(lambda *_: self._say_where())

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
            self.dialog.wanted.connect(self.queue)
            self.dialog.rejected.connect(self._stop)
        self.dialog.show()
        self.dialog.raise_()
        self._fill()
        self._say_where()

    def _say_where(self) -> None:
        """On which machine it will run; while the work is done elsewhere also what is opened here, and its size."""
        if self.dialog is None or not self.dialog.isVisible():
            return
        model, place = self._workbench.document.model if self.of_open_model else "", self._workbench.homes.place
        self.dialog.set_where(where_words(model, place))

        def take(size: int | None) -> None:
            if (model, place) == (self._workbench.document.model, self._workbench.homes.place):
                self.dialog.set_where(where_words(model, place, size))

        if model and place:
            self._given.jobs.ask(lambda: bytes_here(model), take, self)

    @property
    def _processes(self) -> tuple[int, str]:
        """How many may share the work, and why that is one alone."""
        ray = is_installed("ray")
        return os.cpu_count() or 1 if ray else 1, "" if ray else NO_RAY

    def _choose_folder(self) -> None:
        path = self._choose_directory("An empty folder")
        if path and self.dialog is not None:
            self.dialog.set_folder(path)

    def _choose_directory(self, title: str) -> str:
        """Empty for none."""
        path = QFileDialog.getExistingDirectory(self.dialog, title, self._settings.folder())
        if path:
            self._settings.set_folder(str(Path(path).parent))
        return path

    def _choose_file(self, title: str, filters: str) -> str:
        """Empty for none."""
        path, _ = QFileDialog.getOpenFileName(self.dialog, title, self._settings.folder(), filters)
        if path:
            self._settings.set_folder(str(Path(path).parent))
        return path

    # ---- into the queue ----

    def queue(self, asked: A, in_any_case: bool = False) -> None:
        """Check it, and put it into the queue; what is wrong is said in the dialog. in_any_case: also where the workers
        do not fit into memory; else that is asked first."""
        if self.dialog is None:
            return
        opened = self._workbench.opened
        if opened is None:
            self.dialog.set_problem(NO_MODEL)
            return
        try:
            if self.of_open_model:
                check_model_here(self._workbench.document.model, self._workbench.homes.place)
            if asked.folder:
                self._check_folder(Path(asked.folder).expanduser())
            short = None if in_any_case else self._short(asked.workers)
            if short is not None:
                ask_for_fewer(short, self.dialog, self._use_workers, partial(self.queue, asked, in_any_case=True))
                return
            self._queue_of(opened, asked)
        except WirescopeError as error:
            self.dialog.set_problem(str(error))

    def _short(self, workers: int) -> WorkersShort | None:
        """Whether so many do not fit: of processes with the model that is open, as long as its inputs are."""
        ready = self._workbench.ready if self.of_open_model and workers > 1 else None
        return None if ready is None else short_of_workers(workers, ready.worker_bytes, free_bytes())

    def _use_workers(self, workers: int) -> None:
        """So many share it instead."""
        if self.dialog is not None:
            self.dialog.workers.setValue(workers)
            self.dialog.add.click()

    def _queue_of(self, opened: ModelReply, asked: A) -> None:
        """The same, of the model that is open. Raises WirescopeError with what is wrong."""
        raise NotImplementedError

    def _check_same(self, folder: str, known: Mapping[str, Any], metric: str | None = None) -> None:
        """folder: that was chosen, if any. known, metric: as `check_same_run` takes them. Raise InputError for one that
        has another run."""
        if folder:
            check_same_run(Path(folder).expanduser().absolute(), known, metric)

    def _job(self, kind: str, title: str, command: tuple[str, ...], folder: str, traced: Traced | None = None) -> Job:
        """Of the model that is open, for the runs of the project that is."""
        model, project = self._workbench.document.opens, self._workbench.records.place
        return Job("", title, *model, command, folder, project=project, traced=traced, kind=kind)

    def _ask(
        self,
        words: str,
        question: Callable[[Cancel], R],
        then: Callable[[R], None],
        undo: Callable[[R], None] = lambda _answer: None,
    ) -> None:
        """Do something in a thread of its own, while the dialog says what. Where that is closed meanwhile, it is told
        to stop, and what it has made all the same is undone."""

        def work(_report: object, cancelled: Cancel) -> R:
            answer = question(cancelled)
            if cancelled():
                undo(answer)
                raise Cancelled
            return answer

        def take(answer: R) -> None:
            if self._ends(job):
                then(answer)
            else:
                undo(answer)

        job = self._asked = Background(work, self)
        job.finished.connect(take)
        job.failed.connect(lambda message, hint: self._ends(job) and self.dialog.set_problem(f"{message} {hint}"))
        self.dialog.set_busy(words)
        self._given.jobs.run(job)

    def _ends(self, job: Background) -> bool:
        """Whether it is still waited for, and the dialog is free again."""
        if self._asked is not job:
            return False
        self._asked = None
        self.dialog.set_busy("")
        return True

    def _stop(self) -> None:
        """The dialog is closed."""
        if self._asked is not None:
            self._asked.cancel()
            self._ends(self._asked)

    def _add(self, job: Job, prepared: tuple[str, ...] = ()) -> None:
        """prepared: names of the files that its command reads."""
        key = self._queue.add(replace(job, prepared=prepared))
        if key:
            self._given.landing.made_here(key)
            self.dialog.accept()
            self.dialog.set_folder("")
            self._given.panels.bring("jobs")
            self._given.notifier.say(f"In the queue: {job.title}")
        else:
            self._undo(job, prepared)

    def _undo(self, job: Job, prepared: tuple[str, ...]) -> None:
        """It does not come into the queue: what was prepared for it goes."""
        if prepared:
            delete_begun(Path(job.folder), prepared)

    def _folder(self, chosen: str, document: Document, source: str, what: str) -> str:
        """The folder that was chosen, or a new one, called by what the run goes over and what it does."""
        if chosen:
            return str(Path(chosen).expanduser().absolute())
        name = folder_name(document, source, what)
        taken = {each.job.folder for each in self._queue.jobs}
        places = (self._given.root / (name if number == 1 else f"{name}-{number}") for number in range(1, 10_000))
        return str(next(place for place in places if not place.exists() and str(place) not in taken))

    def _check_folder(self, folder: Path) -> None:
        """Raise InputError for a folder that a run cannot have."""
        folder = folder.absolute()
        place = str(folder)
        if any(each.job.folder == place and each.job.state != "done" for each in self._queue.jobs):
            raise InputError("A job of the queue has this folder.", "Choose another one.")
        check_folder(folder, self.prepares)


def file_of(name: str) -> Path:
    """Raises InputError for what is not there."""
    path = Path(name).expanduser().absolute()
    if not path.exists():
        raise InputError(f"{path} is not there.", "Choose another file.")
    return path
