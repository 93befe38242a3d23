"""What an operation on a document gives: the step of the history that it would be."""

from __future__ import annotations

from dataclasses import dataclass

from core.project.document import Document


@dataclass(frozen=True)
class Change:
    """words: what was done, as the history says it. merge: changes with the same one in a row are one step (a slider's
    moves); empty: a step of its own."""

    words: str
    document: Document
    merge: str = ""
