"""Edits: what a user does to the computation.

An edit replaces what a target's edges carry. The target is an edge, a reader (all edges into it) or a node
(all edges out of it). Where the targets of several edits overlap, the more particular wins: edge, then
reader, then node. Two edits of one target at overlapping positions: the later one wins.

What flows along an edge u -> r at a position, exactly:

    out     what u really adds to the stream in this run
    value   of an edit: `patch` out of B; `zero` 0; `mean` the mean of out over the clean inputs;
            `scale` the edit's value times out
    node    (1 - strength) * out    + strength * value, for an edit of node u
    reader  (1 - strength) * node   + strength * value, for an edit of reader r (node = out without one)
    edge    (1 - strength) * reader + strength * value, for an edit of the edge itself

So a full edit (strength 1) replaces whatever a less particular one left. Biases that belong to no head stay
in the stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from core.errors import EditError
from core.graph import Edge, Graph, Node, Reader
from core.positions import ROLE, Extent, Positions, Rows

EditKind = Literal["patch", "zero", "mean", "scale"]
EDIT_KINDS: tuple[EditKind, ...] = get_args(EditKind)

# What the window, the command line and the captions call each kind.
EDIT_WORDS: dict[EditKind, str] = {
    "patch": "from B",
    "zero": "zero",
    "mean": "mean",
    "scale": "scale",
}


@dataclass(frozen=True)
class Edit:
    """One intervention.

    target: an edge, reader or node, or its name (`a9.h6->a10.h7<q>`, `a9.h6<q>`, `->m3`, `m3`).
    kind: `patch` (value from the counterfactual B), `zero`, `mean`, `scale` (multiply by `value`).
    positions: positions of the stream, negative ones from the end of each row, and names of roles (`"subject"`); one
    of them or several. None means all.
    value: the factor for `scale`.
    strength: from 0 (no edit) to 1 (the full edit); in between, a blend.
    """

    target: Node | Reader | Edge | str
    kind: EditKind
    positions: Positions | None = None
    value: float | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in EDIT_KINDS:
            raise EditError(f"There is no edit called {self.kind!r}.", f"There are: {', '.join(EDIT_KINDS)}.")
        if self.kind == "scale" and self.value is None:
            raise EditError("A scale edit needs a value.", "For example Edit('m3', 'scale', value=0.5).")
        if self.positions is not None:
            several = [self.positions] if isinstance(self.positions, int | str) else self.positions
            object.__setattr__(self, "positions", tuple(p if isinstance(p, str) else int(p) for p in several))

    @property
    def name(self) -> str:
        return self.target if isinstance(self.target, str) else self.target.name

    def __str__(self) -> str:
        words = f"{self.name}={self.kind}"
        if self.value is not None:
            words += f":{self.value:g}"
        if self.positions is not None:
            words += "@" + ",".join(map(str, self.positions))  # type: ignore[arg-type]
        return words


@dataclass(frozen=True)
class ResolvedEdit:
    """An edit whose names are looked up and whose positions are absolute, row by row: what the engine and its caches
    work with."""

    target: Node | Reader | Edge
    kind: EditKind
    positions: Rows | None
    value: float
    strength: float


def resolve(edit: Edit, graph: Graph, extent: Extent) -> ResolvedEdit:
    """Look up an edit's target and positions. Raises ArgumentError and EditError."""
    target = graph.parse(edit.target) if isinstance(edit.target, str) else edit.target
    if isinstance(target, Node):
        if target.kind == "logits":
            target = Reader("logits")
        else:
            graph.writer_index(target)
    elif isinstance(target, Edge):
        graph.edge_index(target)
    else:
        graph.reader_index(target)
    positions = None if edit.positions is None else extent.rows(edit.positions)
    return ResolvedEdit(target, edit.kind, positions, float(edit.value or 0.0), float(edit.strength))


def parse_edit(text: str) -> Edit:
    """Read `TARGET=KIND[:VALUE][@POSITION,...]`, as the command line writes edits; a position is a number or the name
    of a role. Raises EditError."""
    target, separator, rest = text.rpartition("=")
    if not separator or not target:
        raise EditError(f"{text!r} is not an edit.", "Write TARGET=KIND, for example 'a9.h6->a10.h7<q>=patch'.")
    rest, _, where = rest.partition("@")
    kind, _, value = rest.partition(":")
    try:
        number = float(value) if value else None
    except ValueError:
        raise EditError(f"{text!r} has a value that is no number.", "Write m3=scale:0.5@4,5.") from None
    positions = [_position(part.strip(), text) for part in where.split(",")] if where else None
    for known in EDIT_KINDS:
        if known == kind.strip():
            return Edit(target.strip(), known, positions, number)
    raise EditError(f"There is no edit called {kind!r}.", f"There are: {', '.join(EDIT_KINDS)}.")


def _position(part: str, text: str) -> int | str:
    try:
        return int(part)
    except ValueError:
        if ROLE.fullmatch(part):
            return part
        raise EditError(
            f"{text!r} has a position that is no number and no role.", "Write m3=mean@4,-1,subject."
        ) from None
