"""Which nodes, beside two sets of heads, few-shot answers lose most by: each is ablated alone, and really run.

effect = mean of log p(answer), ablated - mean of log p(answer)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.metrics import log_probability
from core.models.model import Model
from core.scan import Scan
from core.session import Session
from core.studies.kept_results import KeptResults
from core.studies.outcomes import MEGABYTES, Inputs, others_of
from core.studies.pieces import PieceWorkers, do_pieces

ROWS = 5  # prompts, one each of tasks that are spread over all


@dataclass(frozen=True)
class NextNodes:
    """nodes: (name, effect in nats), what is lost most by first. rows: prompts."""

    nodes: tuple[tuple[str, float], ...]
    rows: int


@dataclass(frozen=True, eq=False)
class Ablations:
    """The effect of every node but the input on one prompt: a piece of a study. row: its number. prompt: it alone."""

    row: int
    prompt: Inputs

    @property
    def key(self) -> str:
        return f"next nodes {self.row}"

    def of(self, model: Model, shared: dict[str, Any]) -> list[float]:
        prompt = self.prompt.to(model.adapter.device)
        session = Session(
            model,
            model.pair(prompt.ids[0][None]),
            log_probability([prompt.answers[0]]),
            mean_over_positions=True,
            memory_megabytes=MEGABYTES,
            population=others_of(model, prompt, shared),
        )
        names = _names(model)
        effects = [0.0] * len(names)
        for part in Scan(session, names, "mean").parts():
            for place, effect in zip(part.numbers, part.effects, strict=True):
                effects[int(place)] = float(effect)
        return effects


def next_nodes(
    model: Model, inputs: Inputs, beside: Sequence[str], kept: KeptResults, workers: PieceWorkers | None = None
) -> NextNodes:
    """inputs: few-shot prompts. beside: heads that are known already. Raises Cancelled, and what workers raise."""
    rows = _spread(inputs)
    pieces = [Ablations(row, inputs.some(range(row, row + 1)).to("cpu")) for row in rows]
    effects = np.sum([np.array(each) / len(rows) for each in do_pieces(model, pieces, kept, workers)], axis=0)
    others = [
        (name, float(effect)) for name, effect in zip(_names(model), effects, strict=True) if name not in set(beside)
    ]
    return NextNodes(tuple(sorted(others, key=lambda each: each[1])), len(rows))


def _names(model: Model) -> list[str]:
    return [node.name for node in model.graph.writers if node.kind != "input"]


def _spread(inputs: Inputs) -> list[int]:
    first: dict[str, int] = {}
    for row, group in enumerate(inputs.groups):
        first.setdefault(group, row)
    chosen = list(first.values())
    return [chosen[place] for place in np.unique(np.linspace(0, len(chosen) - 1, ROWS).round().astype(int))]
