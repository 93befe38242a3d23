"""Rows of the dataset, of tasks and of files, and each row's metric. Runs in the worker's thread; imports torch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.features.dataset.handlers.save import save_table
from app.features.dataset.queries import (
    RowFigure,
    RowFiguresQuery,
    RowFiguresReply,
    RowsQuery,
    RowsReply,
    SavedRowsReply,
    SaveRowsQuery,
)
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.worker.pair_sources import rows_of
from app.worker.session_cache import SessionCache
from core.errors import Cancelled, InputError, WirescopeError
from core.inputs.corruption_words import is_made
from core.inputs.dataset_files import FileRows, read_dataset_file, read_pasted
from core.inputs.picture_folder import classes_of
from core.inputs.real_files import check_real_file
from core.inputs.tasks import make_task
from core.models.model import Model
from core.project.document import PairSource, Source
from core.project.metric_choice import MetricChoice
from core.project.row_cells import made_from

ROWS = 24  # of a task
TOGETHER = 8  # rows whose pictures are told at a time


def make_rows(query: RowsQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Raises WirescopeError where there is no such task, or the file cannot be read."""
    rows, words, notes = cache.answer(query, request, lambda: _make_rows(query, cache.session.model))
    send(RowsReply(request.number, query, rows, words, notes))


def _make_rows(query: RowsQuery, model: Model) -> tuple[tuple[PairSource, ...], str, tuple[str, ...]]:
    if query.task:
        made = make_task(query.task, model, ROWS, query.seed)
        return rows_of(made.pairs, made.answers, made.names), made.words(), ()
    if not query.path:
        read = read_pasted(query.text, "the pasted text")
        if not read.rows:
            raise InputError("There are no rows in it.", "Copy lines or cells first.")
        return _told(_sources(read, model, Path()), read.notes)
    rows: list[PairSource] = []
    notes: list[str] = []
    refused: list[WirescopeError] = []
    for path in (query.path, *query.more):
        try:
            if not Path(path).is_dir():
                check_real_file(path)
            read = read_dataset_file(path)
            sources = _sources(read, model, Path(path).parent)
            rows += _of_classes(sources, path, model) if Path(path).is_dir() else sources
        except WirescopeError as error:
            if not query.more:
                raise
            refused.append(error)
        else:
            notes += read.notes
    if not rows:
        raise InputError(" ".join(error.message for error in refused), refused[0].hint)
    left = tuple(f"Left out: {error.message} {error.hint}".rstrip() for error in refused)
    return _told(rows, (*left, *dict.fromkeys(notes)))


def _told(rows: Sequence[PairSource], notes: tuple[str, ...]) -> tuple[tuple[PairSource, ...], str, tuple[str, ...]]:
    return tuple(rows), f"{len(rows)} row{'s' * (len(rows) != 1)}", notes


def _sources(read: FileRows, model: Model, folder: Path) -> list[PairSource]:
    """The rows of a file, whose relative paths begin at a folder."""
    return [
        PairSource(
            _file_source(row.clean, model, folder),
            _file_source(row.counterfactual, model, folder, _file_source(row.clean, model, folder))
            if row.counterfactual
            else None,
            _answer(row.target, model),
            _answer(row.foil, model),
        )
        for row in read.rows
    ]


def _of_classes(rows: Sequence[PairSource], folder: str, model: Model) -> list[PairSource]:
    """Pictures of a folder, whose answers are the classes that the folders around them are called by."""
    classes = classes_of([row.clean.path for row in rows], folder, model.class_names)
    return [row if row.target else replace(row, target=name) for row, name in zip(rows, classes, strict=True)]


def save_rows(query: SaveRowsQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Raises WirescopeError where the file cannot be written, or a row has not what its columns need."""
    rows, model = request.document.dataset, cache.session.model

    def save() -> str:
        if not query.replace and os.path.lexists(query.path):
            raise InputError(f"{query.path} is there already.", "Give another name: nothing is written over.")
        return save_table(query.path, rows, model.answer if query.ids else None)

    send(SavedRowsReply(request.number, query, cache.answer(query, request, save)))


def measure_rows(query: RowFiguresQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    document, rows = request.document, cache.rows
    asked = document.dataset[query.first : query.first + query.count]
    if not asked:
        send(RowFiguresReply(request.number, {}, cache.session.metric.name, done=True))
        return
    edits = tuple(edit for edit in document.edits if not document.waits(edit))
    name = _metric_words(document.metric, cache)
    if not cache.session.model.is_text:
        for start in range(0, len(asked), TOGETHER):
            if cancelled():
                raise Cancelled
            some = {query.first + start + place: rows.pictures(row)
                    for place, row in enumerate(asked[start : start + TOGETHER])}  # fmt: skip
            send(RowFiguresReply(request.number, {}, name, done=False, pictures=some))
    so_far = 0
    for part in rows.measure(asked, document.metric, edits, document.means, cancelled):
        so_far += len(part)
        figures = {query.first + place: RowFigure(*figure.values, figure.problem) for place, figure in part.items()}
        send(RowFiguresReply(request.number, figures, name, done=so_far == len(asked)))
        if so_far < len(asked):
            send(ProgressReply(request.number, "Measuring the dataset", so_far / len(asked)))


def _metric_words(choice: MetricChoice | None, cache: SessionCache) -> str:
    """The metric's name without the answers of one row."""
    if choice is None or not choice.kind:
        metric = cache.session.metric
        return f"{metric.row.words} of A's own answer" if metric.target else metric.name
    from core.metrics import METRICS

    return METRICS[choice.kind].words if choice.kind in METRICS else choice.kind


# ---- sources and rows ----


def _file_source(value: str, model: Model, folder: Path, clean: Source | None = None) -> Source:
    """clean: the row's A, which a B may be made from."""
    if model.is_text:
        return Source("text", text=value)
    if clean is not None and is_made(value):
        return made_from(clean, value, folder)
    path = Path(value).expanduser()
    path = path if path.is_absolute() else folder / path
    return Source("image", path=str(path), name=path.name)


def _answer(value: str | int, model: Model) -> str:
    return model.label(model.checked_answer(value)) if isinstance(value, int) else value
