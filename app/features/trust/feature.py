"""The dock *Trust*: how far a circuit holds, asked question by question, with the evidence."""

from __future__ import annotations

from app.features.trust.controller import TrustController, lacks_words, why_no_evaluation
from app.services.actions import Action
from app.services.context import Feature
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


FEATURE = Feature(
    key="trust",
    panel=TrustPanel,
    actions=ACTIONS,
    handlers="app.features.trust.handlers",
    build=lambda context, panel: TrustController(context.workbench, panel, context.panels),
)
