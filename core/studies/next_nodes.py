"""Which nodes, beside two sets of heads, few-shot answers lose most by: each is ablated alone, and really run.

effect = mean of log p(answer), ablated - mean of log p(answer)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.metrics import log_probability
from core.models.model import Model
from core.progress import at
from core.scan import Scan
from core.session import Session
from core.studies.kept_results import KeptResults
from core.studies.outcomes import MEGABYTES, Inputs, others_of

ROWS = 5  # prompts, one each of tasks that are spread over all


@dataclass(frozen=True)
class NextNodes:
    """nodes: (name, effect in nats), what is lost most by first. rows: prompts."""

    nodes: tuple[tuple[str, float], ...]
    rows: int


def next_nodes(model: Model, inputs: Inputs, beside: Sequence[str], kept: KeptResults) -> NextNodes:
    """inputs: few-shot prompts. beside: heads that are known already. Raises Cancelled."""
    rows = _spread(inputs)
    if "next nodes" not in kept:
        kept.keep({"next nodes": _effects(model, inputs, rows)})
    effects: dict[str, float] = kept["next nodes"]
    others = [(name, effect) for name, effect in effects.items() if name not in set(beside)]
    return NextNodes(tuple(sorted(others, key=lambda each: each[1])), len(rows))


def _spread(inputs: Inputs) -> list[int]:
    first: dict[str, int] = {}
    for row, group in enumerate(inputs.groups):
        first.setdefault(group, row)
    chosen = list(first.values())
    return [chosen[place] for place in np.unique(np.linspace(0, len(chosen) - 1, ROWS).round().astype(int))]


def _effects(model: Model, inputs: Inputs, rows: Sequence[int]) -> dict[str, float]:
    names = [node.name for node in model.graph.writers if node.kind != "input"]
    sums = dict.fromkeys(names, 0.0)
    population = others_of(model, inputs)
    for number, row in enumerate(rows):
        session = Session(
            model,
            model.pair(inputs.ids[row][None]),
            log_probability([inputs.answers[row]]),
            mean_over_positions=True,
            memory_megabytes=MEGABYTES,
            population=population,
        )
        scan = Scan(session, names, "mean")
        for part in scan.parts():
            for place, effect in zip(part.numbers, part.effects, strict=True):
                sums[names[int(place)]] += float(effect) / len(rows)
        at((number + 1) / len(rows))
    return sums
