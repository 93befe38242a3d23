"""What the user does to edits: cut, patch, scale, restore, reset. Every change is a named step of the history; what the
steps are is `core.project.edit_operations`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.messages.arrow import Arrow
from app.workbench.arrow import blinds
from app.workbench.workbench_like import WorkbenchLike
from core.edits import KINDS, EditKind, EditTarget, Target
from core.graph import Entries, Node
from core.project import edit_operations as operations

NO_ARROW = (
    "Select an arrow between two positions, click a weight of a head’s attention in the inspector, or select an expert"
)
NO_SELECTION = "Select a node or an edge first."
NO_B = "A patch takes its value from B: give a counterfactual input first."


class Editing:
    """The intents of a workbench that concern edits."""

    def __init__(self, workbench: WorkbenchLike) -> None:
        self._workbench = workbench

    def toggle(self, target: EditTarget, tool: str) -> None:
        """Cut or patch a target; what is edited already is restored."""
        if self._can_edit(target):
            self._toggle([target], tool)

    def patch(self, target: EditTarget) -> None:
        """Patch a target from B (card B was dropped on it), and with it the selection it belongs to."""
        selection: tuple[EditTarget, ...] = self._workbench.selection
        targets = list(selection) if target in selection else [target]
        if self.has_counterfactual():
            self._edit([each for each in targets if self._can_edit(each)], "patch")
        else:
            self._workbench.message.emit(NO_B)

    def toggle_selection(self, tool: str) -> None:
        """Cut or patch all that is selected, together; if all of it is edited, restore it."""
        targets = self.editable()
        if targets:
            self._toggle(targets, tool)
        else:
            self._workbench.message.emit(NO_SELECTION)

    def knock_out(self) -> None:
        """Knock out the weights of attention that are chosen, or else the experts that are selected; take that back
        where it is done."""
        experts = self.experts()
        if self._workbench.arrow is not None or not experts:
            self.edit_arrow("knockout")
        elif all(self._kind(each) == "knockout" for each in experts):
            self._restore(experts)
        else:
            self._edit(experts, "knockout")

    def experts(self) -> list[EditTarget]:
        """The experts that are selected, where nothing else is."""
        selection = self._workbench.selection
        of_mixtures = all(isinstance(target, Node) and target.kind == "expert" for target in selection)
        return list(selection) if of_mixtures else []

    def _kind(self, target: EditTarget) -> EditKind | None:
        present = self._workbench.document.edit_of(target, self._workbench.positions)
        return None if present is None else present.kind

    def edit_arrow(self, kind: EditKind) -> None:
        """Edit the weights of attention that are chosen, wholly; take the edit back where they have it."""
        arrow = self._workbench.arrow
        if arrow is None:
            self._workbench.message.emit(f"{NO_ARROW}.")
            return
        present = self._workbench.document.edit_of(arrow.entries, arrow.queries)
        if present is not None and present.kind == kind:
            self._restore([arrow.entries])
        elif KINDS[kind].from_b and not self.has_counterfactual():
            self._workbench.message.emit(NO_B)
        elif KINDS[kind].hides and self._blinds(arrow):
            self._workbench.message.emit(
                f"{arrow.entries.head.name} sees nothing else from there, so that its weights cannot be knocked out: "
                "cut the arrow instead (X)."
            )
        else:
            self._edit([arrow.entries], kind, KINDS[kind].amount.first)

    def _blinds(self, arrow: Arrow) -> bool:
        workbench = self._workbench
        return workbench.opened is not None and blinds(
            arrow, workbench.document.edits, len(workbench.labels), workbench.opened
        )

    def edit_selection(self, kind: EditKind, amount: float) -> None:
        """Give the selected targets one kind of edit. amount: the factor of `scale`, else the strength, from 0 to 1. A
        slider's moves become one step of the history."""
        self._edit([target for target in self._workbench.selection if self._can_edit(target)], kind, amount)

    def edit_along(
        self, kind: EditKind, coefficient: float, directions: Mapping[Target, tuple[float, ...]] | None = None
    ) -> bool:
        """Add a multiple of each target's direction [width] to what it writes. Without directions: of those of the
        selection's edits; False where not all of it has one."""
        workbench = self._workbench
        selected = [target for target in workbench.selection if self._can_edit(target)]
        targets = selected if directions is None else [*directions]
        change = operations.edit(
            workbench.document,
            targets,
            kind,
            coefficient,
            workbench.positions,
            workbench.labels,
            directions=directions,
        )
        workbench.take(change)
        return change is not None

    def restore_selection(self) -> None:
        self._restore(self.edited())

    def restore(self, key: int) -> None:
        """Take back the edit at a place of the list."""
        self._workbench.take(operations.restore_at(self._workbench.document, key, self._workbench.labels))

    def editable(self) -> list[EditTarget]:
        """What is selected and can be edited: of an arrow on the second level its weights, not its head."""
        return [target for target in self._chosen() if self._can_edit(target)]

    def edited(self) -> list[EditTarget]:
        """What is selected and edited, at the selected positions."""
        return [target for target in self._chosen() if self._edited(target)]

    def _chosen(self) -> tuple[EditTarget, ...]:
        arrow = self._workbench.arrow
        return (arrow.entries,) if arrow is not None and arrow.armed else self._workbench.selection

    def reset(self) -> None:
        """Take all edits back; undo brings them again."""
        self._workbench.take(operations.reset(self._workbench.document))

    def has_counterfactual(self) -> bool:
        return self._workbench.ready is not None and self._workbench.ready.has_counterfactual

    # ---- making steps ----

    def _can_edit(self, target: EditTarget) -> bool:
        return self._workbench.opened is not None and operations.can_edit(target)

    def _edited(self, target: EditTarget) -> bool:
        return operations.is_edited(self._workbench.document, target, self._workbench.positions)

    def _toggle(self, targets: Sequence[EditTarget], tool: str) -> None:
        kind: EditKind = "patch" if tool == "patch" else self._workbench.cut_kind
        if tool == "cut" and any(isinstance(target, Entries) for target in targets):
            kind = "zero"  # what an arrow carries is lost, whatever wires then carry
        if all(self._edited(target) for target in targets):
            self._restore(targets)
        elif KINDS[kind].from_b and not self.has_counterfactual():
            self._workbench.message.emit(NO_B)
        else:
            self._edit(targets, kind, cut=tool == "cut")

    def _edit(self, targets: Sequence[EditTarget], kind: EditKind, amount: float = 1.0, cut: bool = False) -> None:
        """Make a step. cut: by the tool that cuts, whatever a cut puts in."""
        workbench = self._workbench
        workbench.take(
            operations.edit(workbench.document, targets, kind, amount, workbench.positions, workbench.labels, cut)
        )

    def _restore(self, targets: Sequence[EditTarget]) -> None:
        workbench = self._workbench
        workbench.take(operations.restore(workbench.document, targets, workbench.positions, workbench.labels))
