"""What the user has made: the model, the inputs, the metric and the edits. Immutable; a change is a new
document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from core.edits import KINDS, Edit, EditKind, EditTarget
from core.groups import Group, Region
from core.inputs.corruption_kinds import ImageCorruption
from core.inputs.file_kinds import stranger_words
from core.project.metric_choice import MetricChoice
from core.project.trace_choice import ESTIMATES, QUICK, USUAL, TraceChoice
from core.tracing.options import CIRCUITS
from core.tracing.selection import USUAL as USUAL_RULE

MOST_IN_MEANS = 512  # pictures


@dataclass(frozen=True)
class Source:
    """Where an input comes from: text as typed, or a picture by its path or its bytes, as it is or corrupted."""

    kind: Literal["text", "image"]
    text: str = ""
    path: str = ""
    data: bytes = b""
    name: str = ""
    corruption: ImageCorruption | None = None

    @property
    def words(self) -> str:
        """The text, or what the picture is called."""
        return self.text or self.name or self.path


def unfit(source: Source, title: str, reads_text: bool) -> str:
    """Why a model cannot read a source of this kind; empty where it can."""
    if source.kind == "image" and source.path:
        what, hint = stranger_words(source.path)
        if what:
            return f"{what} {hint}"
    if (source.kind == "text") == reads_text:
        return ""
    wants, got = ("text", "a picture") if reads_text else ("pictures", "text")
    return f"{title} reads {wants}; this is {got}. Open another model, or drop {wants} here."


@dataclass(frozen=True)
class PairSource:
    """A row of the dataset: a pair of inputs, and the answers of the metric where it has its own."""

    clean: Source
    counterfactual: Source | None = None
    target: str = ""
    foil: str = ""


@dataclass(frozen=True)
class Document:
    """model: as `load_model` takes it. metric None: the session's own default. choice: what Trace will do. traced: what
    it did last to edges; None: they have quick estimates. traced_nodes: what it did last, where that was to nodes: the
    edges keep their order beside it.

    replacement: what a cut edge carries, and what the scores estimate. None until the user says: B's value where
    there is a B, else zero. size: edges of the circuit shown, the strongest; None: the default. rule: by which they are
    chosen, of `core.tracing.selection`. dataset: what means
    are taken over. pinned: answers that the predictions always show. precision: what the model computes in, and whether
    its weights are in 8 bits (`core.precision_words`). one_mean: a mean is one over all positions of the rows, not one
    at each.
    regions: what groups of patches are called. An edit is
    one of a target at some positions, or at all.
    """

    model: str
    clean: Source | None = None
    counterfactual: Source | None = None
    metric: MetricChoice | None = None
    edits: tuple[Edit, ...] = ()
    replacement: EditKind | None = None
    choice: TraceChoice = USUAL
    traced: TraceChoice | None = None
    traced_nodes: TraceChoice | None = None
    groups: tuple[Group, ...] = ()
    size: int | None = None
    rule: str = USUAL_RULE
    dataset: tuple[PairSource, ...] = ()
    pinned: tuple[str, ...] = ()
    precision: str = "fp32"
    one_mean: bool = False
    regions: tuple[Region, ...] = ()

    @property
    def method(self) -> str:
        """How edges are scored."""
        return QUICK if self.traced is None else self.traced.method

    @property
    def scoring(self) -> TraceChoice:
        """How its edges are scored: as they were traced; quickly where nobody has traced them, and where the usual
        method has no B to go to."""
        choice = self.traced or ESTIMATES
        needs_b = choice.method == USUAL.method and not choice.file and not choice.over_dataset
        return ESTIMATES if needs_b and self.counterfactual is None else choice

    @property
    def traced_rows(self) -> tuple[PairSource, ...]:
        """The rows of the dataset that scores and circuits are over; none: the pair on the cards."""
        return self.dataset if self.traced is not None and self.traced.over_dataset else ()

    def after_trace(self, choice: TraceChoice) -> Document:
        """This as a trace leaves it: one of nodes leaves the order of the edges as it was."""
        if choice.level not in CIRCUITS:
            return replace(self, traced_nodes=choice)
        return replace(self, traced=choice, traced_nodes=None)

    @property
    def traced_last(self) -> TraceChoice | None:
        """What the last trace was, of edges or of nodes."""
        return self.traced_nodes or self.traced

    @property
    def mean_rows(self) -> tuple[PairSource, ...]:
        """The rows that means would be taken over: all; of a large folder of pictures some, evenly spaced, as each goes
        through the model."""
        rows = self.dataset
        if len(rows) <= MOST_IN_MEANS or rows[0].clean.kind == "text":
            return rows
        return rows[:: -(-len(rows) // MOST_IN_MEANS)]

    @property
    def population(self) -> tuple[PairSource, ...]:
        """The rows that means and resampled values are taken over; none where no edit asks for them."""
        uses = {edit.kind for edit in self.edits} | {self.replacement}
        return self.mean_rows if any(kind is not None and KINDS[kind].inputs for kind in uses) else ()

    @property
    def means(self) -> tuple[tuple[PairSource, ...], bool]:
        """What means are of: the population, and whether it is one mean over all positions."""
        return self.population, self.one_mean and bool(self.population)

    @property
    def opens(self) -> tuple[str, str]:
        """What is opened for it: a model in a precision."""
        return self.model, self.precision

    # What figures depend on, each with more of the document than the one before. What a reply of the worker depends on
    # is said by its query, in these words.

    @property
    def inputs(self) -> tuple[object, ...]:
        """What the model and its inputs are, whatever is read off them."""
        return *self.opens, self.clean, self.counterfactual

    @property
    def question(self) -> tuple[object, ...]:
        """What the cards and the metric's answers are of."""
        return *self.inputs, self.metric

    @property
    def session(self) -> tuple[object, ...]:
        """What a session is of: the question, and the rows that means are taken over."""
        return *self.question, self.means

    @property
    def run(self) -> tuple[object, ...]:
        """What a run with the edits depends on."""
        return *self.session, self.edits

    @property
    def basis(self) -> tuple[object, ...]:
        """What every figure of circuits depends on, beside what a cut carries and how edges are scored: one of another
        basis cannot stand beside it."""
        return *self.session, self.traced_rows

    @property
    def circuits(self) -> tuple[object, ...]:
        """What circuits of all sizes depend on, and the scores that they are chosen by."""
        return *self.basis, self.cut_kind, self.traced, self.rule

    @property
    def circuit(self) -> tuple[object, ...]:
        """What tells the circuit that it keeps from others."""
        return *self.circuits, self.size

    @property
    def at_full_strength(self) -> Document:
        """The same, however far its edits are turned: while a slider moves, figures of before stay, dimmed."""
        full = (replace(e, strength=1.0, value=1.0 if isinstance(e.value, float) else e.value) for e in self.edits)
        return replace(self, edits=tuple(full))

    @property
    def cut_kind(self) -> EditKind:
        if self.replacement is not None and (not KINDS[self.replacement].from_b or self.counterfactual is not None):
            return self.replacement
        return "patch" if self.counterfactual is not None else "zero"

    def waits(self, edit: Edit) -> bool:
        """Whether an edit cannot be made now: a patch without a B to take its value from."""
        return KINDS[edit.kind].from_b and self.counterfactual is None

    def edits_of(self, target: EditTarget) -> tuple[Edit, ...]:
        """All edits of a target, each at other positions."""
        return tuple(edit for edit in self.edits if edit.target == target)

    def edit_of(self, target: EditTarget, positions: tuple[int, ...] = ()) -> Edit | None:
        """The edit of a target at just these positions (none: at all), if it has one."""
        return next((edit for edit in self.edits_of(target) if (edit.positions or ()) == positions), None)

    def with_edit(self, edit: Edit) -> Document:
        """This with an edit; it takes the place of the one of the same target at the same positions. One at all
        positions takes the place of all others of its target."""
        same = [
            place
            for place, present in enumerate(self.edits)
            if present.target == edit.target and (edit.positions is None or present.positions == edit.positions)
        ]
        kept = [present for place, present in enumerate(self.edits) if place not in same]
        at = same[0] if same else len(kept)
        return replace(self, edits=(*kept[:at], edit, *kept[at:]))

    def without_edit(self, target: EditTarget, positions: tuple[int, ...] = ()) -> Document:
        """This without the edit of a target at these positions; without any of its edits where none are given."""
        gone = [edit for edit in self.edits_of(target) if not positions or edit.positions == positions]
        return replace(self, edits=tuple(edit for edit in self.edits if edit not in gone))
