"""Scores that a project holds: given to the worker by the window and by the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import Query
from core.project.document import Document
from core.project.project import ModelRecord, TraceRecord


@dataclass(frozen=True, eq=False)
class ProjectScoresQuery(Query):
    """They are not made anew where the model has the weights that it had. Has no reply."""

    traces: tuple[TraceRecord, ...]
    models: tuple[ModelRecord, ...]

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return document.basis
