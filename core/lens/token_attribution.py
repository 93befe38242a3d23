"""Attribution per token, or per patch: what the input at each position does to the metric.

    effect at p = - (e - e')[p] . mean of the metric's gradient at p

e is the embedding (what the `input` node writes), e' what a replacement puts in its place: B's, the mean, zero, another
input's. Two estimates:

    integrated   the mean over the straight line from e' to e, at midpoints (Sundararajan et al. 2017, "Axiomatic
                 Attribution for Deep Networks"): the effects of all positions add up to that of replacing the whole
                 input (completeness), as far as the steps are fine enough. `gap` says how far off they are.
    gradient     the gradient at e alone, "input x gradient" (Simonyan et al. 2014; Shrikumar et al. 2016)

Beside them the measurement: the embedding is really replaced at one position at a time (occlusion: Zeiler & Fergus
2014). Effects of one position at a time need not add up to anything. All of it is of the model without edits.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from core.edits import Edit, EditKind
from core.errors import ArgumentError, Cancelled
from core.graph import INPUT
from core.lens.positions import measured_effects
from core.pictures.heat_map import MOST, heat_map
from core.pictures.picture import Picture
from core.session import Session
from core.tracing.attribution import gradients_at
from core.tracing.job import common_length
from core.tracing.losses import Losses

AttributionMethod = Literal["integrated", "gradient"]
STEPS = 20


@dataclass(frozen=True)
class TokenAttribution:
    """Effects of replacing the input at each position, in the metric's unit, means over the rows.

    metric: its name. labels: of the positions. replacement: what is put in. estimated: [position], by `method`, of
    `steps` points. total: the effect of really replacing all of the input. measured: [position], of really replacing
    one position at a time; None where that was not asked for.
    """

    metric: str
    labels: tuple[str, ...]
    replacement: EditKind
    method: AttributionMethod
    steps: int
    estimated: NDArray[np.float64]
    total: float
    measured: NDArray[np.float64] | None = None

    @property
    def gap(self) -> float:
        """How far the estimates' sum is from the effect of replacing all: 0 for a complete attribution."""
        return float(self.estimated.sum()) - self.total

    def picture(self, grid: tuple[int, int] | None = None, prefix: int = 0) -> Picture:
        """Blue raises the metric when it is replaced, orange lowers it. Tokens in a line, the last of many; patches of
        a grid in their places. grid, prefix: of a picture's pair."""
        title = f"change of {self.metric} where the input is replaced, estimated"
        if grid is not None:
            return heat_map(self.estimated[prefix:].reshape(grid), title=title)
        some = slice(max(0, len(self.labels) - MOST), None)
        rows = [("estimated", self.estimated)] + ([] if self.measured is None else [("measured", self.measured)])
        return heat_map(
            [values[some] for _, values in rows], [name for name, _ in rows], self.labels[some], title=title
        )

    def _repr_svg_(self) -> str:
        """In a notebook: in a line, also of patches."""
        return self.picture().svg

    def to_csv(self) -> str:
        """A line for each position."""
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(("position", "token", f"estimated ({self.method})", "measured"))
        for position, effect in enumerate(self.estimated):
            measured = "" if self.measured is None else f"{self.measured[position]:.6g}"
            lines.writerow((position, self.labels[position], f"{effect:.6g}", measured))
        return text.getvalue()


def token_attribution(
    session: Session,
    replacement: EditKind | None = None,
    *,
    method: AttributionMethod = "integrated",
    steps: int = STEPS,
    measured: bool = False,
    cancelled: Callable[[], bool] | None = None,
    done: Callable[[float], None] | None = None,
) -> TokenAttribution:
    """The effects of all positions.

    replacement: patch, zero, mean or resample; by default patch where there is a B, else mean. steps: points of the
    line. measured: replace each position really too, a run each. done: told the share that is done.
    Raises ArgumentError for a metric without a slope, an unknown method, no steps and a replacement that has no
    estimate; EditError for a patch without a B; InputError for rows of different lengths; Cancelled.
    """
    if method not in get_args(AttributionMethod):
        raise ArgumentError(f"There is no attribution called {method!r}.", "Take integrated or gradient.")
    if steps < 1:
        raise ArgumentError("An attribution takes one step at least.", f"Take {STEPS}.")
    common_length([session.pair])
    if replacement is None:
        replacement = "patch" if session.pair.counterfactual is not None else "mean"
    steps = 1 if method == "gradient" else steps
    runs = steps + (session.pair.length if measured else 0)
    told = done or (lambda _: None)
    with torch.no_grad():
        lost = Losses(session, replacement, 0).of_input()  # e - e'
    a = session.engine.embedding
    effects = torch.zeros(lost.shape[1], dtype=torch.float64, device="cpu")
    for step in range(steps):
        if cancelled is not None and cancelled():
            raise Cancelled
        share = 1.0 if method == "gradient" else (step + 0.5) / steps
        gradient = gradients_at(session, (a - (1 - share) * lost).to(a.dtype)).at_start()
        effects -= (lost * gradient).sum(dim=-1).mean(dim=0).detach().cpu().double() / steps
        told((step + 1) / runs)
    before = float(session.clean.metric.mean())
    total = float(session.run([Edit(INPUT, replacement)], cancelled=cancelled).metric.mean()) - before
    changes = None
    if measured:
        changes = measured_effects(
            session, INPUT, replacement, (), cancelled, lambda part: told((steps + part * (runs - steps)) / runs)
        )
    return TokenAttribution(
        session.metric.name, session.pair.clean.labels, replacement, method, steps, effects.numpy(), total, changes
    )
