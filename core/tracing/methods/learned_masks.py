"""Learned edge masks (Bhaskar et al. 2024, "Finding Transformer Circuits with Edge Pruning"): all edges at once, by
gradient descent.

Steps:
1. Give every edge (or node: all edges out of it; or node at a position) a mask z from 0 to 1, a hard-concrete variable
   with a parameter log alpha (Louizos et al. 2018, "Learning Sparse Neural Networks through L0 Regularization"): with u
   uniform, s = sigmoid((log u - log(1 - u) + log alpha) / (2/3)), z = s stretched from -0.1 to 1.1 and cut to 0..1.
   They begin open.
2. Run A with every edge carrying z of what its writer adds, and 1 - z of its replacement.
3. Change the log alphas (Adam) against the divergence of the output from A's (KL in nats; without a head, 1 - cosine)
   and towards a share `keep` of edges that are expected to be open: the square of what is missed is the penalty, where
   the paper has two multipliers that rise until nothing is. The target comes down from all of them over the first half
   of the updates.
4. Do 2 and 3 `updates` times. The circuit is the masks that end open, those as likely drawn above one half as below:
   their score is sigmoid(log alpha), from 0.5 to 1. The others end shut, all alike; their score, below 0.5, is half the
   sigmoid of log alpha's mean over the updates. So those that shut last, while the target came down, stand first: the
   paper has no such ranking, and needs none for the one circuit that it learns. A score has no sign: an edge is kept
   because the output changes without it, whichever way.

At positions a mask is that of a node at one position, from the first at which A and B differ. The pairs of a dataset
share their masks. The numbers that are drawn depend on the seed alone.

Cost: `updates` forwards, and as many backwards twice over, with all edges open in part, for every pair. Small models
only: more than 40,000 edges are refused, since each must be drawn open and shut many times. Do not use it where the
metric is what counts and not the output as a whole, nor to compare two edges: what is kept depends on what else is; nor
for circuits much smaller than `keep`: among the masks that are open the order says little. Lower `keep` for these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import ArgumentError
from core.progress import stage
from core.tracing.job import Job, MethodResult
from core.tracing.meaning import SHARE
from core.tracing.method import FORWARD_AND_BACKWARD, Method
from core.tracing.options import check_count, option, seed_option

if TYPE_CHECKING:
    from core.tracing.hard_concrete import Masks

MOST_EDGES = 40_000  # GPT-2 small has 32,491


@dataclass(frozen=True)
class MaskOptions:
    updates: int = option(200, "of what is learned", title="Updates", least=1, most=10_000)
    keep: float = option(0.05, "the share of the edges that shall be kept", title="Share to keep", least=0.001,
                         most=0.999)  # fmt: skip
    seed: int = seed_option()

    def __post_init__(self) -> None:
        check_count("updates", self.updates)
        if not 0 < self.keep < 1:
            raise ArgumentError(f"The share to keep is above 0 and below 1, not {self.keep:g}.")


@dataclass
class MaskState:
    """The masks as far as they are learned."""

    masks: Masks


def learned_masks(job: Job) -> Iterator[MethodResult]:
    from core.tracing.hard_concrete import Masks

    options = job.options_of(MaskOptions)
    masks = job.state(lambda: MaskState(Masks(job))).masks
    while masks.updates < options.updates:
        job.check()
        with stage(masks.updates / options.updates, (masks.updates + 1) / options.updates):
            masks.update(job, options.keep, options.updates, options.seed)
        if masks.updates < options.updates:
            yield MethodResult(masks.scores(), masks.updates / options.updates)
    yield MethodResult(masks.scores())


METHOD = Method(
    "learned-masks",
    "Learned masks",
    "a mask for every edge, learned so that few edges keep the output; small models",
    learned_masks,
    takes=MaskOptions,
    meaning=SHARE,
    joint=True,
    slopes=False,
    most_edges=MOST_EDGES,
    slow=True,
    forwards=lambda scored, options: FORWARD_AND_BACKWARD * float(options.updates),
)
