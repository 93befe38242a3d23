"""A minimal patch in words: what it may be made of, how it grows, what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from app.features.flip.queries import FlipQuery
from core.edits import Edit, Target
from core.evaluation.patched_set import Grown, MinimalPatch, PatchLevel, Tried, part_words
from core.formatting import answer_words, counted, number
from core.groups import Region
from views.panels.flip.data import HEADERS, FlipChoice, FlipRow, whole_words_of

OF_MODEL = (("nodes", "Heads and MLPs"), ("edges", "Edges"))
OF_TEXT = (("positions", "Tokens of A"),)
OF_PICTURE = (
    ("positions", "Patches"),
    ("positions/2", "Squares of 2 × 2 patches"),
    ("positions/4", "Squares of 4 × 4 patches"),
)
REGIONS = "regions"
NO_REGION = "No region of the picture has a name: brush patches of A and write a name under the cards"
UNDO = "Ctrl+Z"
KEPT = f"What was patched by then stays as a step of the history; {UNDO} takes it back."
STALE = "It is of other inputs or edits than those now. "


def cancelled_words(told: Sequence[Grown]) -> str:
    """What a cancel has left. told: what was told of the set so far."""
    return f"Cancelled. {KEPT}" if told and told[-1].edits else "Cancelled before anything was patched."


def choices(is_text: bool, regions: Sequence[Region]) -> tuple[FlipChoice, ...]:
    """What a set may be made of, with keys as `query_of` reads them. regions: that have a name."""
    of_input = OF_TEXT if is_text else OF_PICTURE
    named = () if is_text else (FlipChoice(REGIONS, "Named regions", "" if regions else NO_REGION),)
    return *(FlipChoice(*each) for each in OF_MODEL + of_input), *named


def query_of(key: str, standing: Sequence[Edit], regions: Sequence[Region]) -> FlipQuery:
    """regions: that have a name, for where the set is made of them."""
    level, _, side = key.partition("/")
    of_level = tuple(regions) if level == REGIONS else ()
    return FlipQuery(level=cast(PatchLevel, level), side=int(side or 1), regions=of_level, standing=tuple(standing))


def step_words(edits: Sequence[Edit]) -> str:
    """What the step of the history is called."""
    return f"Minimal patch: {counted(len(edits), 'part')} from B"


class Names:
    """What the parts of one input are called. labels: of A's positions. prefix: positions before the first patch of a
    picture; None of a text. regions: that the set may be made of."""

    def __init__(self, labels: Sequence[str], prefix: int | None, regions: Sequence[Region] = ()) -> None:
        self._labels, self._prefix = labels, prefix
        self._regions = {region.name: region.positions for region in regions}

    def of(self, edit: Edit) -> str:
        return part_words(edit, self._labels, self._prefix, self._regions)


def growing_rows(told: Sequence[Grown], names: Names) -> tuple[FlipRow, ...]:
    """The set on its way. told: what was told of it so far; each part has the margin of the set with which it came."""
    if not told:
        return ()
    now = told[-1].edits
    by_set = {each.edits: each for each in told}
    rows = [_row("nothing", by_set.get(()))]
    for count in range(1, len(now) + 1):
        rows.append(_row(names.of(now[count - 1]), by_set.get(now[:count]), cast(Target, now[count - 1].target)))
    return tuple(rows)


def _row(part: str, grown: Grown | None, target: Target | None = None) -> FlipRow:
    if grown is None:
        return FlipRow(part, "…", "", target=target)
    return FlipRow(part, number(grown.margin), answer_words(grown.answer), target=target)


def growing_words(grown: Grown) -> str:
    """How far it has come."""
    parts = counted(len(grown.edits), "part") + " from B"
    return f"{parts}: the answer is “{answer_words(grown.answer)}”, the margin {number(grown.margin)}"


def patch_rows(patch: MinimalPatch, names: Names) -> tuple[FlipRow, ...]:
    """The set, each part with its line of the certificate."""
    rows = [FlipRow("nothing", number(patch.margin), answer_words(patch.a))]
    without: Sequence[Tried | None] = patch.certificate or [None] * len(patch.steps)
    for step, less in zip(patch.steps, without, strict=True):
        rows.append(
            FlipRow(
                names.of(step.edit),
                number(step.margin),
                answer_words(step.answer),
                "" if less is None else number(less.margin),
                "" if less is None else answer_words(less.answer),
                step.answer == patch.b,
                cast(Target, step.edit.target),
            )
        )
    return tuple(rows)


def detail_words(patch: MinimalPatch, stale: bool) -> str:
    """The numbers behind it."""
    alone = f"{patch.measured:,} of {patch.candidates:,} candidates patched alone"
    ends = f"margin of A {number(patch.margin)}, of B {number(patch.b_margin)} logits"
    return f"{STALE if stale else ''}{alone}, {patch.runs:,} runs · {ends}"


def as_text(rows: Sequence[FlipRow], headline: str, detail: str) -> str:
    """The table with tabs, and what is said of it: for the clipboard."""
    lines = ["\t".join(HEADERS), *("\t".join(whole_words_of(row)) for row in rows)]
    return "\n".join([*lines, "", headline, detail, ""])
