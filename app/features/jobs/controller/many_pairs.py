"""*Trace Many Pairs…*, *Evaluate Over Many Pairs…*, *Measure Heads Over Many Pairs…*: the dialog of a kind of job, what
is wrong with what it was told, and the job that it puts into the queue."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app.features.jobs.controller.landing import LandingController
from app.features.jobs.presenter.kinds import JobKind
from app.features.jobs.presenter.request import PairsGiven, command_of, folder_name, given, weights_words
from app.presenters.snapshot import Snapshot
from app.services.background_jobs import Jobs
from app.services.job_queue.job import Job
from app.services.job_queue.queue import JobQueue
from app.services.notifier import Notifier
from app.services.panels import Panels
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.errors import InputError, WirescopeError
from core.formatting import pairs_words
from core.inputs.dataset_files import ENDINGS, read_dataset_file
from core.optional_packages import is_installed
from core.sharded.file_names import RUN
from views.panels.jobs.data import Asked, ManyPairsData
from views.panels.jobs.dialog import ManyPairsDialog

FILTER = f"Datasets ({' '.join(f'*{ending}' for ending in ENDINGS)});;All files (*)"
NO_RAY = 'Workers that share the work need Ray: pip install "wirescope[cluster]"'
READING, PREPARING = "Reading …", "Preparing …"  # the file of pairs; what the command reads


class ManyPairsController(QObject):
    """Of one window and one kind of job. root: where the folders of runs lie for which nobody has chosen one."""

    def __init__(
        self,
        kind: JobKind,
        workbench: Workbench,
        queue: JobQueue,
        landing: LandingController,
        jobs: Jobs,
        panels: Panels,
        settings: Settings,
        notifier: Notifier,
        window: QWidget,
        root: Path,
    ) -> None:
        super().__init__(window)
        self._kind = kind
        self._workbench, self._queue, self._landing, self._jobs = workbench, queue, landing, jobs
        self._panels, self._settings, self._notifier = panels, settings, notifier
        self._window, self._root = window, root
        self.dialog: ManyPairsDialog | None = None
        workbench.model_opened.connect(lambda _: self._fill())
        workbench.document_changed.connect(lambda *_: self._fill())
        workbench.idle.connect(self._say_what)  # there may be other scores

    def show(self) -> None:
        """Open the dialog, or bring it to the front."""
        if self.dialog is None:
            kind = self._kind
            self.dialog = dialog = ManyPairsDialog(kind.dialog, kind.about, kind.columns, kind.seed, self._window)
            dialog.file_wanted.connect(self._choose_file)
            dialog.folder_wanted.connect(self._choose_folder)
            dialog.wanted.connect(self.queue)
        self.dialog.show()
        self.dialog.raise_()
        self._fill()

    def _fill(self) -> None:
        """What there is to choose for the model that is open."""
        dialog, snapshot = self.dialog, self._snapshot()
        if dialog is None or snapshot is None:
            return
        ray = is_installed("ray")
        dialog.set_data(
            ManyPairsData(
                tuple((task.name, task.title, task.about) for task in snapshot.opened.tasks),
                self._words(snapshot),
                str(self._root),
                os.cpu_count() or 1 if ray else 1,
                "" if ray else NO_RAY,
            )
        )

    def _say_what(self) -> None:
        dialog, snapshot = self.dialog, self._snapshot()
        if dialog is not None and snapshot is not None:
            dialog.set_method(self._words(snapshot))

    def _snapshot(self) -> Snapshot | None:
        """What the window has; None where the dialog is not there to say it."""
        shown = self.dialog is not None and self.dialog.isVisible()
        return self._workbench.presenter.snapshot() if shown else None

    def _words(self, snapshot: Snapshot) -> str:
        return self._kind.words(snapshot) + weights_words(self._workbench.weights_place)

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self.dialog, "A file of pairs", self._settings.folder(), FILTER)
        if path and self.dialog is not None:
            self._settings.set_folder(str(Path(path).parent))
            self.dialog.set_file(path)

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self.dialog, "An empty folder", self._settings.folder())
        if path and self.dialog is not None:
            self._settings.set_folder(str(Path(path).parent))
            self.dialog.set_folder(path)

    # ---- into the queue ----

    def queue(self, asked: Asked) -> None:
        """Check it, and put it into the queue; what is wrong is said in the dialog."""
        opened = self._workbench.opened
        if self.dialog is None:
            return
        if opened is None:
            self.dialog.set_problem("No model is open. Open the one that this is to be of.")
            return
        try:
            if asked.folder:
                self._check_folder(Path(asked.folder).expanduser())
            if not asked.task:
                path = _file_of(asked.file)
                asked = replace(asked, file=str(path))
                self._ask(READING, partial(_read, path), partial(self._take_rows, asked))
                return
            if asked.task not in {task.name for task in opened.tasks}:
                raise InputError(f"The task {asked.task} is not one of {opened.title}.", "Choose another task.")
        except WirescopeError as error:
            self.dialog.set_problem(str(error))
            return
        title = next(task.title for task in opened.tasks if task.name == asked.task)
        self._put(asked, PairsGiven(asked.pairs), title, asked.task)

    def _ask(self, words: str, question: Callable[[], object], then: Callable[[Any], None]) -> None:
        """Do something in a thread of its own, while the dialog says what."""
        if self.dialog is not None:
            self.dialog.set_busy(words)
            self._jobs.ask(question, then, self, or_else=self._say_failure)

    def _say_failure(self, message: str, hint: str) -> None:
        if self.dialog is not None:
            self.dialog.set_busy("")
            self.dialog.set_problem(f"{message} {hint}")

    def _take_rows(self, asked: Asked, pairs: PairsGiven) -> None:
        if self.dialog is not None:
            self.dialog.set_busy("")
            self._put(asked, pairs, Path(asked.file).name, Path(asked.file).stem)

    def _put(self, asked: Asked, pairs: PairsGiven, source: str, name: str) -> None:
        """source: the title of the task, or the name of the file. name: for the folder."""
        dialog, snapshot = self.dialog, self._workbench.presenter.snapshot()
        if dialog is None or snapshot is None:
            return
        chosen = str(Path(asked.folder).expanduser().absolute()) if asked.folder else ""
        try:
            document, weights = snapshot.document, self._workbench.weights_place
            folder = chosen or self._new_folder(snapshot, name)
            doing = self._kind.does(snapshot, pairs, folder)
            job = Job(
                "",
                f"{self._kind.title(snapshot)}, {source}, {pairs_words(pairs.count)}",
                *document.opens,
                command_of(doing.command, asked, document, folder, weights),
                folder,
                project=self._workbench.records.place,
                traced=doing.traced,
                kind=self._kind.name,
            )
        except WirescopeError as error:
            dialog.set_problem(str(error))
            return
        self._ask(PREPARING, partial(self._kind.prepare, snapshot, Path(folder)), partial(self._add, job))

    def _add(self, job: Job, prepared: tuple[str, ...]) -> None:
        """prepared: names of the files that its command reads."""
        if self.dialog is None:
            return
        self.dialog.set_busy("")
        key = self._queue.add(replace(job, prepared=prepared))
        if key:
            self._landing.made_here(key)
            self.dialog.accept()
            self.dialog.set_folder("")
            self._panels.bring("jobs")
            self._notifier.say(f"In the queue: {job.title}")

    def _new_folder(self, snapshot: Snapshot, source: str) -> str:
        name = folder_name(snapshot.document, source, self._kind.folder(snapshot))
        taken = {each.job.folder for each in self._queue.jobs}
        places = (self._root / (name if number == 1 else f"{name}-{number}") for number in range(1, 10_000))
        return str(next(place for place in places if not place.exists() and str(place) not in taken))

    def _check_folder(self, folder: Path) -> None:
        """Raise InputError for a folder that a run cannot have."""
        place = str(folder.absolute())
        if any(each.job.folder == place and each.job.state != "done" for each in self._queue.jobs):
            raise InputError("A job of the queue has this folder.", "Choose another one.")
        try:
            names = {each.name for each in folder.iterdir()} if folder.is_dir() else set()
            other = folder.exists() and not folder.is_dir()
        except OSError as error:
            raise InputError(f"{folder} cannot be read: {error.strerror or error}.", "Choose another one.") from None
        if other or not (names <= self._kind.prepares or RUN in names):
            raise InputError(f"{folder.name} holds other files.", "Choose an empty folder, or a new one.")


def _file_of(name: str) -> Path:
    """Raises InputError for a file that is not there."""
    if not name:
        raise InputError("No file of pairs is given.", "Choose one.")
    path = Path(name).expanduser().absolute()
    if not path.exists():
        raise InputError(f"{path} is not there.", "Choose another file.")
    return path


def _read(path: Path) -> PairsGiven:
    """What its rows have. Raises InputError where it cannot be read or has none."""
    pairs = given(read_dataset_file(path).rows)
    if not pairs.count:
        raise InputError(f"{path.name} has no pairs.", "Give at least one.")
    return pairs
