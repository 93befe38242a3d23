"""Two circuits beside each other, in the canvas's place."""

from __future__ import annotations

from app.features.compare.controller import CompareController
from app.services.actions import Action
from app.services.context import Feature, FeatureContext
from app.workbench.workbench import Workbench
from views.panels.compare.panel import ComparePanel


def why_no_comparison(workbench: Workbench) -> str:
    """Why the circuit shown cannot be compared with a file's."""
    if workbench.opened is None:
        return "Open a model first"
    if not workbench.document.size:
        return "Choose a circuit first: trace, or drag the handle under the canvas"
    return "" if workbench.scored is not None else "The edges have no scores"


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
