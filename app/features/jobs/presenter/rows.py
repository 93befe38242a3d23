"""The queue of jobs as lines of a table, and as a few words for the status strip."""

from __future__ import annotations

from collections.abc import Sequence

from app.presenters.time_left import seconds_words
from app.services.job_queue.job import TO_DO, Job
from app.services.job_queue.shown import Shown
from app.services.job_queue.store import movable
from core.formatting import counted, number, percent
from core.precision_words import USUAL_PRECISION, precision_words
from core.project.step_names import model_words
from core.sharded.file_names import PROGRESS
from core.sharded.progress import PAIRS, RunProgress
from views.panels.jobs.data import JobRow, JobsData

STATES = {
    "waiting": "Waits",
    "running": "Runs",
    "paused": "Paused",
    "failed": "Failed",
    "done": "Done",
    "cancelled": "Cancelled",
}
ENDING = {"paused": "Pausing …", "cancelled": "Ending …", "waiting": "Ending …"}
TONES = {"running": "accent", "failed": "negative", "done": "good"}
NO_SCORES = "Its scores were deleted: queue it again"
UNREADABLE = f"{PROGRESS} in its folder cannot be read"
LANDED, LANDED_UNSAVED = "in the table of runs", "in the table of runs, not saved yet"
CLOSING = "Closing the window pauses what runs; the next start goes on with it."


def jobs_data(jobs: Sequence[Shown]) -> JobsData:
    """The whole table."""
    queued = [each.job.key for each in jobs if movable(each.job)]
    unfinished = any(each.job.state in TO_DO for each in jobs)
    return JobsData(tuple(_row(each, queued) for each in jobs), CLOSING if unfinished else "")


def _row(shown: Shown, queued: Sequence[str]) -> JobRow:
    job, said = shown.job, shown.progress
    state = ENDING.get(job.state, STATES[job.state]) if shown.ending else STATES[job.state]
    runs = job.state == "running" and not shown.ending
    share = _share(shown)
    cells = (
        job.title,
        state,
        "" if said is None or share is None else _done(said, share),
        _rate(said) if runs and said is not None else "",
        seconds_words(said.seconds_left) if runs and said is not None and said.seconds_left is not None else "",
        _result(shown),
        _model_words(job),
    )
    tone = "muted" if shown.ending else TONES.get(job.state, "muted")
    turn = {"paused": "Resume", "failed": "Try Again", "cancelled": "Try Again"}.get(job.state, "Pause")
    return JobRow(job.key, cells, share, tone, _why_not(shown, queued), turn, job.reason, _tip(job, said))


def _model_words(job: Job) -> str:
    """With what it computes in, where that is not the usual."""
    usual = job.precision == USUAL_PRECISION
    return model_words(job.model) + ("" if usual else f" ({precision_words(job.precision)})")


def _share(shown: Shown) -> float | None:
    if shown.job.state == "done":
        return 1.0
    return None if shown.progress is None or not shown.progress.total else shown.progress.share


def _done(said: RunProgress, share: float) -> str:
    return f"{int(said.done):,} of {said.total:,}" if said.unit == PAIRS else percent(share)


def _rate(said: RunProgress) -> str:
    return number(said.rate, 1) if said.rate is not None and said.unit == PAIRS else ""


def _result(shown: Shown) -> str:
    job, said = shown.job, shown.progress
    landed = "" if not job.landed else LANDED if job.project else LANDED_UNSAVED
    if job.reason:
        return job.reason
    if shown.unreadable:
        return f"{UNREADABLE}{f'; what came out is {landed}' if landed else ''}"
    if said is not None and job.state == "running" and said.unit == PAIRS and said.done >= said.total > 0:
        return said.words  # what it does beside its pairs
    if job.state != "done" or said is None or not said.result:
        return ""
    return f"{said.result}, {landed}" if landed else said.result


def _tip(job: Job, said: RunProgress | None) -> str:
    lines = [job.title, job.folder, f"wirescope {' '.join(job.command)}"]
    lines += [said.words] if said is not None and said.words and not job.reason else []
    return "\n".join([*lines, *filter(None, [job.reason])])


def _why_not(shown: Shown, queued: Sequence[str]) -> dict[str, str]:
    """Why buttons cannot be pressed; those that can are left out."""
    job = shown.job
    said = {
        "turn": "It is done" if job.state == "done" else NO_SCORES if shown.lacks_scores else "",
        "cancel": "" if movable(job) or job.state == "failed" else f"It is {STATES[job.state].lower()}",
        "remove": _why_no_removal(shown),
        "up": _why_no_move(job, queued, 0),
        "down": _why_no_move(job, queued, -1),
        "show": "" if shown.result or job.landed else UNREADABLE if shown.unreadable else "It has no result yet",
        "folder": "" if shown.progress is not None or shown.unreadable else "Nothing was written into its folder yet",
    }
    return {key: why for key, why in said.items() if why}


def _why_no_removal(shown: Shown) -> str:
    if shown.job.has_process:
        return "Its process is still there"
    return "Cancel it first" if shown.job.state in TO_DO else ""


def _why_no_move(job: Job, queued: Sequence[str], end: int) -> str:
    if job.key not in queued:
        return "It is not in the queue any more"
    return "It is there already" if queued[end] == job.key else ""


def status_words(jobs: Sequence[Shown]) -> tuple[str, str]:
    """ "2 jobs: 43 %, about 12 min left" and what is behind it; empty where there is nothing to do."""
    unfinished = [each for each in jobs if each.job.state in TO_DO]
    paused = sum(each.job.state == "paused" for each in jobs)
    count = len(unfinished)
    if not unfinished:
        return (
            (f"{counted(paused, 'job')} paused", "Paused jobs: Resume in Jobs goes on with them")
            if paused
            else ("", "")
        )
    running = next((each for each in unfinished if each.job.state == "running"), None)
    if running is None:
        return f"{counted(count, 'job')} waiting", "Jobs that wait for their turn"
    share, said = _share(running), running.progress
    left = None if said is None else said.seconds_left
    words = [percent(share)] if share is not None else ["beginning"]
    words += [f"{seconds_words(left)} left"] if left is not None else []
    more = f"; then {counted(count - 1, 'more job')}" if count > 1 else ""
    return f"{counted(count, 'job')}: {', '.join(words)}", f"{running.job.title}{more}"
