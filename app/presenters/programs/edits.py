"""Edits by programs: each becomes a step of the history, which can be undone."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from app.presenters.programs.answers import run_answer
from app.presenters.programs.host import DocumentReplies, Host, find_of_step
from core.door.tool import Answer, Call, Parameters
from core.edits import KINDS, Edit, EditKind, EditTarget, entries_named
from core.errors import ArgumentError, EditError
from core.graph import Edge, Entries, Graph, Node
from core.project import edit_operations as operations
from core.project.change import Change
from core.project.document import Document

MOST = 1000  # targets of one call
Number = Annotated[float, Meta(ge=-1e6, le=1e6)]
Name = Annotated[str, Meta(max_length=100)]
Position = Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]


class EditParameters(Parameters, frozen=True, kw_only=True):
    """One edit, of one target or of several."""

    target: Annotated[
        Name | Annotated[list[Name], Meta(min_length=1, max_length=MOST)],
        Meta(
            description="a node (a9.h6, m3), an edge (a9.h6->a10.h7<q>) or a weight of attention (a5.h1[3]); or a list"
        ),
    ]
    kind: Annotated[str, Meta(max_length=32, description=f"one of {', '.join(KINDS)}")] = "zero"
    value: Annotated[
        Number | Annotated[list[Number], Meta(max_length=200_000)] | None,
        Meta(description="a factor of scale, a size of noise, a vector of steer and project"),
    ] = None
    strength: Annotated[Number, Meta(description="from 0, no edit, to 1, the whole; of steer any number")] = 1.0
    positions: Annotated[
        list[Position], Meta(max_length=10_000, description="of the stream, negative ones from its end; none: all")
    ] = []  # noqa: RUF012  # a struct copies it
    seed: Annotated[int, Meta(ge=0, lt=2**31)] = 0


class Restore(Parameters, frozen=True, kw_only=True):
    """What is taken back."""

    target: Annotated[Name, Meta(description="whose edits are taken back; empty: all edits")] = ""


def predict(host: Host, told: Parameters, call: Call) -> Answer:
    """The run of the present work."""
    return run_answer(host.find(call))


def edit(host: Host, told: EditParameters, call: Call) -> Answer:
    """Make an edit. Where the model cannot be run with it, it is no step of the history."""
    before = host.find(call)
    edits = _edits(told, before)

    def operation(document: Document) -> Change | None:
        return operations.put(
            document, edits, KINDS[edits[0].kind].amount_words(_amount(edits[0])), before.ready.labels
        )

    words = host.change(operation)
    return {"step": words, **run_answer(find_of_step(host, words, call))}


def restore(host: Host, told: Restore, call: Call) -> Answer:
    """Take the edits of a target back, or all of them."""
    if not told.target:
        return {"step": host.change(operations.reset), **run_answer(host.find(call))}
    before = host.find(call)
    target = _target(told.target, before.opened.graph, len(before.ready.labels))
    if not before.document.edits_of(target):
        raise ArgumentError(f"{told.target} has no edit.", "The tool predict lists the edits.")
    words = host.change(lambda document: operations.restore(document, [target], (), before.ready.labels))
    return {"step": words, **run_answer(host.find(call))}


def undo(host: Host, told: Parameters, call: Call) -> Answer:
    """Go back one step of the history."""
    words = host.undo()
    return {"undone": words, **run_answer(host.find(call))}


def _amount(edit: Edit) -> float:
    """How much of it the history says."""
    return edit.value if KINDS[edit.kind].turns_value and isinstance(edit.value, float) else edit.strength


def _edits(told: EditParameters, replies: DocumentReplies) -> list[Edit]:
    """The edits of a document that are meant. Raises ArgumentError, EditError."""
    if told.kind not in KINDS:
        raise EditError(f"There is no edit called {told.kind!r}.", f"There are: {', '.join(KINDS)}.")
    kind: EditKind = told.kind
    if KINDS[kind].from_b and not replies.ready.has_counterfactual:
        raise EditError(f"{KINDS[kind].without_b or 'There is no counterfactual B'}.", "Give a B with the tool open.")
    length = len(replies.ready.labels)
    names = [told.target] if isinstance(told.target, str) else told.target
    positions = tuple(sorted({_position(position, length) for position in told.positions})) or None
    value = tuple(told.value) if isinstance(told.value, list) else told.value
    targets = [_target(name, replies.opened.graph, length) for name in dict.fromkeys(names)]
    return [Edit(target, kind, positions, value, told.strength, told.seed) for target in targets]


def _target(name: str, graph: Graph, length: int) -> EditTarget:
    """What a name means in a graph. Raises ArgumentError."""
    entries = entries_named(name)
    if entries is not None:
        graph.writer_index(entries.head)
        keys = []
        for key in entries.keys:
            if isinstance(key, str):
                raise ArgumentError(f"{name!r} names a role of positions.", "Give their numbers.")
            keys.append(_position(key, length))
        return Entries(entries.head, tuple(keys))
    target = graph.parse(name)
    if not isinstance(target, Node | Edge):
        raise ArgumentError(
            f"{name} is a place that reads.", f"Name an edge into it, as input->{name.removeprefix('->')}."
        )
    if not operations.can_edit(target):
        raise ArgumentError(f"{name} only reads the stream: it writes nothing that could be replaced.")
    return target


def _position(position: int, length: int) -> int:
    """From the start. Raises EditError."""
    if not -length <= position < length:
        raise EditError(f"There is no position {position}: A has {length}.", f"Give 0 to {length - 1}.")
    return position % length
