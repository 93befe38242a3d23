"""Lenses in the inspector that look at weights and inputs: attention by what it moves, what a head pushes, attribution
per token, which also tints card A."""

from __future__ import annotations

from app.features.lenses.controller import LensesController, why_no_tint
from app.services.actions import Action
from app.services.context import Feature

FEATURE = Feature(
    key="lenses",
    actions=(
        Action(
            "tint_inputs",
            "Tint Card A by Attribution",
            (),
            "Colour each token or patch of card A by what replacing it does to the metric, and back",
            checkable=True,
            why_not=why_no_tint,
            run=LensesController.tint,
        ),
    ),
    build=lambda context, _: LensesController(
        context.workbench, context.panels["inspector"], context.panels["inputs"].card_a, context.actions
    ),
    handlers="app.features.lenses.handlers",
)
