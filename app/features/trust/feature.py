"""The dock *Trust*: how far a circuit holds, asked question by question, with the evidence."""

from __future__ import annotations

from app.features.trust.controller.tasks import TasksController
from app.features.trust.controller.trust import TrustController, lacks_words, why_no_evaluation
from app.services.actions import Action
from app.services.context import Feature, FeatureContext
from app.workbench.workbench import Workbench
from views.panels.trust.panel import TrustPanel

NO_TASKS = "Open a model with built-in tasks first"
ENOUGH = "The last trace was over a dataset that is large enough"


def why_no_filling(workbench: Workbench) -> str:
    """Why the dataset cannot be filled from a task, or need not be."""
    if workbench.opened is None or not workbench.opened.tasks:
        return NO_TASKS
    return "" if lacks_words(workbench) else ENOUGH


ACTIONS = (
    Action(
        "evaluate",
        "E&valuate the Circuit",
        ("E",),
        "How far the circuit shown can be trusted, in the panel Trust; takes a while",
        why_not=why_no_evaluation,
        run=TrustController.start,
    ),
    Action(
        "fill_dataset",
        "Fi&ll the Dataset to Trace over It…",
        (),
        "Pairs of a built-in task become the dataset, and the next trace goes over them",
        why_not=why_no_filling,
        run=TrustController.fill,
    ),
)


def build(context: FeatureContext, panel: TrustPanel) -> TrustController:
    TasksController(context.workbench, panel)  # the panel owns it
    return TrustController(context.workbench, panel, context.panels)


FEATURE = Feature(
    key="trust",
    panel=TrustPanel,
    actions=ACTIONS,
    handlers="app.features.trust.handlers",
    build=build,
)
