"""The dock *Jobs* in step with the queue, what its buttons do, and the words in the status strip."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QWidget

from app.features.jobs.presenter.rows import jobs_data, status_words
from app.messages.request import FailureReply
from app.services.job_queue.job import TO_DO
from app.services.job_queue.queue import JobQueue
from app.services.job_queue.shown import Shown
from app.services.notifier import Notifier
from app.services.panels import Panels
from app.services.result_files import ResultFiles
from app.workbench.workbench import Workbench
from core.project.document import Document
from views.panels.jobs.panel import JobsPanel


class JobsController(QObject):
    """Of one window."""

    def __init__(
        self,
        workbench: Workbench,
        panel: JobsPanel,
        queue: JobQueue,
        panels: Panels,
        notifier: Notifier,
        window: QWidget,
    ) -> None:
        super().__init__(panel)
        self._panel, self._queue = panel, queue
        self._notifier, self._window = notifier, window
        self._panels, self._status = panels, panels["status"]
        self._files = ResultFiles(workbench, self)
        queue.changed.connect(self._show)
        queue.failed.connect(lambda message, hint: notifier.problem(FailureReply(0, "run", message, hint)))
        panel.wanted.connect(self._do)
        panel.shown.connect(queue.begin)  # another window may have begun one
        self._status.jobs_wanted.connect(lambda: panels.bring("jobs"))

    def _show(self) -> None:
        if self._panel.isVisible():
            self._panel.set_data(jobs_data(self._queue.jobs))
        self._status.set_jobs(*status_words(self._queue.jobs))

    def _do(self, key: str, job: str) -> None:
        """A button of the panel."""
        queue = self._queue
        shown = next((each for each in queue.jobs if each.job.key == job), None)
        if shown is None:
            return
        does = {
            "turn": lambda: (queue.pause if shown.job.state in TO_DO else queue.resume)(job),
            "cancel": lambda: self._ask_to_cancel(shown),
            "remove": lambda: queue.remove(job),
            "up": lambda: queue.move(job, later=False),
            "down": lambda: queue.move(job, later=True),
            "show": lambda: self.show_result(shown),
            "folder": lambda: self._open_folder(shown),
        }
        does[key]()

    def _ask_to_cancel(self, shown: Shown) -> None:
        """Ask what becomes of what is done."""
        job = shown.job
        box = QMessageBox(QMessageBox.Icon.Question, "Wirescope", f"Cancel {job.title}?", parent=self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setInformativeText(
            f"What the job has done so far is in the folder {job.folder}. "
            "Where you keep it, Try Again goes on from there."
        )
        keep = box.addButton("Cancel, Keep What Is Done", QMessageBox.ButtonRole.AcceptRole)
        delete = box.addButton("Cancel, Delete What Is Done", QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton("Do Not Cancel", QMessageBox.ButtonRole.RejectRole)
        box.setEscapeButton(stay)
        box.setDefaultButton(stay)
        keep.clicked.connect(lambda: self._queue.cancel(job.key, delete=False))
        delete.clicked.connect(lambda: self._queue.cancel(job.key, delete=True))
        box.open()

    def _open_folder(self, shown: Shown) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(shown.job.folder)):
            self._notifier.say(f"The folder is {shown.job.folder}")

    # ---- the result ----

    def show_result(self, shown: Shown) -> None:
        """Open its file where that is shown, with its model where another one is open, and the dock that has what came
        out of it."""
        from app.features.jobs.presenter.kinds import KINDS  # it knows of all that can be done: not at the start

        job, kind = shown.job, KINDS.get(shown.job.kind)
        if kind is None:
            self._notifier.say(f"This version knows no job of the kind {job.kind}; its folder is {job.folder}")
            return
        if kind.brings:
            self._panels.bring(kind.brings)
        document = Document(job.model, precision=job.precision)
        self._files.show(kind.shown_as, str(Path(job.folder) / kind.shows), document)
