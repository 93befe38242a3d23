"""What is to be started and ended next, and what the end of a process means. Plain values alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from app.services.job_queue.job import Job
from core.sharded.progress import RunProgress

AT_ONCE = 1  # jobs that run: each may have workers of its own
CLOCKS = 2.0  # seconds that clocks of a process and of its files may differ
OUTSIDE = "It was stopped from outside"
KILLED = (
    "Its process was killed before it came further, probably as memory ran out. Close other programs, or queue it with "
    "fewer workers or less memory"
)
SILENT = "Its process ended without a word"


@dataclass(frozen=True)
class Steps:
    """Keys of jobs whose processes are to be started, and to be ended."""

    start: tuple[str, ...] = ()
    end: tuple[str, ...] = ()


def next_steps(jobs: Sequence[Job], live: Collection[str], at_once: int = AT_ONCE, cut: Collection[str] = ()) -> Steps:
    """jobs: in their order. live: the keys of those whose processes are there, also of those that are being ended. cut:
    of those whose processes have just ended, with their window or by a signal: of these, one that waits goes on
    first."""
    waiting = [job.key for job in jobs if job.state == "waiting" and job.key not in live]
    waiting.sort(key=lambda key: key not in cut)
    free = max(at_once - len(live), 0)
    known = {job.key: job for job in jobs}
    ending = (key for key in live if key not in known or known[key].state != "running")
    return Steps(tuple(waiting[:free]), tuple(ending))


def of_this_process(job: Job, said: RunProgress | None) -> RunProgress | None:
    """What a run says of itself, where that is of its last process, and not of another command in the same folder."""
    if said is None or not job.began or said.command != job.command:
        return None
    return said if said.updated >= job.began - CLOCKS and said.updated != job.before else None


def after_end(job: Job, said: RunProgress | None, code: int | None, tail: str) -> Job:
    """The job once its process is gone. said: what its folder says. code: that the process ended with; None where
    nobody saw it, as no window was there. tail: the last that it said on standard error."""
    now = of_this_process(job, said)
    ended = replace(
        job,
        pid=0,
        began=0.0,
        seconds=job.seconds + (now.seconds if now is not None else 0.0),
        done=now.done if now is not None else job.done,
    )
    if job.state == "cancelled":
        return ended
    if now is not None and now.state == "done" and code in (None, 0):
        return replace(ended, state="done", reason="")
    if job.state != "running":  # it was to end
        return ended
    if code == 0:
        return replace(ended, state="done", reason="")
    if now is not None and now.state == "stopped":
        return replace(ended, state="paused", reason=OUTSIDE)
    if now is not None and now.state == "failed":
        return replace(ended, state="failed", reason=now.words)
    if code is None or (code < 0 and now is not None and now.done > job.done):
        return replace(ended, state="waiting")  # it was killed, and goes on
    return replace(ended, state="failed", reason=KILLED if code < 0 else tail or SILENT)


def again(job: Job) -> Job:
    """Let it wait for its turn: one that is paused, failed or cancelled goes on where it was."""
    return replace(job, state="waiting", reason="", deletes=False)
