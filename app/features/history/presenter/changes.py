"""What a step of the history changed: what is run, the circuit that is kept, or neither; which steps in a row are of
one kind."""

from __future__ import annotations

from dataclasses import dataclass, fields
from weakref import WeakKeyDictionary

from core.project.document import Document
from core.project.history import Step

ASKED = frozenset({"model", "clean", "counterfactual", "metric"})  # one figure cannot be set beside that of another
KEPT = frozenset({"size", "traced", "replacement"})
JOINED = frozenset({"size", "choice", "dataset", "pinned", "replacement"})  # in a row they are one row of the list


@dataclass(frozen=True)
class Change:
    """names: the fields of the document that are other ones; all of them at the first step. asks: another model, other
    inputs or another metric. runs: the metric can be another one. keeps: another circuit is kept, or the same one is
    judged in another way."""

    names: frozenset[str]
    asks: bool
    runs: bool
    keeps: bool


_Known = tuple[Document | None, Document, Change]
_known: WeakKeyDictionary[Step, _Known] = WeakKeyDictionary()  # a list of a thousand steps is made anew with each


def change(step: Step) -> Change:
    """What a step changed of the document before."""
    before, after = None if step.parent is None else step.parent.document, step.document
    known = _known.get(step)
    if known is None or known[0] is not before or known[1] is not after:
        known = _known[step] = before, after, _change(before, after)
    return known[2]


def _change(before: Document | None, after: Document) -> Change:
    names = frozenset(
        field.name
        for field in fields(Document)
        if before is None or getattr(before, field.name) != getattr(after, field.name)
    )
    if before is None:
        return Change(names, asks=True, runs=True, keeps=False)
    asks = bool(names & ASKED)
    runs = asks or "edits" in names or (bool(after.edits) and after.means != before.means)
    other = bool(names & KEPT) or after.traced_rows != before.traced_rows
    return Change(names, asks, runs, keeps=not runs and after.size is not None and other)


def joins(step: Step, following: Step) -> bool:
    """Whether a step and the one that follows it are of one kind, and nothing branches off between them."""
    names = change(following).names
    return len(step.children) == 1 and len(names) == 1 and names <= JOINED and change(step).names == names
