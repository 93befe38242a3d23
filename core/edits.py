"""Edits: what a user does to the computation.

An edit replaces what a target's edges carry. The target is an edge, a reader (all edges into it) or a node
(all edges out of it); or it is some entries of a head's attention (below). Where the targets of several edits overlap,
the more particular wins: edge, then reader, then node. Two edits of one target at overlapping positions: the later one
wins.

What flows along an edge u -> r at a position, exactly:

    out     what u really adds to the stream in this run
    value   of an edit: `patch` out of B; `zero` 0; `mean` the mean of out over the clean inputs;
            `optimal` a constant, learned to do the least damage (`core.replacements.optimal`);
            `resample` out of another clean input, drawn by the edit's seed; `scale` the edit's value times out;
            `steer` out + the edit's value, a vector; `noise` out + the edit's value times the root mean square of
            out in the clean run (over the row's positions) times standard normal numbers, drawn by the seed;
            `project` out without its part along a direction (`core.replacements.project`)
    node    (1 - strength) * out    + strength * value, for an edit of node u
    reader  (1 - strength) * node   + strength * value, for an edit of reader r (node = out without one)
    edge    (1 - strength) * reader + strength * value, for an edit of the edge itself

A unit of an MLP, a neuron `m5.n123` or an expert `m5.e3`, is edited inside it, with `out` its activation, or the
expert's weight times what it makes: the MLP then writes something else, and an edit of the MLP replaces that.
Two kinds change a mixture's router first, at a position with w the weights that it gives to its experts, 0 to those
that it does not choose:

    force      the expert is chosen, and the least of the others gives way: (1 - strength) w + strength times what the
               router gives to that choice; of several experts the stronger edit includes the weaker ones' share
    knockout   (1 - strength) w; then all weights times one number, so that they sum to what they did

So a full edit (strength 1) replaces whatever a less particular one left. Biases that belong to no head stay
in the stream. `steer`, `noise` and `project` of a reader change the sum of all that it reads, strength times (for
`noise` the root mean square is that of its stream): no single edge carries that, and edits of edges leave it there.

Of a head's weight for a key position at a query position, w after the softmax (attention knockout; Geva et al. 2023,
"Dissecting recall of factual associations in auto-regressive language models", section 4, whose is `knockout`):

    knockout   (1 - strength) exp(score) in the place of exp(score): all of them still sum to 1
    others     (1 - strength) w + strength * value: `zero` 0; `patch` the weight in B; `scale` the edit's value times w;
               the head's other weights stay as they are

Each entry has the last edit of it alone. The head then mixes and writes with these weights, and an edit of the head
itself replaces what it writes so.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core.edit_kinds import ABLATIONS, EDIT_KINDS, EDIT_WORDS, KINDS, SEEDED, STRENGTH, WEIGHT_KINDS, EditKind
from core.errors import ArgumentError, EditError
from core.formatting import percent
from core.graph import Edge, Entries, Graph, Node, Reader
from core.nodes import unit_of
from core.positions import ROLE, Extent, Positions, RowPositions, plain_positions

__all__ = [
    "ABLATIONS",
    "EDIT_KINDS",
    "EDIT_WORDS",
    "KINDS",
    "SEEDED",
    "STRENGTH",
    "WEIGHT_KINDS",
    "Edit",
    "EditKind",
    "ResolvedEdit",
    "edit_words",
    "parse_edit",
    "resolve",
]
Target = Node | Edge
EditTarget = Target | Entries  # what the window edits
_ENTRIES = re.compile(r"\s*(t\.)?a(\d{1,5})\.h(\d{1,5})\s*\[([^\[\]]*)\]\s*", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)
REPLACED = {kind: row.done for kind, row in KINDS.items()}


@dataclass(frozen=True)
class Edit:
    """One intervention.

    target: an edge, reader or node, or its name (`a9.h6->a10.h7<q>`, `a9.h6<q>`, `->m3`, `m3`); or entries of a head's
    attention, the weights that it gives to some key positions: `a5.h1[3]`, `a5.h1[0,-2,subject]`.
    kind: `patch` (value from the counterfactual B), `zero`, `mean`, `resample` (value from another clean input of the
    dataset), `scale` (multiply by `value`), `noise` (`value` times as large as what is there; 1 by default), `steer`
    (add the vector `value`), `project` (take out the part along the direction `value`). Of entries of attention `zero`,
    `patch`, `scale` and `knockout` (as if the head did not see them: its other weights make up for it). Of experts
    `knockout` too (the others that are chosen make up for it), and `force` (the router chooses it).
    positions: positions of the stream, negative ones from the end of each row, and names of roles (`"subject"`); one
    of them or several. None means all. Of entries these are the queries.
    value: a number for `scale` and `noise`; a vector [width] for `steer` and `project`: a sequence, array or tensor. Of
    `project` its length is of no matter. A second vector may follow, along which is taken out what is measured along
    the first, and at last the level that is left: [width], [width + 1], [2 width] or [2 width + 1].
    strength: from 0 (no edit) to 1 (the full edit); in between, a blend. Of `steer`, how often the vector is added: any
    number.
    seed: of `resample` and `noise`: the same seed gives the same values.

    Raises EditError for a target that is none, an unknown kind, for values that are missing, not finite, or of the
    wrong form, and for a strength that there is not.
    """

    target: Node | Reader | Edge | Entries | str
    kind: EditKind
    positions: Positions | None = None
    value: float | Sequence[float] | None = None
    strength: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.target, Node | Reader | Edge | Entries | str):
            raise EditError(f"{self.target!r} cannot be edited.", 'Name one node, edge or reader, for example "m3".')
        if not isinstance(self.kind, str) or self.kind not in KINDS:
            raise EditError(f"There is no edit called {self.kind!r}.", f"There are: {', '.join(KINDS)}.")
        if isinstance(self.target, str) and "[" in self.target:
            object.__setattr__(self, "target", _entries(self.target))
        _check_target(self.target, self.kind)
        object.__setattr__(self, "value", _checked_value(self.kind, self.value))
        try:
            finite = math.isfinite(self.strength)
        except TypeError:
            finite = False
        if not finite or not (KINDS[self.kind].repeats or 0 <= self.strength <= 1):
            hint = "Give a number, how often the vector is added." if KINDS[self.kind].repeats else "Give 0 to 1."
            raise EditError(f"An edit of the kind {self.kind} cannot have the strength {self.strength}.", hint)
        if self.positions is not None:
            object.__setattr__(self, "positions", plain_positions(self.positions))

    @property
    def name(self) -> str:
        return self.target if isinstance(self.target, str) else self.target.name

    @property
    def places(self) -> tuple[int | str, ...]:
        """All positions that it names: where it is, and of entries of attention the keys."""
        keys = self.target.keys if isinstance(self.target, Entries) else ()
        return (*(self.positions or ()), *keys)  # type: ignore[misc]

    def __str__(self) -> str:
        words = f"{self.name}={self.kind}"
        if isinstance(self.value, float):
            words += f":{self.value:g}"
        elif self.value is not None:
            words += f":vector of {len(self.value)}"
        if self.strength != 1:
            words += f"*{self.strength:g}"
        if self.seed:
            words += f"#{self.seed}"
        if self.positions is not None:
            words += "@" + ",".join(map(str, self.positions))  # type: ignore[arg-type]
        return words


def edit_words(edit: Edit) -> str:
    """An edit's kind, value and strength for people: "from B", "scale 0.5", "zero, 40 %"."""
    words = EDIT_WORDS[edit.kind]
    if KINDS[edit.kind].repeats:
        return words if edit.strength == 1 else f"{words} × {edit.strength:g}"
    if isinstance(edit.value, float):
        words = f"{words} {edit.value:g}"
    return words if edit.strength == 1 else f"{words}, {percent(edit.strength)}"


