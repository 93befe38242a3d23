"""The dock *Predictions*: answers before and after the edits, and those that the user has pinned."""

from __future__ import annotations

from app.features.predictions.controller import NO_ANSWERS, PredictionsController
from app.services.actions import Action
from app.services.context import Feature
from app.workbench.workbench import Workbench
from views.panels.predictions.panel import PredictionsPanel


def why_no_pin(workbench: Workbench) -> str:
    """An embedding has no answers, and a model that has not run yet has none to show."""
    ran = workbench.ran_of_present_model
    return "" if ran is not None and ran.unit == "probability" else NO_ANSWERS


PIN = Action(
    "pin",
    "Pi&n an Answer…",
    ("Ctrl+P",),
    "Have the predictions always show an answer",
    why_not=why_no_pin,
    run=PredictionsController.open_pin,
)


FEATURE = Feature(
    key="predictions",
    panel=PredictionsPanel,
    actions=(PIN,),
    handlers="app.features.predictions.handlers",
    build=lambda context, panel: PredictionsController(context.workbench, panel, context.panels, context.settings),
)
