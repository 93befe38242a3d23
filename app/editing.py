"""What the user does to edits: cut, patch, scale, restore, reset. Every change is a named step of the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.undo import VERBS, ChangeEdits, Edits, places
from core.edits import Edit, EditKind
from core.graph import Node
from views.data import Target

if TYPE_CHECKING:
    from app.workbench import Workbench

SLIDER_MERGES = 1
NO_SELECTION = "Select a node or an edge first."
NO_B = "A patch takes its value from B: give a counterfactual input first."


class Editing:
    """The intents of a workbench that concern edits."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench

    def toggle(self, target: Target, tool: str) -> None:
        """Cut or patch a target; what is edited already is restored."""
        if not self._can_edit(target):
            return
        kind: EditKind = "patch" if tool == "patch" else self._bench.cut_kind
        if self._bench.document.edit_of(target) is not None:
            self._restore([target])
        elif kind == "patch" and not self.has_counterfactual():
            self._bench.message.emit(NO_B)
        else:
            self._edit([target], kind)

    def patch(self, target: Target) -> None:
        """Patch a target from B (card B was dropped on it), and with it the selection it belongs to."""
        targets = list(self._bench.selection) if target in self._bench.selection else [target]
        if self.has_counterfactual():
            self._edit([each for each in targets if self._can_edit(each)], "patch")
        else:
            self._bench.message.emit(NO_B)

    def toggle_selection(self, tool: str) -> None:
        """Cut or patch all that is selected, together; if all of it is edited, restore it."""
        targets = [target for target in self._bench.selection if self._can_edit(target)]
        if not targets:
            self._bench.message.emit(NO_SELECTION)
            return
        if all(self._bench.document.edit_of(target) is not None for target in targets):
            self._restore(targets)
            return
        kind: EditKind = "patch" if tool == "patch" else self._bench.cut_kind
        if kind == "patch" and not self.has_counterfactual():
            self._bench.message.emit(NO_B)
            return
        self._edit(targets, kind)

    def edit_selection(self, kind: EditKind, value: float) -> None:
        """Give the selected targets one kind of edit; a slider's moves become one step of the history."""
        targets = [target for target in self._bench.selection if self._can_edit(target)]
        self._edit(targets, kind, value if kind == "scale" else None)

    def restore_selection(self) -> None:
        self._restore([target for target in self._bench.selection if self._bench.document.edit_of(target) is not None])

    def restore(self, key: int) -> None:
        """Take back the edit at a place of the list."""
        self._restore([self._bench.document.edits[key].target])  # type: ignore[list-item]

    def able(self) -> dict[str, bool]:
        """Whether there is anything to do, by the key of the action."""
        selection, document = self._bench.selection, self._bench.document
        some = any(self._can_edit(target) for target in selection)
        edited = any(document.edit_of(target) is not None for target in selection)
        return {"cut": some, "patch": some, "restore": edited, "reset": bool(document.edits)}

    def reset(self) -> None:
        """Take all edits back; undo brings them again."""
        if self._bench.document.edits:
            self._push("Reset all", ())

    # ---- making steps ----

    def _can_edit(self, target: Target) -> bool:
        return self._bench.opened is not None and not (isinstance(target, Node) and target.kind == "logits")

    def has_counterfactual(self) -> bool:
        return self._bench.ready is not None and self._bench.ready.has_counterfactual

    def _edit(self, targets: list[Target], kind: EditKind, value: float | None = None) -> None:
        document = self._bench.document
        for target in targets:
            document = document.with_edit(Edit(target, kind, value=value))
        if not targets or document.edits == self._bench.document.edits:
            return
        amount = f" to {value:g}" if value is not None else ""
        words = f"{VERBS[kind]} {places(targets)}{amount}"
        self._push(words, document.edits, SLIDER_MERGES if kind == "scale" else -1)

    def _restore(self, targets: list[Target]) -> None:
        document = self._bench.document
        for target in targets:
            document = document.without_edit(target)
        if document.edits != self._bench.document.edits:
            self._push(f"Restore {places(targets)}", document.edits)

    def _push(self, words: str, after: Edits, merge_key: int = -1) -> None:
        self._bench.undo.push(ChangeEdits(words, self._bench.document.edits, after, self._bench.set_edits, merge_key))
