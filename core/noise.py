"""The noise floor of a model in half precision: how far rounding alone moves the metric.

bf16 keeps 8 bits: each number that is written to the stream is rounded by up to 2^-9 of itself, in every layer. An edit
changes what is rounded, so a measured effect holds, beside what the edit does, what other roundings do.

Steps:
1. Run A `DRAWS` times, with what the input writes moved at random by about one rounding: all that comes later is then
   rounded otherwise.
2. The floor is `SPREADS` times the root mean square of what the metric (the mean over the batch) changes by.

An effect below the floor cannot be told from rounding: neither its size nor its sign is known. In fp32 and fp64 the
floor is taken as 0: their rounding is some 100,000 times smaller.

Measured on the bundled model, all edges, against fp32: 99.8 % of the effects are nearer to fp32's than the floor, and
those above it all have fp32's sign. Where an answer is nearly certain, a logarithm or a divergence moves more under an
edit than at A, and the floor is too low for it: a size may then be wrong by more than the floor.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.edits import Edit
from core.graph import Node

if TYPE_CHECKING:
    from core.session import Session

DRAWS = 8
SPREADS = 3.0
FIRST_SEED = 9_000  # of the noise: others than those that people take
BELOW = "below noise"


def noise_floor(session: Session) -> float:
    """In the metric's unit; 0 for a model in fp32 or fp64."""
    import torch  # here: the window asks for the words below before its first frame

    from core.precision import HALF

    dtype = session.model.adapter.dtype
    if dtype not in HALF:
        return 0.0
    without = float(session.clean.metric.mean())
    changes = []
    for draw in range(DRAWS):
        rounding = torch.finfo(dtype).eps / 2
        moved = Edit(Node("input"), "noise", value=rounding, seed=FIRST_SEED + draw)
        changes.append(float(session.run([moved]).metric.mean()) - without)
    return SPREADS * math.sqrt(sum(change**2 for change in changes) / DRAWS)


def is_below_noise(effect: float, floor: float) -> bool:
    """Whether rounding alone may have made a measured effect. Where nothing is rounded so far, no effect is."""
    return floor > 0 and abs(effect) < floor


def effect_words(effect: float, floor: float, digits: int = 4) -> str:
    """An effect as people read it, "+0.1234", and where rounding may have made it, that: "below noise (0.05)"."""
    if is_below_noise(effect, floor):
        return f"{BELOW} ({floor:.2g})"
    return f"{round(effect, digits) + 0.0:+.{digits}f}"
