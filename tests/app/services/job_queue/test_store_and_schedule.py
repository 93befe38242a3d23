"""The files of the queue, and what is decided from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.services.job_queue.job import Job
from app.services.job_queue.schedule import KILLED, OUTSIDE, Steps, after_end, again, next_steps
from app.services.job_queue.store import JobStore, delete_begun, delete_run
from core.errors import WirescopeError
from core.sharded.progress import RunProgress
from tests.app.cases import each
from tests.app.stand_in import job

NOW = 1_000.0


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "queue")


def keys(store: JobStore) -> list[str]:
    return [each.key for each in store.jobs()]


def test_jobs_come_back_as_they_were_and_in_their_order(store: JobStore, tmp_path: Path) -> None:
    assert not store.there
    assert store.jobs() == []
    added = [store.add(job(tmp_path / name, project="/p.wire", seconds=1.5)) for name in "abc"]
    assert [each.order for each in added] == [1, 2, 3]
    assert JobStore(store.folder).jobs() == added
    store.move("c", later=False)
    store.move("a", later=True)
    assert keys(store) == ["c", "a", "b"]
    store.move("c", later=False)  # it is the first
    assert keys(store) == ["c", "a", "b"]
    store.remove("a")
    assert keys(store) == ["c", "b"]


def test_a_job_that_named_its_8_bits_in_the_command_alone_has_them_in_its_precision(store: JobStore, tmp_path) -> None:
    store.add(job(tmp_path / "a", command=("trace", "--weights", "8bit"), precision="bf16"))
    (read,) = store.jobs()
    assert read.precision == "bf16+8bit"


def test_a_change_is_of_the_file_as_it_is_now(store: JobStore, tmp_path: Path) -> None:
    store.add(job(tmp_path / "a"))
    other = JobStore(store.folder)
    other.change("a", lambda job: replace(job, state="paused"))
    changed = store.change("a", lambda job: replace(job, landed=True))
    assert changed is not None
    assert (changed.state, changed.landed) == ("paused", True)
    assert store.change("a", lambda job: None) is None
    assert store.change("gone", lambda job: replace(job, landed=True)) is None


def test_what_is_no_job_is_passed_over(store: JobStore, tmp_path: Path) -> None:
    store.add(job(tmp_path / "a"))
    (store.folder / "b.json").write_text("{")
    (store.folder / "c.json").write_text('{"key": 3}')
    assert keys(store) == ["a"]


def test_one_window_runs_the_jobs(store: JobStore, tmp_path: Path) -> None:
    assert not store.take()  # there are none
    store.add(job(tmp_path / "a"))
    other = JobStore(store.folder)
    assert store.take()
    assert not other.take()
    store.leave()
    assert other.take()
    other.leave()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WirescopeError, match="cannot be made"):
        JobStore(tmp_path / "file" / "queue").add(job(tmp_path / "a"))


def test_what_a_run_wrote_is_deleted_and_nothing_else(tmp_path: Path) -> None:
    for folder in (tmp_path / "alone", tmp_path / "shared"):
        (folder / "pairs").mkdir(parents=True)
        for name in ("run.json", "circuit.json", "pairs/000000.parquet"):
            (folder / name).touch()
    (tmp_path / "shared" / "thesis.tex").touch()
    for folder in (tmp_path / "alone", tmp_path / "shared", tmp_path / "gone"):
        delete_run(folder)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["shared", "thesis.tex"]


def test_of_a_command_that_came_to_no_run_its_beginnings_are_deleted(tmp_path: Path) -> None:
    begun, other = tmp_path / "begun", tmp_path / "other"
    for folder in (begun, other):
        for name in ("pairs", "waiting"):
            (folder / name).mkdir(parents=True)
        for name in ("rows.jsonl", ".lock", "scores.json"):
            (folder / name).touch()
    (other / "run.json").touch()
    for folder in (begun, other):
        delete_begun(folder, ("scores.json",))
    assert not begun.exists()
    assert sorted(path.name for path in other.iterdir()) == [".lock", "pairs", "rows.jsonl", "run.json", "waiting"]


# ---- what comes next ----


def test_one_job_runs_at_a_time_in_the_order_of_the_queue(tmp_path: Path) -> None:
    a, b, c = (job(tmp_path / name) for name in "abc")
    assert next_steps([a, b, c], []) == Steps(("a",))
    running = replace(a, state="running")
    assert next_steps([running, b, c], ["a"]) == Steps()
    assert next_steps([replace(a, state="paused"), b, c], ["a"]) == Steps((), ("a",)), "its process ends first"
    assert next_steps([replace(a, state="paused"), b, c], []) == Steps(("b",))
    assert next_steps([running, b, c], ["a"], at_once=2) == Steps(("b",))
    assert next_steps([b], ["gone"]) == Steps((), ("gone",))
    assert next_steps([a, b, c], [], at_once=2, cut=["b"]) == Steps(("b", "a")), "it was in work"
    assert next_steps([a, replace(b, state="paused"), c], [], cut=["b"]) == Steps(("a",))


def ended(state: str, told: str, code: int | None, done: float = 2.0, before: float = 0.0, when: float = NOW) -> Job:
    """A job of this state whose process ended with a code, after its folder said so much."""
    said = RunProgress(told, "its words", done, 3, seconds=4.0, updated=when) if told else None  # type: ignore[arg-type]
    of = Job("a", "a", "m", "fp32", (), "/f", state=state, pid=7, began=NOW - 5, done=before)  # type: ignore[arg-type]
    return after_end(of, said, code, "the last line")


@each(
    ("state", "told", "code", "then", "reason"),
    [
        ("running", "done", 0, "done", ""),
        ("running", "done", None, "done", ""),  # while no window was there
        ("running", "", 0, "done", ""),  # a command that says nothing of itself
        ("running", "failed", 3, "failed", "its words"),
        ("running", "", 3, "failed", "the last line"),
        ("running", "running", 1, "failed", "the last line"),
        ("running", "stopped", 130, "paused", OUTSIDE),
        ("running", "running", None, "waiting", ""),  # it was killed with the window, and goes on
        ("running", "running", -9, "waiting", ""),  # it was killed, and had come further
        ("paused", "stopped", 130, "paused", ""),
        ("paused", "done", 0, "done", ""),  # it was quicker
        ("cancelled", "done", 0, "cancelled", ""),
        ("waiting", "stopped", 130, "waiting", ""),  # the window was closed
    ],
)
def test_what_the_end_of_a_process_means(state: str, told: str, code: int | None, then: str, reason: str) -> None:
    job = ended(state, told, code)
    assert (job.state, job.reason, job.pid) == (then, reason, 0)


def test_one_that_is_killed_before_it_comes_further_fails_instead_of_beginning_for_ever() -> None:
    assert (ended("running", "running", -9, done=2.0, before=2.0).reason) == KILLED
    assert (ended("running", "", -9).reason) == KILLED


def test_what_an_earlier_process_said_does_not_count() -> None:
    before = ended("running", "failed", 3, when=NOW - 60)
    assert (before.reason, before.seconds) == ("the last line", 0.0)
    assert ended("running", "failed", 3).seconds == 4.0


def test_what_its_folder_said_as_it_began_does_not_count_though_that_was_just_now() -> None:
    paused = RunProgress("stopped", "its words", 2.0, 3, seconds=4.0, updated=NOW - 0.5)
    resumed = Job("a", "a", "m", "fp32", (), "/f", state="running", pid=7, began=NOW, before=NOW - 0.5, done=2.0)
    failed = after_end(resumed, paused, 3, "the last line")
    assert (failed.state, failed.reason, failed.seconds) == ("failed", "the last line", 0.0)
    stopped = after_end(resumed, replace(paused, updated=NOW - 0.4), 130, "")
    assert (stopped.state, stopped.seconds) == ("paused", 4.0), "clocks differ by that much"


def test_what_another_command_says_in_the_same_folder_does_not_count() -> None:
    job = Job("a", "a", "m", "fp32", ("trace", "--seed", "1"), "/f", state="running", pid=7, began=NOW)
    other = RunProgress("running", "its words", 2.0, 3, seconds=4.0, command=("trace",), updated=NOW)
    failed = after_end(job, other, 3, "Another process is at work.")
    assert (failed.reason, failed.done, failed.has_run) == ("Another process is at work.", 0.0, False)
    assert after_end(job, replace(other, command=job.command), 3, "").has_run


def test_what_failed_waits_for_its_turn_again() -> None:
    failed = Job("a", "a", "m", "fp32", (), "/f", state="failed", reason="why", deletes=True)
    assert (again(failed).state, again(failed).reason, again(failed).deletes) == ("waiting", "", False)
