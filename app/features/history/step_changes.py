"""What a step of the history changed: what is run, the circuit that is kept, or neither; which steps in a row are of
one kind."""

from __future__ import annotations

from dataclasses import fields

from app.document import Document
from app.history import Step

ASKED = frozenset({"model", "clean", "counterfactual", "metric"})  # one figure cannot be set beside that of another
JOINED = frozenset({"size", "choice", "dataset", "pinned", "replacement"})  # in a row they are one row of the list


def changes(step: Step) -> frozenset[str]:
    """The fields of the document that a step changed; all of them at the first one."""
    before, after = None if step.parent is None else step.parent.document, step.document
    return frozenset(
        field.name
        for field in fields(Document)
        if before is None or _differs(getattr(before, field.name), getattr(after, field.name))
    )


def _differs(before: object, after: object) -> bool:
    """Most of a document is the very same as in the one before."""
    return before is not after and before != after


def asks_anew(step: Step) -> bool:
    """Whether the model, the inputs or the metric are other ones."""
    return bool(changes(step) & ASKED)


def runs_anew(step: Step) -> bool:
    """Whether the metric can be another one."""
    if asks_anew(step) or step.parent is None or "edits" in changes(step):
        return True
    return bool(step.document.edits) and step.document.population != step.parent.document.population


def keeps_anew(step: Step) -> bool:
    """Whether another circuit is kept, or the same one is judged in another way."""
    before = None if step.parent is None else step.parent.document
    if runs_anew(step) or before is None or step.document.size is None:
        return False
    return bool(changes(step) & {"size", "traced", "replacement"}) or step.document.traced_rows != before.traced_rows


def joins(step: Step, following: Step) -> bool:
    """Whether a step and the one that follows it are of one kind, and nothing branches off between them."""
    kind = changes(following)
    return len(step.children) == 1 and len(kind) == 1 and kind <= JOINED and changes(step) == kind
