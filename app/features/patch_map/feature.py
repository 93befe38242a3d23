"""The dock *Patch Map*: where in a picture the stream says an answer, or is like one patch, layer by layer."""

from __future__ import annotations

from app.features.patch_map.controller import PatchMapController, why_no_map
from app.services.actions import Action
from app.services.context import Feature
from views.panels.patch_map.panel import PatchMapPanel

FEATURE = Feature(
    key="patch_map",
    panel=PatchMapPanel,
    actions=(
        Action(
            "patch_map",
            "Map an Answer over the Picture…",
            (),
            "Where in the picture the model says an answer, layer by layer; how well that overlaps with a mask",
            why_not=why_no_map,
            run=PatchMapController.open,
        ),
    ),
    build=lambda context, panel: PatchMapController(context.workbench, panel, context.panels, context.settings),
    handlers="app.features.patch_map.handlers",
)
