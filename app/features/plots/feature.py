"""What the feature is: its panel, its actions with why they cannot be done, and what it builds."""

from __future__ import annotations

from app.features.plots.controller import PlotsController
from app.services.context import Feature
from views.panels.plots.panel import PlotsPanel

FEATURE = Feature(
    key="plots",
    panel=PlotsPanel,
    build=lambda context, panel: PlotsController(context.workbench, panel, context.settings, context.notifier.problem),
)
