"""The dock *Runs*: each trace, evaluation and scan as a line, to go back to or to make anew."""

from __future__ import annotations

from app.features.runs.controller import RunsController
from app.services.context import Feature, FeatureContext
from views.panels.runs.panel import RunsPanel


def _build(context: FeatureContext, panel: RunsPanel) -> RunsController:
    return RunsController(
        context.workbench, panel, context.actions, context.settings, context.notifier, context.dialogs
    )


FEATURE = Feature(key="runs", panel=RunsPanel, build=_build, handlers="app.features.runs.handlers")
