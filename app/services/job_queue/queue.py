"""The queue as one window sees it. The window that runs the jobs starts and ends their processes; the others show what
the files say, change them, and take over when that window is gone. The clock ticks only while a process is there."""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from app.services.job_queue import process
from app.services.job_queue.job import TO_DO, Job
from app.services.job_queue.schedule import after_end, again, next_steps
from app.services.job_queue.shown import Shown, progress_of, shown
from app.services.job_queue.store import JobStore, delete_begun, delete_run
from core.errors import WirescopeError

TICK = 500  # milliseconds, as often as a run says how far it has come


class JobQueue(QObject):
    """Of one window."""

    changed = Signal()  # the jobs, or how far they have come
    failed = Signal(str, str)  # message, hint: the files cannot be written

    def __init__(self, store: JobStore, parent: QObject, tick: int = TICK) -> None:
        super().__init__(parent)
        self._store = store
        self._shown: tuple[Shown, ...] = ()
        self._children: dict[str, subprocess.Popen[bytes]] = {}  # those that this window has started
        self._asked: dict[str, float] = {}  # jobs whose processes were asked to end, and when
        self._not_noted: set[str] = set()  # jobs whose processes could not be written down: until something changes
        self._clock = QTimer(self, interval=tick)
        self._clock.timeout.connect(self.look)
        self._files = QFileSystemWatcher(self)
        self._soon = QTimer(self, singleShot=True, interval=0)  # many files that change are one change
        self._soon.timeout.connect(self.look)
        self._files.directoryChanged.connect(lambda _: self._soon.start())
        self._closed = False

    @property
    def jobs(self) -> tuple[Shown, ...]:
        """In their order."""
        return self._shown

    def begin(self) -> None:
        """Take up what is there, and go on with what was running; nothing where there never was a job."""
        if not self._closed and self._store.there:
            if not self._files.directories():
                self._files.addPath(str(self._store.folder))
            self.look()

    # ---- what the user does ----

    def add(self, job: Job) -> str:
        """Queue a job, whose key and place are given here. Gives the key; empty where the files cannot be written."""
        key = f"{time.time():.0f}-{secrets.token_hex(4)}"
        self._not_noted.clear()
        done = self._try(lambda: self._store.add(replace(job, key=key)))
        self.begin()
        return key if done else ""

    def pause(self, key: str) -> None:
        """End its process politely: what is done stays, and `resume` goes on with it."""
        self._change(key, lambda job: replace(job, state="paused", reason="") if job.state in TO_DO else None)

    def resume(self, key: str) -> None:
        """Go on with what is paused, failed or cancelled, at its place in the queue."""
        self._change(key, lambda job: again(job) if job.state in ("paused", "failed", "cancelled") else None)

    def cancel(self, key: str, delete: bool) -> None:
        """It is not wanted any more. delete: nor is what it has done."""
        self._change(
            key,
            lambda job: replace(job, state="cancelled", deletes=delete, reason="") if job.state != "done" else None,
        )

    def remove(self, key: str) -> None:
        """Take a job that has no process out of the list; its folder stays."""
        if not any(each.job.key == key and each.job.has_process for each in self._shown):
            self._try(lambda: self._store.remove(key))
            self.look()

    def move(self, key: str, later: bool) -> None:
        self._try(lambda: self._store.move(key, later))
        self.look()

    def claim(self, key: str) -> bool:
        """Whether a job that is done is this window's to put into its table of runs: once over all windows."""
        job = self._change(key, lambda job: None if job.landed else replace(job, landed=True))
        return job is not None

    def say_place(self, keys: Sequence[str], project: str) -> None:
        """The project that jobs were made in has this file now."""
        for key in keys:
            self._change(key, lambda job: replace(job, project=project))

    def close(self) -> Callable[[], None] | None:
        """The window closes: its processes are asked to end, and go on with the next start. Gives what waits for their
        ends, to be called in another thread; None where there is nothing to wait for."""
        self._closed = True
        self._clock.stop()
        self._soon.stop()
        if not self._store.runs:
            return None
        ending = []
        for each in self._shown:
            job = each.job
            if job.has_process and process.is_alive(job.pid, job.began):
                self._change(job.key, lambda job: again(job) if job.state == "running" else None)
                process.ask_to_end(job.pid)
                ending.append((job.pid, job.began))
        children, leave = list(self._children.values()), self._store.leave

        def wait() -> None:
            process.wait_for_end(ending)
            for child in children:
                child.wait()
            leave()

        if not ending:
            wait()
        return wait if ending else None

    # ---- looking ----

    def look(self) -> None:
        """Read the files; end, start and take note of what has ended, where this window runs the jobs."""
        if self._closed:
            return
        if self._store.take():
            self._try(self._go_on)
        jobs = self._store.jobs()
        self._shown = tuple(shown(job) for job in jobs)
        live = any(job.has_process for job in jobs)
        waits = any(job.state in TO_DO for job in jobs) and not self._store.runs  # for the other window
        if live or waits:
            self._clock.start()
        else:
            self._clock.stop()
        self.changed.emit()

    def _go_on(self) -> None:
        cut = []
        for job in self._store.jobs():
            if job.has_process and not self._is_alive(job):
                self._take_end(job)
                cut.append(job.key)
            elif job.deletes and not job.has_process:
                self._delete(job)
        jobs = self._store.jobs()
        known = {job.key: job for job in jobs}
        steps = next_steps(jobs, [job.key for job in jobs if job.has_process], cut=cut)
        for key in steps.end:
            self._end(known[key])
        for key in steps.start:
            if key not in self._not_noted:
                self._start(known[key])

    def _is_alive(self, job: Job) -> bool:
        child = self._children.get(job.key)
        return child.poll() is None if child is not None else process.is_alive(job.pid, job.began)

    def _take_end(self, job: Job) -> None:
        child = self._children.pop(job.key, None)
        self._asked.pop(job.key, None)
        self._not_noted.clear()
        code = None if child is None else child.returncode
        said, tail = progress_of(job), process.last_words(self._store.log(job.key))
        ended = self._store.change(job.key, lambda job: after_end(job, said, code, tail))
        if ended is not None and ended.deletes:
            self._delete(ended)

    def _delete(self, job: Job) -> None:
        """Delete what it has done. Raises WirescopeError."""
        folder, said = Path(job.folder), progress_of(job)
        others = said is not None and said.alive  # somebody else goes on with it, as its own process is gone
        if job.has_run and not others:
            delete_run(folder)
        else:
            delete_begun(folder, job.prepared)
        self._store.change(job.key, lambda job: replace(job, deletes=False, done=0.0, seconds=0.0, prepared=()))

    def _end(self, job: Job) -> None:
        """Ask its process to end; one that does not is killed a while later."""
        asked = self._asked.get(job.key)
        if asked is None:
            self._asked[job.key] = time.monotonic()
            process.ask_to_end(job.pid)
        elif asked + process.PATIENCE < time.monotonic():
            process.kill(job.pid)

    def _start(self, job: Job) -> None:
        said = progress_of(job)  # of an earlier process, which is gone
        try:
            child = process.start((*process.program(), *job.command), self._store.log(job.key))
        except WirescopeError as error:
            words = str(error)
            self._store.change(job.key, lambda job: replace(job, state="failed", reason=words))
            return
        since = process.began(child.pid)
        before = 0.0 if said is None else said.updated
        running: Job | None = None
        self._not_noted.add(job.key)
        try:
            running = self._store.change(
                job.key,
                lambda job: (
                    replace(job, state="running", pid=child.pid, began=since, before=before)
                    if job.state == "waiting"
                    else None
                ),
            )
        finally:  # one that nobody knows of would run beside the next one, in the same folder
            if running is None:  # the files cannot be written, or another window has paused it meanwhile
                process.kill(child.pid)
                child.wait()
            else:
                self._children[job.key] = child
        self._not_noted.discard(job.key)

    # ---- files ----

    def _change(self, key: str, how: Callable[[Job], Job | None]) -> Job | None:
        changed: list[Job | None] = []
        self._not_noted.clear()
        self._try(lambda: changed.append(self._store.change(key, how)))
        if not self._closed:
            self._soon.start()
        return changed[0] if changed else None

    def _try(self, do: Callable[[], object]) -> bool:
        try:
            do()
        except WirescopeError as error:
            self.failed.emit(error.message, error.hint)
            return False
        return True
