"""Scores of every pair of a dataset alone: what stability is computed from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.edits import EditKind
from core.errors import InputError
from core.inputs.pair import Dataset
from core.progress import stage, watched, within
from core.session import Session
from core.tracing.job import Job, Options
from core.tracing.methods import method_named
from core.tracing.over_pairs import batches_over

PREPARED = 0.1  # of the time of a pair, about: its runs, and means


def scores_per_pair(
    session: Session,
    method: str,
    dataset: Dataset,
    replacement: EditKind = "patch",
    options: Options | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    memory: dict[Any, Any] | None = None,
) -> NDArray[np.float32]:
    """[pairs, edges], in the dataset's order. memory: scored pairs are kept here, and found again after Cancelled. What
    is drawn is drawn anew for every pair. Raises InputError for a pair of several rows, what the method raises,
    Cancelled."""
    chosen = method_named(method)
    chosen.check(session, replacement, "edges")
    rows = np.zeros((len(dataset), session.graph.n_edges), dtype=np.float32)
    known = {} if memory is None else memory
    for number, batch in enumerate(batches_over(session, dataset, positions=1)):
        if len(batch.rows) > 1:
            raise InputError("Pairs are scored one by one, and one of these holds several rows.", "Give each a pair.")
        (row,) = batch.rows
        if number not in known:
            with watched(progress, cancelled), stage(number / len(dataset), (number + 1) / len(dataset)):
                with stage(0.0, PREPARED):
                    each = batch.session()
                    if replacement == "mean" and chosen.replaces:
                        each.engine.references.means(cancelled)
                job = Job(each, replacement, options=_seeded(options or Options(), number), cancelled=cancelled)
                *_, found = within(chosen.score(job), PREPARED)
            known[number] = found.values.astype(np.float32)
        rows[row] = known[number]
        if progress is not None:
            progress((number + 1) / len(dataset))
    return rows


def _seeded(options: Options, pair: int) -> Options:
    return options.but(seed=options.seed + pair)
