"""What the table shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.edits import Target
from core.graph import Graph


@dataclass(frozen=True, eq=False)
class TableData:
    """All that the table shows.

    scores: [edges], positive raises the metric if they are `signed`; None while there are none. strongest: the
    edges that have an effect, the largest first, where that is known. kept: the edges of the circuit [n]. measured: the
    change of the metric by editing a target. edits: the words of every edit ("from B"). removed: what the scores and
    the circuit put in the place of an edge ("from B"). direction: A's, by which numbers have their hue, those of edges
    that lead towards A blue; of_metric: that of the measured ones.
    """

    graph: Graph
    scores: NDArray[np.float64] | None = None
    strongest: NDArray[np.int64] | None = None
    kept: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    measured: Mapping[Target, float] = field(default_factory=dict)
    edits: Mapping[Target, str] = field(default_factory=dict)
    removed: str = ""
    input_label: str = "input"
    output_label: str = "logits"
    stale: bool = False
    exact: bool = False  # the scores are measured, not estimated
    how: str = "estimated"  # the scores, where they are not measured: "scored", "drawn"
    signed: bool = True  # whether the sign of these says anything
    direction: int | None = 1
    of_metric: int | None = 1
    circuit: str = ""  # what is kept, and by what it is ranked
    estimated_of: str = ""  # method and inputs of the scores
    measured_of: str = ""  # inputs of what was measured
    with_edits: bool = False  # what was measured is on top of edits, which the scores are without
    noise_floor: float = 0.0  # of the metric in half precision: a smaller measured change is rounding
    labels: Mapping[Target, str] = field(default_factory=dict)  # what heads do on A: "copying .81"
    scanned: NDArray[np.bool_] | None = None  # edges whose scores are measured, where the others are estimates
