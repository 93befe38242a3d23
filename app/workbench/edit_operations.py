"""What the user does to edits: cut, patch, scale, restore, reset. Every change is a named step of the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from core.edits import KINDS, Edit, EditKind, Target
from core.formatting import percent
from core.graph import Node
from core.project.step_names import CARRIES, VERBS, places, position_words

if TYPE_CHECKING:
    from app.workbench.workbench import Workbench

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
        if self._edited(target):
            self._restore([target])
        elif KINDS[kind].from_b and not self.has_counterfactual():
            self._bench.message.emit(NO_B)
        else:
            self._edit([target], kind, cut=tool == "cut")

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
        if all(self._edited(target) for target in targets):
            self._restore(targets)
            return
        kind: EditKind = "patch" if tool == "patch" else self._bench.cut_kind
        if KINDS[kind].from_b and not self.has_counterfactual():
            self._bench.message.emit(NO_B)
            return
        self._edit(targets, kind, cut=tool == "cut")

    def edit_selection(self, kind: EditKind, amount: float) -> None:
        """Give the selected targets one kind of edit. amount: the factor of `scale`, else the strength, from 0 to 1. A
        slider's moves become one step of the history."""
        self._edit([target for target in self._bench.selection if self._can_edit(target)], kind, amount)

    def steer_selection(self, directions: Mapping[Target, tuple[float, ...]], coefficient: float) -> None:
        """Add a multiple of each target's direction [width] to what it writes."""
        self._commit(
            [
                Edit(target, "steer", self._bench.positions or None, direction, coefficient)
                for target, direction in directions.items()
            ],
            f" by {coefficient:g}",
        )

    def turn_steering(self, coefficient: float) -> bool:
        """Steer further or less along the directions that the selection is steered along already; False where it is
        not."""
        document, positions = self._bench.document, self._bench.positions
        present = [document.edit_of(t, positions) for t in self._bench.selection if self._can_edit(t)]
        steered = [edit for edit in present if edit is not None and KINDS[edit.kind].repeats]
        if not steered or len(steered) < len(present):
            return False
        self._commit([replace(edit, strength=coefficient) for edit in steered], f" by {coefficient:g}")
        return True

    def restore_selection(self) -> None:
        self._restore([target for target in self._bench.selection if self._edited(target)])

    def restore(self, key: int) -> None:
        """Take back the edit at a place of the list."""
        document = self._bench.document
        edit = document.edits[key]
        words = f"Restore {self._places([edit.target], edit.positions)}"  # type: ignore[list-item, arg-type]
        self._bench.commit(words, replace(document, edits=(*document.edits[:key], *document.edits[key + 1 :])))

    def able(self) -> dict[str, bool]:
        """Whether there is anything to do, by the key of the action."""
        selection, document = self._bench.selection, self._bench.document
        some = any(self._can_edit(target) for target in selection)
        edited = any(self._edited(target) for target in selection)
        swap = document.counterfactual is not None
        return {"cut": some, "patch": some, "restore": edited, "reset": bool(document.edits), "swap": swap}

    def reset(self) -> None:
        """Take all edits back; undo brings them again."""
        if self._bench.document.edits:
            self._bench.commit("Reset all", replace(self._bench.document, edits=()))

    # ---- making steps ----

    def _can_edit(self, target: Target) -> bool:
        return self._bench.opened is not None and not (isinstance(target, Node) and target.kind == "logits")

    def _edited(self, target: Target) -> bool:
        """Whether there is an edit of it at the selected positions; without selected ones, any."""
        document, positions = self._bench.document, self._bench.positions
        return document.edit_of(target, positions) is not None if positions else bool(document.edits_of(target))

    def has_counterfactual(self) -> bool:
        return self._bench.ready is not None and self._bench.ready.has_counterfactual

    def _edit(self, targets: list[Target], kind: EditKind, amount: float = 1.0, cut: bool = False) -> None:
        """Make a step. cut: by the tool that cuts, whatever a cut puts in."""
        positions = self._bench.positions or None
        if KINDS[kind].turns_value:
            self._commit([Edit(target, kind, positions, amount) for target in targets], f" to {amount:g}")
        else:
            words = f" to {percent(amount)}" if amount != 1 else ""
            self._commit([Edit(target, kind, positions, strength=amount) for target in targets], words, cut)

    def _commit(self, edits: list[Edit], amount_words: str, cut: bool = False) -> None:
        """One step for some edits of one kind. Moves of a slider, which change how strong edits are that are there
        already, are one step."""
        if not edits:
            return
        document, kind, positions = self._bench.document, edits[0].kind, self._bench.positions
        before = [document.edit_of(edit.target, positions) for edit in edits]  # type: ignore[arg-type]
        moved = all(edit is not None and edit.kind == kind for edit in before)
        for edit in edits:
            document = document.with_edit(edit)
        targets: list[Target] = [edit.target for edit in edits]  # type: ignore[misc]
        verb = "Cut" if cut else VERBS[kind]
        carries = f" ({CARRIES[kind]})" if verb == "Cut" and kind in CARRIES else ""
        words = f"{verb} {self._places(targets, positions)}{carries}"
        self._bench.commit(words + amount_words, document, merge=words if moved or KINDS[kind].turns_value else "")

    def _restore(self, targets: list[Target]) -> None:
        document, positions = self._bench.document, self._bench.positions
        for target in targets:
            document = document.without_edit(target, positions)
        self._bench.commit(f"Restore {self._places(targets, positions)}", document)

    def _places(self, targets: list[Target], positions: tuple[int, ...] | None) -> str:
        """What a step is about: "a0.h1 → m2 at “ John”"."""
        if not positions:
            return places(targets)
        return f"{places(targets)} {position_words(positions, self._bench.labels)}"
