"""The noise floor of a model in half precision: how far rounding alone moves the metric.

bf16 keeps 8 bits: each number that is written to the stream is rounded by up to 2^-9 of itself, in every layer. An edit
changes what is rounded, so a measured effect holds, beside what the edit does, what other roundings do.

Steps:
1. Run A `DRAWS` times, with what the input writes moved at random by about two roundings: all that comes later is then
   rounded otherwise.
2. The floor is `SPREADS` times the root mean square of what the metric (the mean over the batch) changes by.

An effect below the floor cannot be told from rounding: neither its size nor its sign is known. In fp32 and fp64 the
floor is taken as 0: their rounding is some 100,000 times smaller.

Where an answer is nearly certain, its logarithm is seldom moved far, and sometimes very far: a few small moves then
give a floor that is too low. Of 2,134 edits of 11 prompts of the bundled model, 588 log-probabilities were above the
floor of 8 moves by one rounding, and 4 of these had another sign than in fp32; above this floor are 493, and none has.
A size may still be wrong by more than the floor, and so may that of a divergence, which grows with the square of what
is moved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from core.edits import Edit
from core.formatting import BELOW as BELOW
from core.formatting import effect_words as effect_words
from core.formatting import is_below_noise as is_below_noise
from core.graph import Node

if TYPE_CHECKING:
    from torch import Tensor

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
    def clean(self) -> Result: ...

    def run(self, edits: Sequence[Edit]) -> Result: ...


def noise_floor(session: Runs) -> float:
    """In the metric's unit, of its mean over the batch; 0 for a model in fp32 or fp64."""
    return 0.0 if not _rounds(session) else float(floors_of(session, lambda result: result.metric.mean()))


def floors_of(session: Runs, read: Callable[[Result], Tensor]) -> Tensor:
    """The floor of each number that is read off a run; all 0 for a model in fp32 or fp64."""
    import torch  # here: the window asks for the words below before its first frame

    without = read(session.clean).float()
    squares = torch.zeros_like(without)
    for draw in range(DRAWS if _rounds(session) else 0):
        two_roundings = torch.finfo(session.model.adapter.dtype).eps
        moved = Edit(Node("input"), "noise", value=two_roundings, seed=FIRST_SEED + draw)
        squares += (read(session.run([moved])).float() - without) ** 2
    return SPREADS * (squares / DRAWS).sqrt()


def _rounds(session: Runs) -> bool:
    """Whether the model computes in half precision."""
    from core.precision import HALF

    return session.model.adapter.dtype in HALF
