"""Fitting a probe on labelled folders, and the reply. Imports no model library."""

from __future__ import annotations

from dataclasses import dataclass

from app.messages.request import OneShotQuery
from core.models.class_texts import base_name
from core.models.probe import Kind, Reads
from core.project.document import Document


@dataclass(frozen=True, kw_only=True)
class FitProbeQuery(OneShotQuery):
    """folders: one with a folder for each class, or a folder of each class."""

    folders: tuple[str, ...]
    kind: Kind = "linear"
    reads: Reads = "output"

    def depends_on(self, document: Document) -> tuple[object, ...]:
        return base_name(document.model), document.precision


@dataclass(frozen=True)
class FitProbeReply:
    """digest: of the probe, which `core.models.probe_store` knows. classes: their names."""

    number: int
    query: FitProbeQuery
    digest: str
    classes: tuple[str, ...]
