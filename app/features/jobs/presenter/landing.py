"""What a job that is done says in the table of runs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.services.job_queue.shown import Shown
from core.interchange.scores_reading import read_scores
from core.project.document import Document
from core.project.runs import RunRecord
from core.project.trace_choice import TraceChoice
from core.towers_graph import sizes_of
from core.tracing.method import METHODS

USUAL_SIZE = 200  # edges of a circuit, where nobody has chosen how many: as `wirescope trace` marks


def record_of(done: Shown, present: Document) -> RunRecord:
    """Of a trace that is done. present: what the window shows, whose inputs are those of the record where it is of the
    same model. Raises InputError where its file cannot be read."""
    job, traced = done.job, done.job.traced
    assert traced is not None
    assert done.progress is not None
    path = Path(job.folder) / done.result
    scores = read_scores(path).scores
    most = int(np.isfinite(scores.values).sum())
    kept = None if scores.kept is None else int(scores.kept.sum())
    size = min(kept or traced.size or USUAL_SIZE, most)
    circuit = scores.top(size)
    same = present.opens == (job.model, job.precision)
    base = replace(present, edits=(), traced_nodes=None) if same else Document(job.model, precision=job.precision)
    choice = TraceChoice(scores.method or traced.method, traced.options, file=str(path))
    document = replace(base, traced=choice, replacement=scores.replacement, size=size)
    about = {str(key): str(value) for key, value in circuit.about.items()}
    return RunRecord(
        "trace",
        done.progress.updated,
        document,
        scores.replacement,
        METHODS[scores.method].title if scores.method in METHODS else scores.method,
        scores.about.get("metric", ""),
        _pairs(scores.about.get("pairs", ""), done.progress.done),
        job.seconds,
        graph=sizes_of(scores.graph),
        edges=circuit.edges,
        values=circuit.values,
        about=about,
    )


def _pairs(told: str, done: float) -> int:
    return int(told) if told.isdigit() else math.floor(done)
