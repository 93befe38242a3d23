"""Which share of a circuit's edges should lead towards A for it to recover what A does: what the rule `balance` chooses
by. Measured by runs of circuits, size by size.

Steps:
1. At every size, circuits of the best edges by score x direction alone, and of the largest alone.
2. Where one of them recovers more than 100 % and the other less, the share between them is halved `HALVINGS` times,
   towards 100 %.
3. The nearest to 100 % that was seen is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.errors import ArgumentError
from core.evaluation.faithfulness import FRACTIONS, sizes_of
from core.evaluation.measured import measure
from core.inputs.pair import Dataset
from core.session import Session
from core.tracing.direction import directed
from core.tracing.options import CIRCUITS
from core.tracing.scores import Scores
from core.tracing.selection.balance import balanced_order

HALVINGS = 5
ROUNDS = 2 + HALVINGS  # of runs
FITTED = "balance measured on"  # of `about`: over how many pairs


def with_balance(
    session: Session,
    scores: Scores,
    dataset: Dataset | None = None,
    *,
    fractions: Sequence[float] = FRACTIONS,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    memory: dict[Any, Any] | None = None,
) -> Scores:
    """Scores of edges that know their balance, measured on the session's pair (or batch) or a dataset, at these
    fractions of all edges. It takes seven curves. memory: what is measured is kept here and found again after
    Cancelled. Raises ArgumentError for scores that have no sign or not one for every edge, NothingToRecoverError,
    Cancelled."""
    if scores.level not in CIRCUITS or not scores.signed or scores.kept is not None or np.isnan(scores.values).any():
        raise ArgumentError(
            "A balance is of signed scores, one for every edge.",
            "Score all edges by a method whose scores have a sign.",
        )
    scores = directed(scores, session, dataset, cancelled)
    kept = {} if memory is None else memory
    parts, towards = scores.values.size, scores.towards.ravel()
    sizes = np.unique([size for size in sizes_of(parts, fractions) if size < parts])
    empty = scores.top(0)

    def recovered(number: int, places: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """What the circuits of these sizes and shares recover, in one round of runs."""
        circuits = [
            empty.with_parts(balanced_order(towards, ((int(size), float(share)),))[:size]).pruned()
            for size, share in zip(sizes[places], shares, strict=True)
        ]
        listener = None if progress is None else lambda share: progress((number + share) / ROUNDS)
        runs = measure(session, circuits, scores.replacement, dataset=dataset, progress=listener, cancelled=cancelled,
                        memory=kept.setdefault(("balance", number), {}))  # fmt: skip
        return runs.recovered()

    every, zeros, ones = np.arange(len(sizes)), np.zeros(len(sizes)), np.ones(len(sizes))
    signed, by_size = recovered(0, every, ones), recovered(1, every, zeros)
    best = np.where(np.abs(by_size - 1) < np.abs(signed - 1), zeros, ones)
    misses = np.abs(np.where(best == 0, by_size, signed) - 1)
    low, high = zeros, ones
    between = np.flatnonzero((signed > 1) != (by_size > 1))
    for number in range(HALVINGS if len(between) else 0):
        shares = (low[between] + high[between]) / 2
        reached = recovered(2 + number, between, shares)
        beyond = (reached > 1) == (signed[between] > 1)
        high[between[beyond]], low[between[~beyond]] = shares[beyond], shares[~beyond]
        nearer = np.abs(reached - 1) < misses[between]
        best[between[nearer]], misses[between[nearer]] = shares[nearer], np.abs(reached - 1)[nearer]
    if progress is not None:
        progress(1.0)
    pairs = session.pair.batch if dataset is None else len(dataset)
    balance = tuple((int(size), float(share)) for size, share in zip(sizes, best, strict=True))
    return replace(scores, balance=balance, about={**scores.about, FITTED: str(pairs)})