def _entries(name: str) -> Entries:
    """Raises EditError for a name that is none of entries."""
    entries = entries_named(name)
    if entries is None:
        raise EditError(f"{name!r} names no weights of attention.", "Write a5.h1[3]: what a5.h1 gives to position 3.")
    return entries


def _check_target(target: Node | Reader | Edge | Entries | str, kind: EditKind) -> None:
    """Raise EditError for a kind that is not of such a target."""
    if isinstance(target, Entries):
        if not target.keys or target.head.kind != "head":
            raise EditError(
                f"{target.name} names no weights of attention.", "Write a5.h1[3], a head and key positions."
            )
        if not KINDS[kind].weights:
            known = f"There are: {', '.join(WEIGHT_KINDS)}."
            raise EditError(f"An edit of the kind {kind} cannot be one of weights of attention ({target.name}).", known)
    elif KINDS[kind].of_parts:
        node = unit_of(target.replace(" ", "")) if isinstance(target, str) else target
        if KINDS[kind].routes and isinstance(node, Node) and node.kind == "expert":
            return
        name = target if isinstance(target, str) else target.name
        what, hint = "an expert of a mixture", f"Name one, as in m5.e3={kind}."
        if KINDS[kind].weights:
            what = f"a weight of a head’s attention, or to {what}"
            hint = f"Name head, key position and query, as in a5.h1[3]={kind}@-1, or an expert, as in m5.e3={kind}."
        raise EditError(f"{name} cannot be {EDIT_WORDS[kind]}: that is done to {what}.", hint)


