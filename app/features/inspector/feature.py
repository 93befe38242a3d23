"""What the feature is: its panel, its actions with why they cannot be done, and what it builds."""

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
