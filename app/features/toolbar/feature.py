"""What the feature is: its panel, its actions with why they cannot be done, and what it builds."""

from __future__ import annotations

from app.features.toolbar.controller import ToolbarController
from app.services.context import Feature, FeatureContext


def build(context: FeatureContext, panel: None) -> ToolbarController:
    toolbar, actions = context.toolbar, context.actions
    toolbar.set_actions(actions["undo"], actions["redo"], context.menus["export"])
    toolbar.set_palette(actions["palette"])
    return ToolbarController(context.workbench, toolbar)


FEATURE = Feature(key="toolbar", build=build)
