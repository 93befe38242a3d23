"""Undoable commands. Each changes the workbench's edits as a whole, so undo and redo are exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QUndoCommand

from core.edits import Edit, EditKind
from views.data import Target

Edits = tuple[Edit, ...]

# What a step of the history is called, by the kind of its edit.
VERBS: dict[EditKind, str] = {
    "patch": "Patch",
    "zero": "Cut",
    "mean": "Cut (mean)",
    "scale": "Scale",
    "resample": "Resample",
    "noise": "Noise on",
    "steer": "Steer",
}


def places(targets: Sequence[Target]) -> str:
    """What a step of the history is about: "a0.h1 → m2", "3 places"."""
    if len(targets) != 1:
        return f"{len(targets)} places"
    return targets[0].name.replace("->", " → ").replace("<", " ⟨").replace(">", "⟩")


class ChangeEdits(QUndoCommand):
    """From one set of edits to another. Commands with the same `merge_key` and the same targets that follow each
    other become one (a slider's drag)."""

    def __init__(
        self, words: str, before: Edits, after: Edits, apply: Callable[[Edits], None], merge_key: int = -1
    ) -> None:
        super().__init__(words)
        self.before, self.after = before, after
        self._apply = apply
        self._merge_key = merge_key

    def redo(self) -> None:
        self._apply(self.after)

    def undo(self) -> None:
        self._apply(self.before)

    def id(self) -> int:
        return self._merge_key

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, ChangeEdits) or other._targets() != self._targets():
            return False
        self.after = other.after
        self.setText(other.text())
        return True

    def _targets(self) -> set[str]:
        """The names of what it changes."""
        return {edit.name for edit in set(self.before) ^ set(self.after)}
