"""What the feature is: its panel, its actions with why they cannot be done, and what it builds."""

from __future__ import annotations

from app.features.table.controller import TableController
from app.services.context import Feature
from views.panels.table.panel import TablePanel

FEATURE = Feature(
    key="table",
    panel=TablePanel,
    build=lambda context, panel: TableController(
        context.workbench, panel, context.panels["canvas"].components, context.actions
    ),
)
