"""The dock *Logit Lens*: what the model would answer after every part of every layer, at every position."""

from __future__ import annotations

from app.features.lens_map.controller import LensMapController, why_no_map
from app.services.actions import Action
from app.services.context import Feature
from views.panels.lens_map.panel import LensMapPanel

FEATURE = Feature(
    key="lens_map",
    panel=LensMapPanel,
    actions=(
        Action(
            "lens_map",
            "Map the Logit Lens…",
            (),
            "What the model would answer if it ended after each layer, at every token; with a tuned lens from a file",
            why_not=why_no_map,
            run=LensMapController.open,
        ),
    ),
    build=lambda context, panel: LensMapController(context.workbench, panel, context.panels, context.settings),
    handlers="app.features.lens_map.handlers",
)
