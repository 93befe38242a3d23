"""Projects in the terminal: their present step, worked through as the window does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.output import tell

if TYPE_CHECKING:
    from app.presenters.snapshot import Snapshot
    from app.worker.service import WorkerService


def open_project(path: str, memory: float | None = None) -> tuple[WorkerService, Snapshot]:
    """The worker with the project's model open, and what is known of its present step; scores that are in the file are
    not made anew. Tells where the model has other weights than when it was saved. Raises WirescopeError."""
    from app.cli.snapshot import take_snapshot
    from app.messages.project_scores import ProjectScoresQuery
    from app.presenters.notes import notes_of_project
    from app.worker.service import WorkerService
    from core.models.fingerprint import weights_hash
    from core.project.wire_file import load_project

    project = load_project(Path(path))
    document, engine = project.document, WorkerService()
    snapshot = take_snapshot(engine, document, memory, (ProjectScoresQuery(project.traces, project.models),))
    notes, circuit_note = notes_of_project(project)
    snapshot = replace(snapshot, notes=notes, circuit_note=circuit_note)
    saved = project.weights_of(document)
    if saved and weights_hash(engine.session.model.adapter.module) != saved:
        tell(f"{document.model} has other weights than when {Path(path).name} was saved: these figures are not those.")
    return engine, snapshot
