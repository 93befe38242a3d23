"""Scores of every pair of a dataset alone: what stability is computed from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.edits import EditKind
from core.engine.replacement import ablation
from core.errors import InputError
from core.inputs.pair import Dataset
from core.progress import stage, watched, within
from core.session import Session
from core.tracing.job import Job
from core.tracing.method import method_named
from core.tracing.options import Level
from core.tracing.over_pairs import batches_over, usual_positions
from core.tracing.told_options import Options

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
    spans: tuple[str, ...] = (),
) -> NDArray[np.float32]:
    """[pairs, edges], in the dataset's order; with spans (names, as those of `Scores`) [pairs, edges * spans], numbered
    as `Circuit.parts`. Pairs of one shape go through the model together where the method can
    tell their scores apart. memory: scored pairs are kept here, and found again after Cancelled. What is drawn is drawn
    anew for every pair. Raises InputError for a pair of several rows, what the method raises, Cancelled."""
    by, options = method_named(method), options or Options()
    level: Level = "edge-spans" if spans else "edges"
    by.check(session, replacement, level)
    if any(pair.batch > 1 for pair in dataset.pairs):
        raise InputError("Pairs are scored one by one, and one of these holds several rows.", "Give each a pair.")
    by_row = by.by_row and not spans
    rows = np.zeros((len(dataset), session.graph.n_edges * max(1, len(spans))), dtype=np.float32)
    scored_rows = {} if memory is None else memory
    method_options = options.of(by.takes)
    runs, gradients = (
        by.forwards(session.graph.n_edges, method_options),
        by.held(method_options) if by.slopes else 0,
    )
    positions = usual_positions(session, runs, gradients) if by_row else 1
    done = 0
    for number, batch in enumerate(batches_over(session, dataset, positions)):
        after = done + len(batch.rows)
        if not all(row in scored_rows for row in batch.rows):
            with watched(progress, cancelled), stage(done / len(dataset), after / len(dataset)):
                with stage(0.0, PREPARED):
                    each = batch.session()
                    if by.replaces:
                        ablation(replacement).prepare(each.engine.references, cancelled)
                seeded = _seeded(options, number)
                job = Job(each, replacement, level, seeded, cancelled, by_row=by_row, spans=spans)
                *_, result = within(by.score(job), PREPARED)
            values = result.values.reshape(len(batch.rows), -1)
            scored_rows |= zip(batch.rows, values.astype(np.float32), strict=True)
        for row in batch.rows:
            rows[row] = scored_rows[row]
        done = after
        if progress is not None:
            progress(done / len(dataset))
    return rows


def _seeded(options: Options, pair: int) -> Options:
    return options.but(seed=options.seed + pair)
