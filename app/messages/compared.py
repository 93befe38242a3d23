"""One of two circuits that are compared."""

from __future__ import annotations

from dataclasses import dataclass

from core.circuit import Circuit
from core.project.document import Document


@dataclass(frozen=True, eq=False)
class Compared:
    """name: in a few words. document: the model, the inputs, the metric and what removed edges carry that it is of;
    None where a file does not say. weights: the hash that those of its model had; empty where it is not known."""

    name: str
    circuit: Circuit
    document: Document | None = None
    weights: str = ""
