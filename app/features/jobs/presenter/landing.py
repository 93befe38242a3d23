"""What a job that is done says in the table of runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from app.services.job_queue.job import EVALUATED
from app.services.job_queue.shown import Shown
from core.errors import InputError
from core.formatting import between_words, counted, percent
from core.heads.heads_file import labelled_words, read_heads
from core.interchange.scores_reading import read_scores
from core.project.document import Document
from core.project.runs import CORPUS, CURVE, FIGURES, FILE, RunKind, RunRecord, size_at
from core.project.trace_choice import TraceChoice
from core.text_files import parse_json, read_text
from core.towers_graph import sizes_of
from core.tracing.method import METHODS


def trace_record(done: Shown, present: Document) -> RunRecord:
    """Of a trace that is done. present: what the window shows, whose inputs are those of the record where it is of the
    same model. Raises InputError where its file cannot be read."""
    return _record("trace", done, present, done.result)


def evaluation_record(done: Shown, present: Document) -> RunRecord:
    """Of an evaluation that is done, with its curve in words; the same."""
    path = Path(done.job.folder) / done.result
    report = parse_json(read_text(path), path.name, "Look at the folder.")
    record = _record("evaluation", done, present, EVALUATED)
    try:
        points = report["curve"]
        sizes, recovered = [int(point["edges"]) for point in points], [float(point["recovered"]) for point in points]
        return replace(
            record,
            replacement=report["replacement"],
            metric=str(report["metric"]),
            pairs=int(report["pairs"]),
            cpr=float(report["cpr"]),
            cmd=float(report["cmd"]),
            size_at_80=size_at(sizes, recovered),
            about={**record.about, CURVE: "; ".join(_point_words(point) for point in points)},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} says of no evaluation: {error}.", "Look at the folder.") from None


def heads_record(done: Shown, _present: Document) -> RunRecord:
    """Of cards of heads that are done, with how many heads pass a test in words. Raises InputError where its file
    cannot be read."""
    job, path = done.job, Path(done.job.folder) / done.result
    assert done.progress is not None
    file = read_heads(path)
    return RunRecord(
        "heads",
        done.progress.updated,
        Document(job.model, precision=job.precision),
        None,
        "Tests of heads",
        pairs=file.about.pairs,
        seconds=done.seconds,
        about={
            CORPUS: file.about.corpus,
            FIGURES: labelled_words(file.labelled, len(file.heads)),
            FILE: str(path),
        },
    )


def _point_words(point: Mapping[str, Any]) -> str:
    """ "40 edges 83 % (80 to 86)"."""
    between = "" if point["low"] is None else f" ({between_words(point['low'], point['high'])})"
    return f"{counted(int(point['edges']), 'edge')} {percent(point['recovered'])}{between}"


def _record(kind: RunKind, done: Shown, present: Document, name: str) -> RunRecord:
    """name: of the file of scores in the folder."""
    job, traced = done.job, done.job.traced
    assert traced is not None
    assert done.progress is not None
    path = Path(job.folder) / name
    scores = read_scores(path).scores
    kept = None if scores.kept is None else int(scores.kept.sum())
    size = kept or traced.size  # None: all edges have scores, and no circuit of them was chosen
    circuit = None if size is None else scores.top(min(size, int(np.isfinite(scores.values).sum())))
    size = None if circuit is None else len(circuit)
    same = present.opens == (job.model, job.precision)
    base = replace(present, edits=(), traced_nodes=None) if same else Document(job.model, precision=job.precision)
    choice = TraceChoice(scores.method or traced.method, traced.options, file=str(path))
    document = replace(base, traced=choice, replacement=scores.replacement, size=size)
    record = RunRecord(
        kind,
        done.progress.updated,
        document,
        scores.replacement,
        METHODS[scores.method].title if scores.method in METHODS else scores.method,
        scores.about.get("metric", ""),
        _pairs(scores.about.get("pairs", ""), done.progress.done),
        done.seconds,
    )
    if circuit is None:
        return record
    about = {str(key): str(value) for key, value in circuit.about.items()}
    return replace(record, graph=sizes_of(scores.graph), edges=circuit.edges, values=circuit.values, about=about)


def _pairs(told: str, done: float) -> int:
    return int(told) if told.isdigit() else math.floor(done)
