"""An ensemble of methods: the mean of the ranks that they give an edge (after Mondorf et al. 2025, "BlackboxNLP-2025
MIB Shared Task: Exploring Ensemble Strategies for Circuit Localization Methods", who take the mean of the scores of
EAP, EAP-IG on inputs and EAP-IG on activations).

Steps:
1. Score all pairs by each of MEMBERS, and take each one's mean over the pairs.
2. Rank the sizes of each one's scores, from 0 to 1 (ties get the mean of their ranks), with the sign of the score: so
   an edge that two methods put high and of opposite signs comes out low.
3. The score of an edge is the mean of these over the methods.

So one method's few huge scores do not outweigh the others. A score is a place in an order, no effect. The order within
a method is kept: a signed rank rises with the score.

Cost: that of all members together. It needs a B, as EAP-IG does. Do not use it to read off how much an edge does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ArgumentError
from core.progress import within
from core.tracing.job import Job, Memory, MethodResult
from core.tracing.meaning import RANKS
from core.tracing.method import Method
from core.tracing.methods import eap, eap_ig, integrated_edges
from core.tracing.options import StepsOptions
from core.tracing.selection import CHOSEN_BY

if TYPE_CHECKING:
    from core.tracing.scores import Scores

MEMBERS: dict[str, Method] = {each.METHOD.name: each.METHOD for each in (eap, eap_ig, integrated_edges)}


@dataclass
class EnsembleState:
    """sums: the scores of a member over a session's pairs, where these are done. memory: of the one that is not."""

    sums: dict[tuple[str, int], NDArray[np.float64]] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)


def ensemble_scores(job: Job) -> Iterator[MethodResult]:
    state, sessions = job.state(EnsembleState), job.sessions
    parts = len(MEMBERS) * len(sessions)
    for name, member in MEMBERS.items():
        for number, session in enumerate(sessions):
            if (name, number) in state.sums:
                continue
            alone, start = replace(job, session=session, more=(), memory=state.memory), len(state.sums) / parts
            *_, result = within(member.score(alone), start, start + 1 / parts)
            state.sums[name, number] = result.values * session.pair.batch
            state.memory = Memory()
    means = [np.sum([state.sums[name, number] for number in range(len(sessions))], axis=0) for name in MEMBERS]
    yield MethodResult(mean_of_ranks(means))


def _forwards(scored: int, options: Any) -> float:
    return sum(member.forwards(scored, options) for member in MEMBERS.values())


METHOD = Method(
    "ensemble",
    "Ensemble",
    "the mean of the ranks that EAP, EAP-IG and integrated edges give an edge",
    ensemble_scores,
    takes=StepsOptions,
    levels=("edges", "nodes", "edge-spans"),
    needs_counterfactual=True,
    meaning=RANKS,
    joint=True,
    forwards=_forwards,
)


def mean_of_ranks(scores: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Steps 2 and 3, of arrays of one shape: from -1 to 1."""
    return np.asarray(np.mean([_signed_ranks(each) for each in scores], axis=0))


def ensemble(members: Sequence[Scores]) -> Scores:
    """Scores of several methods (or inputs) as one: the mean of their ranks. Raises ArgumentError for none, and for
    scores of different graphs, levels, ablations or directions, without a sign, or not whole."""
    if not members:
        raise ArgumentError("An ensemble needs scores.", "Give those of two methods or more.")
    first, *other_members = members
    for other in other_members:
        for field_name in ("graph", "level", "spans", "replacement", "direction"):
            if getattr(first, field_name) != getattr(other, field_name):
                raise ArgumentError(
                    f"An ensemble is of scores of the same {field_name}.", "Trace the same by several methods."
                )
    for each in members:
        if not each.signed:
            raise ArgumentError(f"The scores of {each.method} have no sign.", "Take methods that estimate effects.")
        if np.isnan(each.values).any() or each.values.shape != first.values.shape:
            raise ArgumentError(f"The scores of {each.method} are not whole.", "Finish the trace.")
    about = {**first.about, "members": ", ".join(each.method for each in members)}
    for of_one in (CHOSEN_BY, "measured", "balance measured on"):  # what was found out of the first one's scores
        about.pop(of_one, None)
    values = mean_of_ranks([each.values for each in members])
    return replace(
        first, values=values, method="ensemble", about=about, kept=None, agreement=None, balance=None, measured=None
    )


def _signed_ranks(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    _, places, counts = np.unique(np.abs(scores), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[places].reshape(scores.shape)
    return np.asarray(np.sign(scores) * ranks / scores.size)
