"""The dock *Compare Head Sets*: what a model loses without the first heads of two rankings."""

from __future__ import annotations

from app.features.head_sets.controller import HeadSetsController, why_not
from app.services.actions import Action
from app.services.context import Feature
from views.panels.head_sets.panel import HeadSetsPanel

FEATURE = Feature(
    key="head_sets",
    panel=HeadSetsPanel,
    actions=(
        Action(
            "head_sets",
            "Compare Head Sets…",
            (),
            "What few-shot accuracy, loss on text and copying lose without induction heads, function-vector heads or "
            "others, beside controls",
            why_not=why_not,
            run=HeadSetsController.open,
        ),
    ),
    build=lambda context, panel: HeadSetsController(context.workbench, panel, context.panels, context.settings),
    handlers="app.features.head_sets.handlers",
)
