"""The history's steps, undo and redo."""

from __future__ import annotations

from app.features.history.controller.steps import HistoryController
from app.services.actions import Action
from app.services.context import Feature
from app.workbench.workbench import Workbench
from views.panels.history.panel import HistoryPanel


def why_no_undo(workbench: Workbench) -> str:
    return "" if workbench.history.undo_words else "Nothing is done yet"


def why_no_redo(workbench: Workbench) -> str:
    return "" if workbench.history.redo_words else "Nothing was undone"


FEATURE = Feature(
    key="history",
    panel=HistoryPanel,
    actions=(
        Action(
            "undo",
            "&Undo",
            ("Ctrl+Z",),
            "Go back to the step before",
            "undo",
            why_not=why_no_undo,
            run=HistoryController.undo,
        ),
        Action(
            "redo",
            "Red&o",
            ("Ctrl+Shift+Z", "Ctrl+Y"),
            "Do again what was undone",
            "redo",
            why_not=why_no_redo,
            run=HistoryController.redo,
        ),
    ),
    build=lambda context, panel: HistoryController(
        context.workbench, panel, context.panels["predictions"], context.actions
    ),
)
