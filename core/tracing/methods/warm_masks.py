"""Learned masks with a warm start: they begin at EAP-IG's scores instead of all alike (the sequential ensemble of
Mondorf et al. 2025, "BlackboxNLP-2025 MIB Shared Task: Exploring Ensemble Strategies for Circuit Localization Methods";
there sizes become log alphas layer by layer, here by their ranks among all edges).

Steps:
1. Score all pairs by EAP-IG, `steps` points of the integral.
2. Rank the sizes of the scores from 0 (least) to 1; a mask's log alpha begins at twice that of learned masks, times the
   rank: the best edges wide open, the worst half open, and all together as open as those that begin alike.
3. Learn them as `core.tracing.methods.learned_masks` does, from its step 2 on.

So what EAP-IG finds small shuts first, and fewer updates are needed; what it is wrong about can still open or shut. It
needs a B.

Cost: that of learned masks, and EAP-IG's beside it. Do not use it where learned masks are of no use: where the metric
is what counts and not the output as a whole, or to compare two edges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.progress import stage, within
from core.tracing.job import Job, Memory, MethodResult
from core.tracing.meaning import SHARE
from core.tracing.method import Method
from core.tracing.methods import eap_ig
from core.tracing.methods.learned_masks import METHOD as LEARNED
from core.tracing.methods.learned_masks import MOST_EDGES, MaskOptions
from core.tracing.options import check_count, steps_option

if TYPE_CHECKING:
    from core.tracing.hard_concrete import Masks

SCORED = 0.1  # of the time, about: EAP-IG's part


@dataclass(frozen=True)
class WarmOptions(MaskOptions):
    steps: int = steps_option()

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count("steps", self.steps)


@dataclass
class WarmState:
    """sums: EAP-IG's scores over the pairs of each session that is done; memory: of the one that is not. masks: once
    they have begun."""

    sums: list[NDArray[np.float64]] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)
    masks: Masks | None = None


def warm_masks(job: Job) -> Iterator[MethodResult]:
    from core.tracing.hard_concrete import Masks

    state, options, sessions = job.state(WarmState), job.options_of(WarmOptions), job.sessions
    while len(state.sums) < len(sessions):
        done, session = len(state.sums), sessions[len(state.sums)]
        alone = Job(session, job.replacement, job.level, job.options, job.cancelled, (), state.memory)
        *_, result = within(
            eap_ig.METHOD.score(alone), SCORED * done / len(sessions), SCORED * (done + 1) / len(sessions)
        )
        state.sums.append(result.values * session.pair.batch)
        state.memory = Memory()
    if state.masks is None:
        state.masks = Masks(job, warmth(np.sum(state.sums, axis=0)))
    masks = state.masks
    while masks.updates < options.updates:
        job.check()
        start, stop = (SCORED + (1 - SCORED) * (masks.updates + more) / options.updates for more in (0, 1))
        with stage(start, stop):
            masks.update(job, options.keep, options.updates, options.seed)
        if masks.updates < options.updates:
            yield MethodResult(masks.scores(), stop)
    yield MethodResult(masks.scores())


def warmth(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Step 2, as shares of where a mask begins that knows nothing: from 0 to 2, 1 in the mean."""
    ranks = np.argsort(np.argsort(np.abs(scores), kind="stable"), kind="stable")
    return np.asarray(2.0 * ranks / max(len(scores) - 1, 1))


def _forwards(scored: int, options: Any) -> float:
    return eap_ig.METHOD.forwards(scored, options) + LEARNED.forwards(scored, options)


METHOD = Method(
    "warm-masks",
    "Learned masks, warm",
    "learned masks that begin at EAP-IG's scores; small models",
    warm_masks,
    takes=WarmOptions,
    levels=("edges", "nodes"),
    needs_counterfactual=True,
    meaning=SHARE,
    joint=True,
    most_edges=MOST_EDGES,
    slow=True,
    forwards=_forwards,
)
