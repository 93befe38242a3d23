"""What a search for a minimal patch (`core.evaluation.minimal_patch`) finds: the set, its certificate, its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

from core.edits import Edit
from core.errors import ArgumentError
from core.formatting import answer_words, counted, pretty_name, visible_token

if TYPE_CHECKING:
    from core.inputs.pair import Pair

PatchLevel = Literal["nodes", "edges", "positions", "regions"]
LEVELS: tuple[PatchLevel, ...] = get_args(PatchLevel)
NAMES: dict[PatchLevel, str] = {"nodes": "node", "edges": "edge", "positions": "position", "regions": "region"}


@dataclass(frozen=True)
class Tried:
    """A run of the search. edit: the part that it is about. margin: in logits. answer: the most probable one."""

    edit: Edit
    margin: float
    answer: str


@dataclass(frozen=True)
class MinimalPatch:
    """What was found.

    flips: whether the answer is B's with all parts in place; otherwise `steps` is what came nearest.
    steps: the parts in their order, each with the margin and the answer when it and all before it are patched.
    certificate: the parts again, each with the margin and the answer when it alone is taken away; empty where nothing
    flips. a, b: the answers without the patches, and of B. margin, b_margin: without the patches, and of B itself.
    candidates: how many parts there are; measured: how many of them were patched alone; alone: whether one of these
    puts B's answer before the best other one by itself. runs: that were made.
    """

    level: PatchLevel
    flips: bool
    steps: tuple[Tried, ...]
    certificate: tuple[Tried, ...]
    a: str
    b: str
    margin: float
    b_margin: float
    candidates: int
    measured: int
    alone: bool
    runs: int

    @property
    def edits(self) -> list[Edit]:
        """The patches in their order, for `Session.run`."""
        return [step.edit for step in self.steps]

    @property
    def smallest(self) -> bool:
        """Whether no smaller set of such parts turns the answer; otherwise nobody knows."""
        size = len(self.steps)
        return self.flips and (size == 1 or (size == 2 and self.measured == self.candidates and not self.alone))

    @property
    def words(self) -> str:
        """What was found, and how sure it is that nothing smaller does it."""
        a, b = f"“{answer_words(self.a)}”", f"“{answer_words(self.b)}”"
        grouped = self.level != "regions" and any(len(positions_in(step.edit)) > 1 for step in self.steps)
        parts = counted(len(self.steps), "group" if grouped else NAMES[self.level]) + grouped * " of positions"
        if not self.flips and not self.candidates:
            return (
                f"There was nothing to try that could turn {a} into {b}: every {NAMES[self.level]} is edited already "
                "or left out. Take back an edit, or leave out less."
            )
        if not self.flips:
            tried = f"No set that was tried turns {a} into {b}"
            more, none = "", "none"
            if self.level == "regions" and self.candidates:  # so few that all of them at once were tried too
                tried, none = f"The region does not turn {a} into {b}", "nothing"
                if self.candidates > 1:
                    all_of = f"All {self.candidates} regions at once"
                    tried = f"{all_of} do not turn {a} into {b}, nor does any other set of them that was tried"
                more = " Name more of the picture, or take single patches."
            if not self.steps:
                return (
                    f"{tried}, and {none} brings it nearer: the margin is "
                    f"{self.margin:z.2f} logits, and above 0 it would have turned.{more}"
                )
            nearest = max(step.margin for step in self.steps)
            return (
                f"{tried}. {parts} from B came nearest: the margin went "
                f"from {self.margin:z.2f} to {nearest:z.2f} logits, and above 0 it would have turned.{more}"
            )
        one = len(self.steps) == 1
        turned = f"{parts} from B turn{'s' * one} {a} into {b}"
        if one:
            return f"{turned}. No set is smaller."
        back = f"{turned}, and without any one of them the answer is not {b}."
        if self.smallest:
            return f"{back} No single one does it: no set is smaller."
        return f"{back} So the set is minimal, which is not the smallest: another set may be smaller."


def square_groups(pair: Pair, side: int) -> list[tuple[int, ...]]:
    """The patches of a picture in squares of so many by so many, for `minimal_patch(groups=...)`; at the right and
    below what is left. Raises ArgumentError for text, and for a side that there is not."""
    if pair.grid is None:
        raise ArgumentError("Squares of patches are of pictures.", "Of a text take single positions.")
    rows, columns = pair.grid
    if not 1 <= side <= max(rows, columns):
        raise ArgumentError(f"There are no squares of {side} patches.", f"Give 1 to {max(rows, columns)}.")
    squares: dict[tuple[int, int], list[int]] = {}
    for place in range(rows * columns):
        row, column = divmod(place, columns)
        squares.setdefault((row // side, column // side), []).append(pair.prefix + place)
    return [tuple(square) for square in squares.values()]


def region_groups(pair: Pair) -> list[tuple[int, ...]]:
    """The positions of each named region of a picture, for `minimal_patch(level="regions")`. Raises ArgumentError for
    text, and where no region has a name."""
    if pair.grid is None:
        raise ArgumentError("Named regions are of pictures.", "Of a text take single positions.")
    if not pair.regions:
        raise ArgumentError(
            "No region of the picture has a name, so there is nothing to patch.",
            "Name patches: --region eye=27-28,35-36, or pair.with_regions(...).",
        )
    return list(dict.fromkeys(rows[0] for rows in pair.regions.values()))  # two names of the same are one part


def part_words(
    edit: Edit, labels: Sequence[str], prefix: int | None, regions: Mapping[str, Sequence[int]] | None = None
) -> str:
    """What a part of a set is called: its node or edge, "“Tom” at 8", "patch 3,4", "patches 2,4 to 3,5", or the name of
    a region. labels: of the positions of A. prefix: positions before the first patch of a picture; None of a text.
    regions: sorted positions by name; only of a set of regions."""
    places = positions_in(edit)
    if not places:
        return pretty_name(edit.name)
    name = next((name for name, held in (regions or {}).items() if tuple(held) == places), "")
    if name:
        return name
    if prefix is None:
        return ", ".join(f"“{visible_token(labels[place])}” at {place}" for place in places)
    if len(places) == 1:
        label = labels[places[0]]
        return f"patch {label}" if places[0] >= prefix else label
    return f"patches {labels[places[0]]} to {labels[places[-1]]}"


def positions_in(edit: Edit) -> tuple[int, ...]:
    """Of a candidate, which holds numbers."""
    return cast("tuple[int, ...]", edit.positions or ())


@dataclass(frozen=True)
class Grown:
    """The set on its way, for who watches: its parts, and the margin and the answer with all of them."""

    edits: tuple[Edit, ...]
    margin: float
    answer: str
