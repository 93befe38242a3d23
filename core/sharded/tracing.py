"""Scores of edges or nodes over many pairs: the mean over all of them, from sums over shards.

It is what `core.tracing.trace` gives over the same pairs, but for the order in which numbers are added. A method that
decides from all pairs together (`Method.joint`), or measures what it decides once for all, cannot be cut into shards.
What `mean` and `resample` take their values from are the pairs of the first shard, the same in every shard.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from core.edit_kinds import EditKind
from core.errors import ArgumentError
from core.sharded.job import PAIRS, ShardResult, Sums, check_replacement
from core.tracing.meaning import NOISE_FLOOR
from core.tracing.method import method_named
from core.tracing.options import Level
from core.tracing.scores import Scores
from core.tracing.told_options import Options

if TYPE_CHECKING:
    from core.datasets.row_pairs import AskedPairs
    from core.datasets.session_over import Shared
    from core.models.model import Model

SCORES, GAP, ROUNDING = "scores", "gap", "rounding"
LEVELS: tuple[Level, ...] = ("edges", "nodes")


@dataclass(frozen=True)
class TraceWork:
    """The arguments of `core.tracing.trace`. Raises ArgumentError for what cannot be done in shards."""

    method: str = "eap-ig"
    replacement: EditKind = "patch"
    level: Level = "edges"
    options: Options = field(default_factory=Options)
    metric: str | None = None
    memory: float | None = None

    def __post_init__(self) -> None:
        method = method_named(self.method)
        if method.joint:
            raise ArgumentError(
                f"{method.title} decides from all pairs together, so that they cannot be cut into shards.",
                "Leave out the folder, or take another method, for example eap-ig.",
            )
        if getattr(self.options.of(method.takes), "budget", 0):
            raise ArgumentError(
                "Which edges a budget is spent on is decided once for all pairs, not shard by shard.",
                "Leave out the folder or the budget.",
            )
        if self.level not in LEVELS:
            raise ArgumentError(
                f"{self.level} of different shards need not correspond.",
                "Score edges or nodes, or leave out the folder.",
            )
        check_replacement(self.replacement)

    @property
    def draws(self) -> bool:
        from core.engine.replacement import ablation

        return ablation(self.replacement).runs(2) > 0

    def told(self) -> dict[str, Any]:
        method = method_named(self.method)
        options = asdict(self.options.of(method.takes))
        return {
            "what": "trace",
            "method": self.method,
            "replacement": self.replacement,
            "level": self.level,
            "options": options,
            "metric": self.metric,
        }

    def of(self, model: Model, pairs: AskedPairs, like: Shared | None) -> tuple[ShardResult, Shared]:
        from core.datasets.session_over import Shared, session_over
        from core.sharded.pair_columns import PairColumns
        from core.tracing.trace import Tracing

        over = session_over(model, pairs, self.metric, self.memory, like)
        of_pairs = PairColumns(model, over.dataset)
        tracing = Tracing(
            over.session,
            self.method,
            replacement=self.replacement,
            level=self.level,
            dataset=over.dataset,
            options=self.options,
            seen=of_pairs.see,
        )
        for _ in tracing.parts():
            pass
        sums = tracing.sums
        scored = {SCORES: sums.values, GAP: np.asarray(sums.gap), ROUNDING: np.asarray(sums.rounding)}
        result = ShardResult({**scored, **of_pairs.sums()}, of_pairs.columns())
        return result, like or Shared(over.session.parity)


def scores_of(work: TraceWork, model: Model, sums: Sums, about: dict[str, str]) -> Scores:
    """The mean scores. about: what else they should say of themselves."""
    from core.tracing.direction import direction_of_gap

    pairs = float(sums[PAIRS])
    method = method_named(work.method)
    floor = math.sqrt(float(sums[ROUNDING])) / pairs
    gap = float(sums[GAP]) / pairs
    said = {name: str(value) for name, value in asdict(work.options.of(method.takes)).items()}
    said |= {"pairs": str(int(pairs)), **({NOISE_FLOOR: f"{floor:.3g}"} if floor > 0 else {}), **about}
    return Scores(
        model.graph,
        sums[SCORES] / pairs,
        method.name,
        work.replacement,
        said,
        work.level,
        None if np.isnan(gap) else direction_of_gap(gap),
    )
