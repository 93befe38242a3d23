"""A job that is done lands in the table of runs of the project that it was made in: at once where a window has that
open, else when it is opened next; and once more where that was closed without being saved."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from app.services.background_jobs import Jobs
from app.services.job_queue.job import Job
from app.services.job_queue.queue import JobQueue
from app.services.job_queue.shown import Shown
from app.workbench.workbench import Workbench
from core.project.document import Document
from core.project.runs import RunRecord

if TYPE_CHECKING:
    from app.features.jobs.presenter.kinds import JobKind


class LandingController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, queue: JobQueue, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._workbench, self._queue, self._jobs = workbench, queue, jobs
        self._made_here: set[str] = set()  # keys of jobs of the present project, while that has no file
        self._lost: set[str] | None = None  # keys of jobs that the project was closed without; None: not looked yet
        self._reading: set[str] = set()  # keys; those that cannot be read stay: why is said once
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._land)
        # A project is locked until its weights are checked: that has happened when the engine rests.
        for changed in (queue.changed, workbench.history_changed, workbench.model_opened, workbench.idle):
            changed.connect(lambda *_: self._soon.start())
        workbench.records.begun.connect(self._begin)
        workbench.records.saved.connect(self._take_place)

    def made_here(self, key: str) -> None:
        """A job was queued in this window, or has landed here."""
        if not self._workbench.records.place:
            self._made_here.add(key)

    def _begin(self) -> None:
        """Another project is open."""
        self._made_here.clear()
        self._lost = None
        self._soon.start()

    def _take_place(self, before: str, place: str) -> None:
        """The project that is open has a file, or another one."""
        jobs = [each.job for each in self._queue.jobs]
        left = {job.key for job in jobs if before and job.project == before and not job.landed}
        self._queue.say_place(sorted(left | self._made_here), place)
        self._made_here.clear()
        self._soon.start()

    def _is_here(self, job: Job) -> bool:
        """Whether a job is of the project that this window has."""
        if job.project:
            return job.project == self._workbench.records.place
        has_file = bool(self._workbench.records.place)
        return job.key in self._made_here or (not has_file and job.model == self._workbench.document.model)

    def _not_in_table(self) -> set[str]:
        """Keys of jobs that landed in the project that is open, and are not in its table: it was not saved since."""
        place = self._workbench.records.place
        there = {run.record.when for run in self._workbench.runs}
        landed = [each for each in self._queue.jobs if place and each.job.landed and each.job.project == place]
        return {each.job.key for each in landed if each.progress is not None and each.progress.updated not in there}

    def _land(self) -> None:
        if not (self._workbench.history.takes_figures and self._workbench.document.model):
            return
        if self._lost is None and self._queue.jobs:
            self._lost = self._not_in_table()
        for done in self._queue.jobs:
            job = done.job
            missed = not job.landed or job.key in (self._lost or ())
            due = job.state == "done" and missed and (bool(done.result) or done.unreadable)
            if due and self._is_here(job) and job.key not in self._reading and _kind(job) is not None:
                self._reading.add(job.key)
                question = partial(_read, done, self._workbench.document)
                self._jobs.ask(question, partial(self._take, job), self, or_else=partial(self._say_why, job))

    def _take(self, job: Job, record: RunRecord) -> None:
        self._reading.discard(job.key)
        here = self._is_here(job) and self._workbench.history.takes_figures  # another project may be, by now
        if here and (job.key in (self._lost or ()) or self._queue.claim(job.key)):
            self._lost = (self._lost or set()) - {job.key}
            self.made_here(job.key)  # it is of the file that this is saved in
            self._workbench.runs.add_record(record)
            self._workbench.message.emit(f"Done: {job.title}. It is in the table of runs (F12).")

    def _say_why(self, job: Job, message: str, hint: str) -> None:
        self._workbench.message.emit(f"{job.title} has no place in the table of runs: {message} {hint}")


def _kind(job: Job) -> JobKind | None:
    """None of a job that another version made. What kinds know of all that can be done is imported at the first job
    that is done, not at the start."""
    from app.features.jobs.presenter.kinds import KINDS

    return KINDS.get(job.kind)


def _read(done: Shown, present: Document) -> RunRecord:
    """Raises WirescopeError."""
    from app.features.jobs.presenter.kinds import mended

    kind = _kind(done.job)
    assert kind is not None  # else it is not asked for
    return kind.record(mended(done, kind) if done.unreadable else done, present)
