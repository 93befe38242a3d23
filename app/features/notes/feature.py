"""Notes of the user's on nodes, edges, circuits and the project, and own names of nodes."""

from __future__ import annotations

from app.features.notes.controller import NotesController
from app.services.actions import Action
from app.services.context import Feature
from app.workbench.workbench import Workbench


def why_no_note(workbench: Workbench) -> str:
    """Why no note can be written."""
    return "" if workbench.document.model else "Open a model first"


FEATURE = Feature(
    key="notes",
    actions=(
        Action(
            "note",
            "Wr&ite a Note",
            ("N",),
            "On what is selected; in the history, on a step; with nothing selected, on the circuit and the project",
            why_not=why_no_note,
            run=NotesController.write,
        ),
    ),
    build=lambda context, _panel: NotesController(context.workbench, context.panels),
)
