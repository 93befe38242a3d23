"""The dock *Jobs*: long runs that wait, run, pause and are cancelled, in the background; and what fills it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.features.jobs.controller.jobs import JobsController
from app.features.jobs.controller.landing import LandingController
from app.presenters.head_needs import why_no_head_sets, why_no_heads
from app.services.actions import Action
from app.services.background_jobs import Job, Jobs
from app.services.context import Feature, FeatureContext
from app.services.job_queue.queue import JobQueue
from app.services.job_queue.store import JobStore
from app.services.state_folder import state_folder
from app.workbench.workbench import Workbench
from core.optional_packages import is_installed
from views.panels.jobs.panel import JobsPanel

if TYPE_CHECKING:
    from app.features.jobs.controller.queueing import QueueingController

NO_SCORES = "The edges have no scores yet: trace (T) first"
NO_ARROW = 'A run over many pairs writes Parquet files: pip install "wirescope[parquet]"'


class Dialogs(dict[str, "QueueingController[Any, Any]"]):
    """By the kind of job. Each is made, and what it knows of what can be done imported, when it is first asked for, and
    not at the start of the window."""

    def __init__(self, make: Callable[[str], QueueingController[Any, Any]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, kind: str) -> QueueingController[Any, Any]:
        self[kind] = made = self._make(kind)
        return made


@dataclass(frozen=True)
class JobsControllers:
    """Of one window."""

    queue: JobQueue
    jobs: JobsController
    landing: LandingController
    dialogs: Dialogs
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


def why_no_heads_many(workbench: Workbench) -> str:
    """Why no cards of heads over many pairs can be queued."""
    opened = workbench.opened
    return why_no_trace(workbench) or ("" if opened is None else why_no_heads(opened))


def why_no_study(workbench: Workbench) -> str:
    """Why no study of head sets can be queued."""
    return "Open a model first" if workbench.opened is None else why_no_head_sets(workbench.opened)


def why_no_modalities(workbench: Workbench) -> str:
    """Why no study of modalities can be queued: it takes the precision of the model that is open."""
    return "Open a model first" if workbench.opened is None else ""


def _build(context: FeatureContext, panel: JobsPanel) -> JobsControllers:
    workbench, notifier, window = context.workbench, context.notifier, context.dialogs
    queue = JobQueue(JobStore(state_folder() / "queue"), panel)
    landing = LandingController(workbench, queue, context.jobs, panel)

    def dialog(kind: str) -> QueueingController[Any, Any]:
        from app.features.jobs.controller.many_pairs import ManyPairsController
        from app.features.jobs.controller.modalities import ModalitiesController
        from app.features.jobs.controller.queueing import QueueingParts
        from app.features.jobs.controller.study import StudyController
        from app.features.jobs.presenter.kinds import PAIRS_KINDS

        services = context.jobs, context.panels, context.settings, notifier, window
        given = QueueingParts(workbench, queue, landing, *services, root=state_folder() / "runs")
        of_pairs = PAIRS_KINDS.get(kind)
        if of_pairs is not None:
            return ManyPairsController(of_pairs, given)
        return ModalitiesController(given) if kind == "modalities" else StudyController(given)

    made = JobsControllers(
        queue,
        JobsController(workbench, panel, queue, context.panels, notifier, window),
        landing,
        Dialogs(dialog),
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
            "Put a trace over up to a million pairs into the queue: it runs in the background and can be paused",
            why_not=why_no_trace,
            run=lambda made: made.dialogs["trace"].show(),
        ),
        Action(
            "evaluate_many",
            "Evaluate Over Many Pairs…",
            (),
            "Put into the queue what the best edges recover over up to a million pairs, beside random ones",
            why_not=why_no_evaluation,
            run=lambda made: made.dialogs["evaluate"].show(),
        ),
        Action(
            "heads_many",
            "Measure Heads Over Many Pairs…",
            (),
            "Put tests of what each head does into the queue, whose corpus is the A of up to a million pairs",
            why_not=why_no_heads_many,
            run=lambda made: made.dialogs["heads"].show(),
        ),
        Action(
            "study",
            "Study In-Context Learning…",
            (),
            "Put into the queue what outcomes lose without induction heads, function-vector heads or others, beside "
            "controls, and what is left unexplained",
            why_not=why_no_study,
            run=lambda made: made.dialogs["study"].show(),
        ),
        Action(
            "modalities",
            "Study Modalities…",
            (),
            "Put into the queue the same questions to models that read text and models that see, side by side",
            why_not=why_no_modalities,
            run=lambda made: made.dialogs["modalities"].show(),
        ),
    ),
    build=_build,
)
