"""The dock *Inspector*: what is selected, seen through lenses: attention, reads and writes, logit lens, effects."""

from __future__ import annotations

from app.features.inspector.controller import InspectorController
from app.services.context import Feature
from views.panels.inspector.panel import InspectorPanel

FEATURE = Feature(
    key="inspector",
    panel=InspectorPanel,
    handlers="app.features.inspector.handlers",
    build=lambda context, panel: InspectorController(
        context.workbench, panel, context.panels["inputs"].card_a.point_at
    ),
)
