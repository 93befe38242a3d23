"""Notes of the user's on nodes, edges, circuits and the project, and own names of nodes."""

from __future__ import annotations

from app.features.notes.controller import NotesController, why_not
from app.services.actions import Action
from app.services.context import Feature

FEATURE = Feature(
    key="notes",
    actions=(
        Action(
            "note",
            "Wr&ite a Note",
            ("N",),
            "On what is selected; in the history, on a step; with nothing selected, on the circuit and the project",
            why_not=why_not,
            run=NotesController.write,
        ),
    ),
    build=lambda context, _panel: NotesController(context.workbench, context.panels),
)
