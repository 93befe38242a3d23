"""The dock *Plots*: curves of faithfulness, the metric over the history, scores and effects as figures with axes."""

from __future__ import annotations

from app.features.plots.controller import PlotsController
from app.services.context import Feature
from views.panels.plots.panel import PlotsPanel

FEATURE = Feature(
    key="plots",
    panel=PlotsPanel,
    build=lambda context, panel: PlotsController(context.workbench, panel, context.settings, context.notifier.problem),
)