def entries_named(name: str) -> Entries | None:
    """What a name as `a5.h1[3]`, `a5.h1[0,-2,subject]` means; None of one that is no such name."""
    match = _ENTRIES.fullmatch(name)
    if match is None:
        return None
    parts = [part.strip() for part in match[4].split(",")]
    if not all(_NUMBER.fullmatch(part) or ROLE.fullmatch(part) for part in parts):
        return None
    keys = tuple(int(part) if _NUMBER.fullmatch(part) else part for part in parts)
    return Entries(Node("head", int(match[2]), int(match[3]), match[1] or ""), keys)


class ResolvedEdit(NamedTuple):
    """An edit whose names are looked up and whose positions are absolute, row by row: what the engine and its caches
    work with. A tuple, as thousands are made for one run."""

    target: Node | Reader | Edge | Entries
    kind: EditKind
    positions: RowPositions | None
    value: float | tuple[float, ...]
    strength: float
    seed: int = 0
    keys: RowPositions | None = None  # of entries


def resolve(edit: Edit, graph: Graph, extent: Extent, width: int) -> ResolvedEdit:
    """Look up an edit's target and positions. width: of the stream. Raises ArgumentError and EditError."""
    if not isinstance(edit, Edit):  # a name in place of a list is read letter by letter
        raise ArgumentError(f"{edit!r} is no edit.", 'Write a list of them, as run([Edit("m1", "zero")]).')
    target = graph.parse(edit.target) if isinstance(edit.target, str) else edit.target
    keys = None
    if isinstance(target, Entries):
        graph.writer_index(target.head)
        keys = extent.places(target.keys)
    elif isinstance(target, Edge):
        graph.check_edge(target)
    elif isinstance(target, Node):
        if target.kind == "logits":
            target = Reader("logits")
        elif target.is_unit:
            graph.check_unit(target)
            _check_of_unit(edit, target)
        else:
            graph.writer_index(target)
    else:
        graph.reader_index(target)
    positions = None if edit.positions is None else extent.rows(edit.positions)
    value = 0.0 if edit.value is None else edit.value
    if not isinstance(value, float):
        value = tuple(value)
        _check_vector(edit, value, width)
    seed = edit.seed if edit.seed and KINDS[edit.kind].seeded else 0
    return ResolvedEdit(target, edit.kind, positions, value, float(edit.strength), seed, keys)


def check_seen(edit: Edit, resolved: ResolvedEdit, causal: bool, window: int | None) -> None:
    """Raise EditError for entries that attention never has. window: how far back a query sees, itself included."""
    if not causal or resolved.positions is None or resolved.keys is None:
        return
    reach = math.inf if window is None else window
    rows = zip(resolved.positions, resolved.keys, strict=True)
    if not any(0 <= query - key < reach for queries, keys in rows for query in queries for key in keys):
        raise EditError(
            f"{edit}: these queries do not see these positions.",
            "A query sees positions up to itself" + (f", the last {window} of them." if window else "."),
        )


def _check_of_unit(edit: Edit, unit: Node) -> None:
    """Raise EditError for a kind that units of an MLP do not take."""
    if not (KINDS[edit.kind].of_units or KINDS[edit.kind].routes):  # the latter is of experts, as is checked before
        kinds = ", ".join(kind for kind, row in KINDS.items() if row.of_units)
        raise EditError(
            f"{unit.name} is a part of {unit.whole.name}, which an edit of the kind {edit.kind} does not fit.",
            f"It takes {kinds}; {unit.whole.name} as a whole takes {edit.kind} too.",
        )


