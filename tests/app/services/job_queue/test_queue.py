"""The queue with real processes, those of a stand-in that waits for the test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject

from app.services.job_queue import process
from app.services.job_queue.job import Job
from app.services.job_queue.queue import JobQueue
from app.services.job_queue.shown import Shown
from app.services.job_queue.store import JobStore
from core.errors import WirescopeError
from tests.app.person import LONG_PATIENCE
from tests.app.stand_in import PROGRAM, go, job

TICK = 30
pytestmark = pytest.mark.timeout(400)


class Windows:
    """Queues of windows on one folder, which are closed as windows close them."""

    def __init__(self, folder: Path, qtbot) -> None:
        self.folder, self._qtbot = folder, qtbot
        self._open: list[JobQueue] = []
        self._parent = QObject()

    def open(self) -> JobQueue:
        queue = JobQueue(JobStore(self.folder), self._parent, TICK)
        self._open.append(queue)
        queue.begin()
        return queue

    def close(self, queue: JobQueue) -> None:
        self._open.remove(queue)
        wait = queue.close()
        if wait is not None:
            wait()

    def close_all(self) -> None:
        for queue in list(self._open):
            self.close(queue)

    def until(self, queue: JobQueue, key: str, holds: Callable[[Shown], bool]) -> Shown:
        """Wait until something holds of a job."""
        self._qtbot.waitUntil(lambda: key in _keys(queue) and holds(_of(queue, key)), timeout=LONG_PATIENCE)
        return _of(queue, key)


def _keys(queue: JobQueue) -> list[str]:
    return [each.job.title for each in queue.jobs]


def _of(queue: JobQueue, title: str) -> Shown:
    return next(each for each in queue.jobs if each.job.title == title)


def is_in(state: str) -> Callable[[Shown], bool]:
    return lambda shown: shown.job.state == state and not shown.job.has_process


def is_deleted(shown: Shown) -> bool:
    """Cancelled, and what it has done is gone."""
    return is_in("cancelled")(shown) and not shown.job.deletes


def is_at_work(shown: Shown) -> bool:
    """Its process has said how far it has come."""
    return shown.job.state == "running" and shown.progress is not None and shown.progress.rate is not None


@pytest.fixture
def windows(tmp_path: Path, qtbot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Windows]:
    monkeypatch.setattr(process, "program", lambda: PROGRAM)
    made = Windows(tmp_path / "queue", qtbot)
    yield made
    made.close_all()


def test_jobs_run_one_after_the_other_to_their_ends(windows: Windows, tmp_path: Path) -> None:
    queue = windows.open()
    for name in "ab":
        queue.add(job(tmp_path / name))
    at_work = windows.until(queue, "a", is_at_work)
    assert _of(queue, "b").job.state == "waiting"
    assert at_work.progress is not None
    assert at_work.progress.words == "EAP-IG, 0 of 3 pairs"
    if sys.platform != "win32":
        nice, here = os.getpriority(os.PRIO_PROCESS, at_work.job.pid), os.getpriority(os.PRIO_PROCESS, 0)
        assert nice > here or nice == here == process.LEAST, "it lets others come first"
    go(tmp_path / "a")
    done = windows.until(queue, "a", is_in("done"))
    assert (done.result, done.job.seconds, done.job.done) == ("circuit.json", 4.0, 3.0)
    windows.until(queue, "b", is_at_work)
    go(tmp_path / "b")
    windows.until(queue, "b", is_in("done"))
    assert not queue._clock.isActive(), "nothing ticks where nothing runs"


def test_a_job_is_paused_goes_on_and_is_cancelled(windows: Windows, tmp_path: Path) -> None:
    queue = windows.open()
    key = queue.add(job(tmp_path / "a"))
    windows.until(queue, "a", is_at_work)
    queue.pause(key)
    paused = windows.until(queue, "a", is_in("paused"))
    assert paused.progress is not None
    assert (paused.progress.state, paused.job.reason) == ("stopped", "")
    assert paused.job.before == 0.0
    queue.resume(key)
    assert windows.until(queue, "a", is_at_work).job.before == paused.progress.updated
    queue.cancel(key, delete=True)
    windows.until(queue, "a", is_deleted)
    assert not (tmp_path / "a").exists()
    queue.remove(key)
    assert queue.jobs == ()


def test_a_job_that_fails_says_why_and_can_be_tried_again(windows: Windows, tmp_path: Path) -> None:
    queue = windows.open()
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "fails").write_text("There is no model.")
    key = queue.add(job(folder))
    assert windows.until(queue, "a", is_in("failed")).job.reason == "There is no model."
    (folder / "fails").unlink()
    go(folder)
    queue.resume(key)
    assert windows.until(queue, "a", is_in("done")).job.reason == ""


def test_cancelling_a_job_that_was_refused_leaves_the_run_that_its_folder_holds(
    windows: Windows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, folder = windows.open(), tmp_path / "a"
    queue.add(job(folder))
    go(folder)
    windows.until(queue, "a", is_in("done"))
    for name in ("run.json", "circuit.json", "scores.json"):
        (folder / name).touch()
    refuses = "import sys; sys.exit('wirescope: It holds another run.')"
    monkeypatch.setattr(process, "program", lambda: (sys.executable, "-c", refuses))
    key = queue.add(job(folder, pairs=4, title="b", prepared=("scores.json",)))
    assert windows.until(queue, "b", is_in("failed")).job.reason == "It holds another run."
    queue.cancel(key, delete=True)
    windows.until(queue, "b", is_deleted)
    assert sorted(path.name for path in folder.iterdir()) == ["circuit.json", "pace", "progress.json", "run.json"]


def test_a_program_that_cannot_be_started_is_said(windows: Windows, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(process, "program", lambda: (str(tmp_path / "nowhere"),))
    queue = windows.open()
    queue.add(job(tmp_path / "a"))
    assert "cannot be started" in windows.until(queue, "a", is_in("failed")).job.reason


@pytest.mark.skipif(sys.platform == "win32", reason="counts processes of a session")
def test_a_process_that_the_files_cannot_name_is_ended_and_the_next_one_runs_alone(
    windows: Windows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the disk is full."""
    started: list[subprocess.Popen[bytes]] = []
    start, write, said, full = process.start, JobStore._write, [], []

    def note(*told: object) -> subprocess.Popen[bytes]:
        started.append(start(*told))  # type: ignore[arg-type]
        return started[-1]

    def fail(store: JobStore, job: Job) -> None:
        if full and job.pid:
            raise WirescopeError("The disk is full.")
        write(store, job)

    monkeypatch.setattr(process, "start", note)
    monkeypatch.setattr(JobStore, "_write", fail)
    queue = windows.open()
    queue.failed.connect(lambda message, _hint: said.append(message))
    full.append(True)
    key = queue.add(job(tmp_path / "a"))
    windows.until(queue, "a", lambda _shown: bool(said))
    queue.look()
    queue.look()
    assert said == ["The disk is full."], "it is not tried and said again and again"
    (child,) = started
    assert child.poll() == -signal.SIGKILL
    assert _of(queue, "a").job.state == "waiting"
    full.clear()
    queue.pause(key)
    queue.resume(key)
    assert windows.until(queue, "a", is_at_work).job.pid == started[1].pid
    assert len(started) == 2
    go(tmp_path / "a")
    windows.until(queue, "a", is_in("done"))


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal")
def test_a_process_that_is_killed_goes_on_where_it_had_come_further(windows: Windows, tmp_path: Path) -> None:
    queue = windows.open()
    folder = tmp_path / "a"
    queue.add(job(folder, pairs=1_000_000))
    go(folder)
    further = windows.until(queue, "a", lambda shown: is_at_work(shown) and shown.progress.done > 0)  # type: ignore[union-attr]
    os.kill(further.job.pid, signal.SIGKILL)
    again = windows.until(queue, "a", lambda shown: is_at_work(shown) and shown.job.pid != further.job.pid)
    assert again.progress is not None
    assert again.progress.done >= 1
    (folder / "pace").unlink()


