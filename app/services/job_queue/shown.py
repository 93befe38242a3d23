"""A job beside how far it has come, as its folder says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from app.services.job_queue.job import EVALUATED, Job
from app.services.job_queue.schedule import of_this_process
from core.errors import WirescopeError
from core.sharded.file_names import PROGRESS
from core.sharded.progress import RunProgress, read_progress


@dataclass(frozen=True)
class Shown:
    """progress: None where it is not known. unreadable: its folder has a file that says how far it has come, and that
    cannot be read. ending: it is paused or cancelled, and its process is about to end.
    lacks_scores: those that it evaluates are not there any more."""

    job: Job
    progress: RunProgress | None = None
    ending: bool = False
    lacks_scores: bool = False
    unreadable: bool = False

    @property
    def result(self) -> str:
        """The name of the file that came out, in the job's folder; empty where there is none."""
        return self.progress.result if self.job.state == "done" and self.progress is not None else ""

    @property
    def seconds(self) -> float | None:
        """That its processes took; of a run that was done before the job, what that took. None where nobody knows."""
        return self.job.seconds or (None if self.progress is None else self.progress.seconds) or None


def shown(job: Job) -> Shown:
    """As it is now."""
    stays = job.kind == "evaluate" and job.state in ("paused", "failed", "cancelled")
    lacks_scores = stays and not (Path(job.folder) / EVALUATED).exists()
    progress = progress_of(job)
    unreadable = progress is None and (Path(job.folder) / PROGRESS).exists()
    return Shown(job, progress, job.has_process and job.state != "running", lacks_scores, unreadable)


def progress_of(job: Job) -> RunProgress | None:
    """How far a job has come; None where its folder does not say. While a process begins, what an earlier one has
    done, at no rate."""
    try:
        said = read_progress(job.folder)
    except WirescopeError:
        return None
    if said is not None and job.has_process and of_this_process(job, said) is None:
        return replace(said, rate=None, seconds_left=None, seconds=0.0, state="running")
    return said
