"""A method in one file, as a newcomer would write it: an edge is worth the more, the earlier its writer is.

Steps:
1. A writer of layer l is worth `top` ** -l, and all its edges with it; `input` is of layer 0.

Cost: nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from core.errors import ArgumentError
from core.tracing.job import Job, MethodResult
from core.tracing.meaning import SHARE
from core.tracing.method import Method
from core.tracing.options import option


@dataclass(frozen=True)
class ToyOptions:
    top: float = option(2.0, "what an earlier layer counts more", title="Earlier", least=1, most=9, digits=1)
    rounds: int = option(3, "of nothing")

    def __post_init__(self) -> None:
        if not self.top > 1:
            raise ArgumentError(f"Earlier layers count more: above 1, not {self.top:g}.")


@dataclass
class ToyState:
    begun: int = 0
    layers: list[int] = field(default_factory=list)


def toy(job: Job) -> Iterator[MethodResult]:
    graph, top, state = job.session.graph, job.options_of(ToyOptions).top, job.state(ToyState)
    state.begun += 1
    layer_of = np.array([max(writer.layer or 0, 0) for writer in graph.writers])[graph.edge_writers]
    for layer in range(len(state.layers), graph.layers):
        job.check()
        state.layers.append(layer)
        done = np.where(layer_of <= layer, top ** -layer_of.astype(float), np.nan)
        yield MethodResult(done, len(state.layers) / graph.layers if layer < graph.layers - 1 else 1.0)


METHOD = Method(
    "toy",
    "Toy",
    "earlier writers first",
    toy,
    takes=ToyOptions,
    levels=("edges",),
    meaning=SHARE,
    replaces=False,
    slopes=False,
    forwards=lambda scored, options: 0.0,
)