def test_closing_the_window_ends_what_runs_and_the_next_one_goes_on_with_it(windows: Windows, tmp_path: Path) -> None:
    queue = windows.open()
    queue.add(job(tmp_path / "a"))
    pid = windows.until(queue, "a", is_at_work).job.pid
    windows.close(queue)
    assert not process.is_alive(pid, process.began(pid))
    (left,) = JobStore(windows.folder).jobs()
    assert left.state == "waiting"
    after = windows.open()
    windows.until(after, "a", is_at_work)
    go(tmp_path / "a")
    windows.until(after, "a", is_in("done"))


def test_the_next_window_goes_on_with_what_ran_before_one_that_was_put_in_front_of_it(
    windows: Windows, tmp_path: Path
) -> None:
    queue = windows.open()
    queue.add(job(tmp_path / "a"))
    windows.until(queue, "a", is_at_work)
    queue.move(queue.add(job(tmp_path / "b")), later=False)
    windows.close(queue)
    after = windows.open()
    assert _keys(after) == ["b", "a"]
    windows.until(after, "a", is_at_work)
    assert _of(after, "b").job.state == "waiting"
    go(tmp_path / "a")
    windows.until(after, "b", is_at_work)


@pytest.mark.skipif(sys.platform == "win32", reason="a process of a window that crashed goes with it")
def test_the_process_of_a_window_that_crashed_is_taken_over(windows: Windows, tmp_path: Path) -> None:
    crashed = windows.open()
    crashed.add(job(tmp_path / "a"))
    pid = windows.until(crashed, "a", is_at_work).job.pid
    crashed._clock.stop()
    crashed._closed = True  # it looks no more
    crashed._store.leave()  # as the system does when a process ends
    after = windows.open()
    assert windows.until(after, "a", is_at_work).job.pid == pid
    go(tmp_path / "a")
    windows.until(after, "a", is_in("done"))
    for child in crashed._children.values():
        child.wait()


def test_two_windows_run_a_job_once_and_both_can_say_what_becomes_of_it(windows: Windows, tmp_path: Path) -> None:
    first = windows.open()
    key = first.add(job(tmp_path / "a"))
    second = windows.open()
    pid = windows.until(first, "a", is_at_work).job.pid
    assert windows.until(second, "a", is_at_work).job.pid == pid
    second.pause(key)
    windows.until(first, "a", is_in("paused"))
    second.resume(key)
    windows.until(second, "a", is_at_work)
    windows.close(first)
    assert windows.until(second, "a", is_at_work).job.pid != pid, "it takes over"
    assert second.claim(key)
    assert not second.claim(key), "it lands once"
