"""The dock *Minimal Patch*: the parts whose values from B turn A's answer into B's."""

from __future__ import annotations

from app.features.flip.controller import FlipController, why_not
from app.services.actions import Action
from app.services.context import Feature
from views.panels.flip.panel import FlipPanel

FEATURE = Feature(
    key="flip",
    panel=FlipPanel,
    actions=(
        Action(
            "flip",
            "Turn the Answer into B's…",
            (),
            "Find a minimal patch: parts from B that turn A's answer into B's, none of which can be left out",
            why_not=why_not,
            run=FlipController.open,
        ),
    ),
    build=lambda context, panel: FlipController(context.workbench, panel, context.panels),
    handlers="app.features.flip.handlers",
)
