"""The dock *Console*: Python typed beside the live session, run in the engine's thread."""

from __future__ import annotations

from app.features.console.controller import ConsoleController
from app.services.context import Feature, FeatureContext
from views.panels.console.panel import ConsolePanel


def _build(context: FeatureContext, panel: ConsolePanel) -> ConsoleController:
    made = ConsoleController(context.workbench, panel)
    context.closing.closed.connect(made.stop)  # else the window would wait for what runs
    return made


FEATURE = Feature(key="console", panel=ConsolePanel, build=_build, handlers="app.features.console.handlers")
