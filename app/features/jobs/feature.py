"""The dock *Jobs*: long runs that wait, run, pause and are cancelled, beside the window; and what fills it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.features.jobs.controller.jobs import JobsController
from app.features.jobs.controller.landing import LandingController
from app.features.jobs.controller.many_pairs import ManyPairsController
from app.features.jobs.presenter.evaluation import NO_SCORES
from app.features.jobs.presenter.kinds import KINDS
from app.services.actions import Action
from app.services.background_jobs import Job, Jobs
from app.services.context import Feature, FeatureContext
from app.services.job_queue.queue import JobQueue
from app.services.job_queue.store import JobStore
from app.services.state_folder import state_folder
from app.workbench.workbench import Workbench
from core.optional_packages import is_installed
from views.panels.jobs.panel import JobsPanel

NO_ARROW = 'A run over many pairs writes Parquet files: pip install "wirescope[parquet]"'


@dataclass(frozen=True)
class JobsControllers:
    """Of one window."""

    queue: JobQueue
    jobs: JobsController
    landing: LandingController
    many_pairs: Mapping[str, ManyPairsController]  # by the kind of job
    background: Jobs

    def start(self) -> None:
        """The window is there for somebody: go on with what was running."""
        self.queue.begin()

    def end(self) -> None:
        """The window closes: what runs is paused, and its end is waited for once the window is hidden."""
        wait = self.queue.close()
        if wait is not None:
            self.background.run(Job(lambda _report, _cancelled: wait(), self.queue, finishes=True))


def why_no_trace(workbench: Workbench) -> str:
    """Why no run over many pairs can be queued."""
    if workbench.opened is None:
        return "Open a model first"
    return "" if is_installed("pyarrow") else NO_ARROW


def why_no_evaluation(workbench: Workbench) -> str:
    """Why no evaluation over many pairs can be queued."""
    return why_no_trace(workbench) or ("" if workbench.scored is not None else NO_SCORES)


def _build(context: FeatureContext, panel: JobsPanel) -> JobsControllers:
    workbench, notifier, window = context.workbench, context.notifier, context.dialogs
    queue = JobQueue(JobStore(state_folder() / "queue"), panel)
    landing = LandingController(workbench, queue, context.jobs, panel)
    narrow = workbench, queue, landing, context.jobs, context.panels, context.settings, notifier, window
    made = JobsControllers(
        queue,
        JobsController(workbench, panel, queue, context.panels, notifier, window),
        landing,
        {name: ManyPairsController(kind, *narrow, root=state_folder() / "runs") for name, kind in KINDS.items()},
        context.jobs,
    )
    context.closing.closed.connect(made.end)
    return made


FEATURE = Feature(
    key="jobs",
    panel=JobsPanel,
    actions=(
        Action(
            "trace_many",
            "Trace Many Pairs…",
            (),
            "Put a trace over up to a million pairs into the queue: it runs beside the window and can be paused",
            why_not=why_no_trace,
            run=lambda made: made.many_pairs["trace"].show(),
        ),
        Action(
            "evaluate_many",
            "Evaluate Over Many Pairs…",
            (),
            "Put into the queue what the best edges recover over up to a million pairs, beside random ones",
            why_not=why_no_evaluation,
            run=lambda made: made.many_pairs["evaluate"].show(),
        ),
    ),
    build=_build,
)
