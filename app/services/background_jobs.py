"""Small jobs beside the engine: getting a model pack, fetching a picture from an address. One Python thread
each."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal

from core.errors import Cancelled, WirescopeError
from core.inputs.download import Cancel, Report

log = logging.getLogger(__name__)

SOON, LONGEST = 10.0, 120.0  # seconds that the end of a job is waited for: of one that is cancelled, of another one


class Jobs:
    """Those of one window: each is kept until it ends."""

    def __init__(self) -> None:
        self._running: list[Job] = []

    def __len__(self) -> int:
        return len(self._running)

    def run(self, job: Job) -> None:
        """Start a job."""
        self._running.append(job)
        for ended in (job.finished, job.failed, job.cancelled):
            ended.connect(lambda *_: self._running.remove(job) if job in self._running else None)
        job.start()

    def ask(
        self,
        question: Callable[[], object],
        then: Callable[[Any], None],
        parent: QObject,
        or_else: Callable[[str, str], None] | None = None,
    ) -> None:
        """Ask something that may take its time, such as what lies in a folder of a slow disk, in a thread beside the
        window's, where `then` gets the answer. or_else: gets message and hint where there is none."""
        job = Job(lambda _report, _cancelled: question(), parent)
        job.finished.connect(then)
        if or_else is not None:
            job.failed.connect(or_else)
        self.run(job)

    def end(self) -> None:
        """Cancel all of them but those that come to their ends first, and wait for these ends."""
        running = list(self._running)
        for job in running:
            if not job.finishes:
                job.cancel()
        for job in running:
            job.wait(LONGEST if job.finishes else SOON)


class Job(QObject):
    """Runs `work(report, cancelled)` in a thread and tells the window's thread how it goes. Ends once, in one of
    three ways. finishes: what it makes was asked for, and is made though the window closes meanwhile."""

    progressed = Signal(int, int, str)  # done, total (0: unknown), words
    finished = Signal(object)  # what work returned
    failed = Signal(str, str)  # message, hint
    cancelled = Signal()

    def __init__(
        self, work: Callable[[Report, Cancel], object], parent: QObject | None = None, finishes: bool = False
    ) -> None:
        super().__init__(parent)
        self.finishes = finishes
        self._work = work
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wirescope-job", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        self._stop.set()

    def wait(self, seconds: float = SOON) -> bool:
        if self._thread.is_alive():
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            made = self._work(self.progressed.emit, self._stop.is_set)
        except Cancelled:
            self.cancelled.emit()
        except WirescopeError as error:
            self.failed.emit(error.message, error.hint)
        except Exception as error:
            log.exception("a background job failed")
            self.failed.emit(f"Something went wrong: {error}", "Nothing of your work is lost.")
        else:
            self.finished.emit(made)
