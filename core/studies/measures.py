"""What is asked of every model of the study of modalities, a row of its table each, and what was found of one model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from core.studies.attention import Attention
from core.studies.estimate import UNDEFINED, Estimate, mean_of
from core.studies.meeting import Meeting
from core.studies.sparsity import Disagreement, Sparsity


@dataclass(frozen=True, eq=False)
class ModelStudied:
    """What was found of one model. task: in the table of tasks. metric: in words. positions: the fewest and the most
    that its inputs have. able: the share of judged pairs in which the metric is on A's side; None without a head.
    meeting, sparsity, disagreement: as their files say. seconds: that all answers took, whoever found them."""

    model: str
    sees: bool
    layers: int
    heads: int
    edges: int
    positions: tuple[int, int]
    inputs: int
    pairs: tuple[int, int]
    task: str
    metric: str
    able: float | None
    attention: Attention
    meeting: Meeting
    sparsity: Sparsity
    disagreement: Disagreement
    seconds: float

    def __getitem__(self, key: str) -> Estimate:
        """A measure by its key in MEASURES."""
        if key not in self._estimates:
            self._estimates[key] = MEASURES[key].of(self)
        return self._estimates[key]

    @cached_property
    def _estimates(self) -> dict[str, Estimate]:
        return {}


@dataclass(frozen=True)
class Measure:
    """A row of the table. title: of the row. about: what it is, in a sentence. of: read off what was found. unit:
    "share", or "number" for what is none. seen: whether only models that see have it."""

    title: str
    about: str
    of: Callable[[ModelStudied], Estimate]
    unit: str = "share"
    seen: bool = False


def _only_seen(name: str) -> Callable[[ModelStudied], Estimate]:
    return lambda studied: studied.attention.mean(name) if studied.sees else UNDEFINED


MEASURES: dict[str, Measure] = {
    "distance": Measure(
        "Distance of what heads read",
        "mean distance of what is read, as a share of the text's length or of the picture's diagonal",
        lambda studied: studied.attention.mean("distance"),
    ),
    "over even": Measure(
        "the same, over even attention",
        "1: as far as a head that reads all it may alike; below 1: nearer",
        lambda studied: studied.attention.over_even(),
        unit="number",
    ),
    "named": Measure(
        "On the first token, CLS, registers",
        "places that stand for no word or patch of their own",
        lambda studied: studied.attention.mean("named"),
    ),
    "itself": Measure(
        "Of the rest, on the position itself",
        "a word on itself, a patch on itself",
        lambda f: f.attention.mean("itself"),
    ),
    "earlier": Measure(
        "Of the rest, on earlier positions",
        "words before; patches above, or to the left in the same row",
        lambda studied: studied.attention.mean("earlier"),
    ),
    "later": Measure(
        "Of the rest, on later positions",
        "a model that writes text may not look there, so that 0 is its build and not what it learned",
        lambda studied: studied.attention.mean("later"),
    ),
    "row": Measure("Of the rest, along the row", "other patches of the row", _only_seen("row"), seen=True),
    "column": Measure("Of the rest, along the column", "other patches of the column", _only_seen("column"), seen=True),
    "positional": Measure(
        "Heads that go by position alone",
        "whose mean pattern over other inputs explains at least half of what they do",
        lambda studied: studied.attention.positional(),
    ),
    "positional named": Measure(
        "such, mostly on first token or CLS",
        "heads that look at the same named place whatever the input",
        lambda studied: studied.attention.positional_named(),
    ),
    "positional shuffled": Measure(
        "such, patterns shuffled (control)",
        "what the count gives where there is nothing to find",
        lambda studied: studied.attention.positional(shuffled=True),
    ),
    "left": Measure(
        "Depth: changed place decides no more",
        "share of the layers, where patching it there moves the answer by less than half",
        lambda studied: studied.meeting.left(),
    ),
    "meets": Measure(
        "Depth: information meets",
        "from here on the place that the output reads decides more than the changed one",
        lambda studied: studied.meeting.meets(),
    ),
    "arrived": Measure(
        "Depth: the answer's place decides",
        "where patching it moves the answer by half",
        lambda studied: studied.meeting.arrived(),
    ),
    "edges": Measure(
        "Edges that recover 80 %",
        "share of all edges, those with the largest scores",
        lambda studied: studied.sparsity.share(),
    ),
    "random edges": Measure(
        "the same, random edges (control)", "share of all edges", lambda studied: studied.sparsity.random_share()
    ),
    "correlation": Measure(
        "Rank correlation, estimate and exact",
        "1: the same order; of the edges with the largest estimates",
        lambda studied: mean_of(studied.disagreement.correlation),
        unit="number",
    ),
    "wrong sign": Measure(
        "Edges with the wrong sign",
        "of the edges with the largest estimates",
        lambda studied: mean_of(studied.disagreement.wrong_sign),
    ),
}
