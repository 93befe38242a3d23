"""The noise floor of a model in half precision: how far rounding alone moves the metric.

bf16 keeps 8 bits: each number that is written to the stream is rounded by up to 2^-9 of itself, in every layer. An edit
changes what is rounded, so a measured effect holds, beside what the edit does, what other roundings do.

Steps:
1. Run A `DRAWS` times, with what the input writes moved at random by about two roundings: all that comes later is then
   rounded otherwise.
2. The floor is `SPREADS` times the root mean square of what the metric (the mean over the batch) changes by.
3. A metric that is measured from A's own output (KL, the cosine to A) has no slope there: it goes with the square of
   how far the output is moved. Rounding e beside an edit d then makes (d + e)^2 - d^2 = 2 d e + e^2 of it, of which
   step 2 sees e^2 alone. So the floor is the square of `SPREADS` times the root mean square of e: what an edit makes
   that moves the output just so far. With edits in place the metric has a slope, and the floor is that of step 2 if
   that is higher.

An effect below the floor cannot be told from rounding: neither its size nor its sign is known. In fp32 and fp64 the
floor is taken as 0: their rounding is some 100,000 times smaller.

What is above it has its sign, and its size about: the effect of a large edit, which leads to where rounding moves the
metric otherwise than in A, may be wrong by more than the floor, but by a small share of itself. `make bench ARGS=noise`
counts both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from core.edits import Edit
from core.graph import Node

if TYPE_CHECKING:
    from torch import Tensor

    from core.metrics import BoundMetric
    from core.models.model import Model
    from core.result import Result

DRAWS = 16
SPREADS = 3.0
FIRST_SEED = 9_000  # of the noise: others than those that people take


class Runs(Protocol):
    """What is moved: a session (`core.session`)."""

    @property
    def model(self) -> Model: ...

    @property
    def metric(self) -> BoundMetric: ...

    @property
    def clean(self) -> Result: ...

    def run(self, edits: Sequence[Edit]) -> Result: ...


def noise_floor(session: Runs, edits: Sequence[Edit] = ()) -> float:
    """In the metric's unit, of its mean over the batch, beside these edits; 0 for a model in fp32 or fp64."""
    if not _rounds(session):
        return 0.0
    squared = session.metric.row.distance != 0
    changes = _changes(session, lambda result: result.metric.mean()).abs()
    floor = SPREADS**2 * float(changes.mean()) if squared else _spread(changes)
    if edits:
        beside = _spread(_changes(session, lambda result: result.metric.mean(), edits))
        floor = max(floor, beside) if squared else beside
    return floor


def floors_of(session: Runs, read: Callable[[Result], Tensor]) -> Tensor:
    """The floor of each number that is read off a run, none of which is measured from A's own output; all 0 for a model
    in fp32 or fp64."""
    import torch

    without = read(session.clean).float()
    if not _rounds(session):
        return torch.zeros_like(without)
    return SPREADS * _changes(session, read).square().mean(dim=0).sqrt()


def _changes(session: Runs, read: Callable[[Result], Tensor], edits: Sequence[Edit] = ()) -> Tensor:
    """What rounding otherwise changes a number by, in each draw: [draws, ...]."""
    import torch

    two_roundings = torch.finfo(session.model.adapter.dtype).eps
    without = read(session.run(edits)).float()
    moved = (Edit(Node("input"), "noise", value=two_roundings, seed=FIRST_SEED + draw) for draw in range(DRAWS))
    return torch.stack([read(session.run([*edits, each])).float() - without for each in moved])


def _spread(changes: Tensor) -> float:
    return SPREADS * float(changes.square().mean().sqrt())


def _rounds(session: Runs) -> bool:
    """Whether the model computes in half precision."""
    from core.precision import HALF

    return session.model.adapter.dtype in HALF