def _check_vector(edit: Edit, value: Sequence[float], width: int) -> None:
    """Raise EditError for one of another model, or without a direction where one is needed."""
    direction = KINDS[edit.kind].takes == "direction"
    if len(value) not in ((width, width + 1, 2 * width, 2 * width + 1) if direction else (width,)):
        raise EditError(
            f"The vector to {edit.kind} {edit.name} with has {len(value)} numbers, and the stream is {width} wide.",
            "Take it from this model, for example with difference_of_means.",
        )
    if direction and not any(value[:width]):
        raise EditError(f"The vector to {edit.kind} {edit.name} with is nought: that is no direction.", "Give another.")
    if len(value) >= 2 * width and not sum(a * b for a, b in zip(value[:width], value[width:], strict=False)):
        raise EditError(
            f"The two vectors to {edit.kind} {edit.name} with are at right angles.",
            "What is measured along the first cannot be taken out along the second: give others.",
        )


def _checked_value(kind: EditKind, value: object) -> float | tuple[float, ...] | None:
    """An edit's value in the form that its kind takes. Raises EditError."""
    takes, usual = KINDS[kind].takes, KINDS[kind].usual
    if KINDS[kind].along:
        if value is None or isinstance(value, int | float | str):
            raise EditError(f"A {kind} edit needs a vector.", "One number for each of the stream's width.")
        numbers = tuple(float(number) for number in value)  # type: ignore[attr-defined]
        if not numbers or not all(math.isfinite(number) for number in numbers):
            raise EditError(f"The vector to {kind} with has numbers that are not finite, or none.", "Check its source.")
        return numbers
    if takes == "nothing":
        return None
    if value is None and usual is None:
        raise EditError(f"A {kind} edit needs a value.", f"Write m3={kind}:0.5, or value=0.5.")
    try:
        number = float(usual if value is None else value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise EditError(f"The value of a {kind} edit is one number.", "For example 0.5.") from None
    if not math.isfinite(number):
        raise EditError(f"The value of a {kind} edit cannot be {number}.", "Give a finite number.")
    return number


def parse_edit(text: str) -> Edit:
    """Read `TARGET=KIND[:VALUE][*STRENGTH][#SEED][@POSITION,...]`, as the command line writes edits; a position is a
    number or the name of a role; the value of `steer` and `project` is a file, a JSON
    list of numbers. Raises EditError."""
    target, separator, rest = text.rpartition("=")
    if not separator or not target:
        raise EditError(f"{text!r} is not an edit.", "Write TARGET=KIND, for example 'a9.h6->a10.h7<q>=patch'.")
    rest, _, where = rest.partition("@")
    rest, _, seed = rest.partition("#")
    rest, _, share = rest.partition("*")
    kind, _, value = rest.partition(":")
    kind = kind.strip()
    positions = [_position(part.strip(), text) for part in where.split(",")] if where else None
    kind_name = next((kind_name for kind_name in KINDS if kind_name == kind), None)
    if kind_name is None:
        raise EditError(f"There is no edit called {kind!r}.", f"There are: {', '.join(KINDS)}.")
    if seed and (not KINDS[kind_name].seeded or not seed.strip().isdecimal()):
        raise EditError(
            f"{text!r} has a seed that is none.", f"{' and '.join(SEEDED)} take a whole number, as in m3=noise:0.5#7."
        )
    takes = KINDS[kind_name].takes
    if value and takes == "nothing":
        raise EditError(f"A {kind_name} edit takes no value.", f"Write {target}={kind_name}.")
    number: float | list[float] | None
    try:
        number = _vector(Path(value)) if KINDS[kind_name].along and value else float(value) if value else None
        strength = float(share) if share else 1.0
    except ValueError:
        raise EditError(f"{text!r} has a value that is no number.", "Write m3=scale:0.5@4,5.") from None
    return Edit(target.strip(), kind_name, positions, number, strength, int(seed or 0))


def _vector(path: Path) -> list[float]:
    """The numbers in a JSON file. Raises EditError."""
    try:
        numbers = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(numbers, list) or not numbers:
            raise ValueError
        return [float(number) for number in numbers]
    except (OSError, ValueError, TypeError, OverflowError, RecursionError):
        raise EditError(f"No vector can be read from {path}.", "Give a JSON file that is a list of numbers.") from None


def _position(part: str, text: str) -> int | str:
    try:
        return int(part)
    except ValueError:
        if ROLE.fullmatch(part):
            return part
        raise EditError(
            f"{text!r} has a position that is no number and no role.", "Write m3=mean@4,-1,subject."
        ) from None
