"""The dock *Table*: the graph as rows in step with the canvas; also the way in for screen readers."""

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
