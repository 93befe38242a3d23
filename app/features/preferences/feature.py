"""The user's preferences: their dialog, and the menus of those that are changed most."""

from __future__ import annotations

from app.features.preferences.controller.menus import fill_menus
from app.features.preferences.controller.preferences import PreferencesController
from app.services.actions import Action
from app.services.context import Feature, FeatureContext


def _build(context: FeatureContext, _panel: None) -> PreferencesController:
    fill_menus(context.menus, context.settings)
    return PreferencesController(context.workbench, context.settings, context.toolbar, context.dialogs)


PREFERENCES = Action(
    "preferences",
    "Prefer&ences…",
    ("Ctrl+,",),
    "Look, text size, memory and defaults",
    run=PreferencesController.show,
)
FEATURE = Feature(
    key="preferences",
    actions=(PREFERENCES,),
    menus={"theme": "&Theme", "motion": "&Motion"},
    build=_build,
)
