"""*Continue*, under the predictions: the text goes on, before and after the edits."""

from __future__ import annotations

from app.features.continuation.controller import ContinuationController, why_not
from app.services.actions import Action
from app.services.context import Feature

FEATURE = Feature(
    key="continuation",
    actions=(
        Action(
            "continue",
            "Continue the Te&xt",
            ("Ctrl+Shift+Return",),
            "Go on with A, before and after the edits side by side",
            why_not=why_not,
            run=ContinuationController.begin,
        ),
    ),
    build=lambda context, _panel: ContinuationController(
        context.workbench, context.panels["predictions"], context.panels
    ),
    handlers="app.features.continuation.handlers",
)
