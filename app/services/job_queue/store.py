"""The queue's files: one a job, written whole, in a folder that all windows of the user share.

Whoever changes a job reads it, changes it and writes it under a lock, so that two windows lose nothing of each other.
Another lock says which window runs the jobs.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from app.services.job_queue.job import EVALUATED, TO_DO, Job
from core.errors import WirescopeError
from core.precision_words import EIGHT_BITS, rounded
from core.saving import save_bytes
from core.sharded.file_names import LOCK, OF_EVERY_RUN, PAIRS_FOLDER, PIECES, RESULTS, ROWS, ROWS_BEGUN, RUN, WAITING

if TYPE_CHECKING:
    from filelock import FileLock

log = logging.getLogger(__name__)

CHANGING, RUNNER = ".changing", ".runner"  # locks
WAIT = 10.0  # seconds for another window to write a file
WRITTEN = (*OF_EVERY_RUN, *RESULTS, EVALUATED)
BEFORE = (ROWS, ROWS_BEGUN, LOCK)  # by a command, before it has a run
CUT_OFF = "Choose where Wirescope may write: WIRESCOPE_STATE names another folder."


class JobStore:
    """Of one window. folder: of all queues of the user; it need not be there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._runner: FileLock | None = None

    @property
    def there(self) -> bool:
        """Whether there ever was a job."""
        return self.folder.is_dir()

    def jobs(self) -> list[Job]:
        """All of them, in their order; a file that cannot be read is passed over."""
        jobs = (self._read(path) for path in self.folder.glob("*.json"))
        return sorted((job for job in jobs if job is not None), key=lambda job: (job.order, job.key))

    def job(self, key: str) -> Job | None:
        return self._read(self._path(key))

    def log(self, key: str) -> Path:
        """Where its process writes what it says."""
        return self.folder / f"{key}.log"

    # ---- changing ----

    def add(self, job: Job) -> Job:
        """At the end of the queue. Raises WirescopeError where nothing can be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WirescopeError(f"{self.folder} cannot be made: {error.strerror or error}.", CUT_OFF) from None
        with self._changing():
            last = max((each.order for each in self.jobs()), default=0)
            placed = replace(job, order=last + 1)
            self._write(placed)
        return placed

    def change(self, key: str, how: Callable[[Job], Job | None]) -> Job | None:
        """Write what `how` makes of a job as it is now. Gives that; None where the job is gone, or `how` gave None:
        then nothing is changed. Raises WirescopeError."""
        with self._changing():
            job = self.job(key)
            changed = None if job is None else how(job)
            if changed is not None and changed != job:
                self._write(changed)
        return changed

    def remove(self, key: str) -> None:
        """Take a job out of the queue, whose folder stays. Raises WirescopeError."""
        with self._changing():
            self._path(key).unlink(missing_ok=True)
            self.log(key).unlink(missing_ok=True)

    def move(self, key: str, later: bool) -> None:
        """Let a job that is not done change places with the next one that is not. Raises WirescopeError."""
        with self._changing():
            jobs = [job for job in self.jobs() if movable(job)]
            at = next((place for place, job in enumerate(jobs) if job.key == key), None)
            other = None if at is None else at + (1 if later else -1)
            if at is not None and other is not None and 0 <= other < len(jobs):
                self._write(replace(jobs[at], order=jobs[other].order))
                self._write(replace(jobs[other], order=jobs[at].order))

    # ---- who runs them ----

    @property
    def runs(self) -> bool:
        """Whether this window runs the jobs."""
        return self._runner is not None

    def take(self) -> bool:
        """Be the window that runs the jobs, if no other one is."""
        from filelock import FileLock, Timeout  # the first frame does without

        if self._runner is None and self.there:
            lock = FileLock(self.folder / RUNNER, thread_local=False)  # another thread may give it back
            try:
                lock.acquire(timeout=0)
                self._runner = lock
            except Timeout:
                pass
            except (OSError, RuntimeError) as error:
                log.warning("the jobs cannot be run: %s", error)
        return self.runs

    def leave(self) -> None:
        """Let another window run the jobs."""
        if self._runner is not None:
            self._runner.release()
            self._runner = None

    # ---- files ----

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    @contextmanager
    def _changing(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        lock = FileLock(self.folder / CHANGING)
        try:
            lock.acquire(timeout=WAIT)
        except (Timeout, OSError, RuntimeError) as error:
            raise WirescopeError(f"The queue in {self.folder} cannot be changed: {error}.", CUT_OFF) from None
        try:
            yield
        finally:
            lock.release()

    def _read(self, path: Path) -> Job | None:
        try:
            job = msgspec.json.decode(path.read_bytes(), type=Job)
            # Earlier versions had 8 bits in the command alone.
            eight_bits = ("--weights", EIGHT_BITS) in pairwise(job.command)
            return replace(job, precision=rounded(job.precision)) if eight_bits else job
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            log.warning("%s is no job: %s", path, error)
            return None

    def _write(self, job: Job) -> None:
        save_bytes(self._path(job.key), msgspec.json.format(msgspec.json.encode(job)))


def movable(job: Job) -> bool:
    """Whether its place in the queue means something."""
    return job.state in (*TO_DO, "paused")


def delete_begun(folder: Path, prepared: Iterable[str]) -> None:
    """Delete what was prepared for a run that came to nothing, and what its command left before it knew that. What
    another run wrote into the folder stays. prepared: names of files."""
    alone = not (folder / RUN).exists()
    for name in (*prepared, *(BEFORE if alone else ())):
        with suppress(OSError):
            (folder / name).unlink(missing_ok=True)
    for empty in (folder / WAITING, folder / PAIRS_FOLDER, folder / PIECES, folder) if alone else ():
        with suppress(OSError):
            empty.rmdir()


def delete_run(folder: Path) -> None:
    """Delete what a run wrote into its folder, and the folder where nothing else is in it."""
    for name in WRITTEN:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
