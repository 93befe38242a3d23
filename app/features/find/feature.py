"""*Find*, a bar above the canvas: nodes, edges and tokens by name, and the heads that read a token."""

from __future__ import annotations

from app.features.find.controller.find import FindController
from app.services.actions import Action
from app.services.context import Feature, FeatureContext
from views.canvas.canvas import Canvas
from views.panels.find.panel import FindBar


def _build(context: FeatureContext, _panel: None) -> FindController:
    canvas: Canvas = context.panels["canvas"].components
    return FindController(context.workbench, FindBar(canvas.parentWidget()), canvas, context.notifier.say)


FIND = Action(
    "find",
    "&Find…",
    ("Ctrl+F",),
    "Find nodes, edges, tokens, the heads that read a token, and your notes",
    run=FindController.open,
)


FEATURE = Feature(key="find", actions=(FIND,), build=_build, handlers="app.features.find.handlers")
