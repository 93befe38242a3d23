"""What the window asks of circuits and of what edits change, and the answers. `circuit_parts` serves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.messages import Want
from core.edits import EditKind
from core.tracing.selection import USUAL


@dataclass(frozen=True)
class WantKept(Want):
    """What the document's circuit recovers."""


@dataclass(frozen=True)
class Kept:
    """The run of the circuit of the best `size` edges: the share of the metric that it recovers, and what as many
    random edges recover. connected: of them, those on a path from input to output. whole, nothing: the metric with all
    edges and with none. Over a dataset, means over its `pairs`; band: of the share, 95 % by bootstrap over them.
    accuracy, whole_accuracy: the share of pairs that the circuit, and the whole model, answers rightly; None for a
    model that gives no answers. of: the scores that ranked its edges, as `Scored.of` has it."""

    number: int
    size: int
    connected: int
    share: float
    random: float
    metric: float
    whole: float
    nothing: float
    kind: EditKind
    pairs: int = 0
    band: tuple[float, float] | None = None
    accuracy: float | None = None
    whole_accuracy: float | None = None
    of: object = None


@dataclass(frozen=True)
class WantCurve(Want):
    """What circuits of all sizes recover."""


@dataclass(frozen=True, eq=False)
class CurveFound:
    """The faithfulness curve of the scores. band: [2, points], lowest and highest of random circuits. sure: [2,
    points], 95 % by bootstrap over the `pairs` of a dataset; None for the pair on the cards."""

    number: int
    sizes: tuple[int, ...]
    recovered: tuple[float, ...]
    band: NDArray[np.float64]
    cpr: float
    cmd: float
    kind: EditKind
    title: str  # of the method
    sure: NDArray[np.float64] | None = None
    pairs: int = 0
    rule: str = USUAL


@dataclass(frozen=True)
class WantChanges(Want):
    """How much the edits change what each node puts out."""


@dataclass(frozen=True, eq=False)
class ChangesFound:
    """reached, values: [nodes], in the order of `graph.nodes`; None without edits: see `core.evaluation`."""

    number: int
    reached: NDArray[np.bool_] | None
    values: NDArray[np.float64] | None
