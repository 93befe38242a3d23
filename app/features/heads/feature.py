"""The dock *Heads*: what each head of the model does, as far as tests tell."""

from __future__ import annotations

from app.features.heads.controller import HeadsController, why_not
from app.services.actions import Action
from app.services.context import Feature, FeatureContext
from views.panels.heads.panel import HeadsPanel


def build(context: FeatureContext, panel: HeadsPanel) -> HeadsController:
    panel.sets_wanted.connect(lambda: context.actions["head_sets"].trigger())
    return HeadsController(context.workbench, panel, context.panels)


FEATURE = Feature(
    key="heads",
    panel=HeadsPanel,
    actions=(
        Action(
            "heads",
            "Measure the Heads…",
            (),
            "What each head does: tests of induction, copying, neighbours and others, all heads side by side",
            why_not=why_not,
            run=HeadsController.open,
        ),
    ),
    build=build,
    handlers="app.features.heads.handlers",
)
