"""Two circuits beside each other, in the canvas's place."""

from __future__ import annotations

from app.features.compare.controller import CompareController, why_no_comparison
from app.services.actions import Action
from app.services.context import Feature, FeatureContext
from views.panels.compare.panel import ComparePanel

COMPARE = Action(
    "compare_circuit",
    "Compare with a C&ircuit…",
    (),
    "The circuit shown and one of a JSON file, on one layout: what only one has, what both have",
    why_not=why_no_comparison,
    run=CompareController.choose,
)


def _build(context: FeatureContext, panel: ComparePanel) -> CompareController:
    return CompareController(
        context.workbench, panel, context.panels, context.settings, context.notifier, context.dialogs
    )


FEATURE = Feature(
    key="compare", panel=ComparePanel, actions=(COMPARE,), build=_build, handlers="app.features.compare.handlers"
)
