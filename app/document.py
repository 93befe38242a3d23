"""What the user has made: the model, the inputs, the metric and the edits. Immutable; a change is a new
document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from core.edits import Edit, EditKind
from views.data import MetricChoice, Target


@dataclass(frozen=True)
class Source:
    """Where an input comes from: text as typed, or a picture by its path or its bytes."""

    kind: Literal["text", "image"]
    text: str = ""
    path: str = ""
    data: bytes = b""
    name: str = ""


def unfit(source: Source, title: str, reads_text: bool) -> str:
    """Why a model cannot read a source of this kind; empty where it can."""
    if (source.kind == "text") == reads_text:
        return ""
    wants, got = ("text", "a picture") if reads_text else ("pictures", "text")
    return f"{title} reads {wants}; this is {got}. Open another model, or drop {wants} here."


@dataclass(frozen=True)
class Document:
    """model: as `load_model` takes it. metric None: the session's own default. method: how edges are scored.

    replacement: what a cut edge carries, and what the scores estimate. None until the user says: B's value where
    there is a B, else zero.
    """

    model: str
    clean: Source | None = None
    counterfactual: Source | None = None
    metric: MetricChoice | None = None
    edits: tuple[Edit, ...] = ()
    replacement: EditKind | None = None
    method: str = "eap"

    @property
    def cut_kind(self) -> EditKind:
        if self.replacement is not None and (self.replacement != "patch" or self.counterfactual is not None):
            return self.replacement
        return "patch" if self.counterfactual is not None else "zero"

    def waits(self, edit: Edit) -> bool:
        """Whether an edit cannot be made now: a patch without a B to take its value from."""
        return edit.kind == "patch" and self.counterfactual is None

    def edit_of(self, target: Target) -> Edit | None:
        """The edit of a target, if it has one."""
        return next((edit for edit in self.edits if edit.target == target), None)

    def with_edit(self, edit: Edit) -> Document:
        """This with an edit; it takes the place of the one of the same target."""
        kept = [other for other in self.edits if other.target != edit.target]
        at = next((i for i, other in enumerate(self.edits) if other.target == edit.target), len(kept))
        return replace(self, edits=(*kept[:at], edit, *kept[at:]))

    def without_edit(self, target: Target) -> Document:
        return replace(self, edits=tuple(edit for edit in self.edits if edit.target != target))
