"""The tool bar above all panels: the model's name, what a cut puts in, and the actions that stand there."""

from __future__ import annotations

from app.features.toolbar.controller import ToolbarController
from app.services.context import Feature, FeatureContext


def build(context: FeatureContext, panel: None) -> ToolbarController:
    toolbar, actions = context.toolbar, context.actions
    toolbar.set_actions(actions["undo"], actions["redo"], context.menus["export"])
    toolbar.set_palette(actions["palette"])
    return ToolbarController(context.workbench, toolbar)


FEATURE = Feature(key="toolbar", build=build)
