"""The engine's side of making inputs: B from A, rows of tasks and files, each row's metric. Imports torch."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from PIL import Image

from app.bench import Bench
from app.document import PairSource, Source
from app.engine_thread import Cancel, Send
from app.input_wants import (
    FRESH,
    TASK,
    MadeB,
    MadeRows,
    MakeB,
    MakeRows,
    RowFigure,
    RowFigures,
    RowsMeasured,
    SavedRows,
    SaveRows,
)
from app.messages import Request, Working
from app.saved_rows import save_table
from core.errors import InputError
from core.inputs.corruption import corrupt_text
from core.inputs.corruption_kinds import TEXT_WORDS, ImageCorruption
from core.inputs.dataset_files import read_dataset_file, read_pasted
from core.inputs.real_files import check_real_file
from core.inputs.tasks import make_task, match_task
from core.inputs.tasks.task import Input
from core.models.model import Model
from views.data import MetricChoice

ROWS = 24  # of a task


def make_b(want: MakeB, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    """Raises WirescopeError where there is no such B."""
    key = ("make b", want)
    if key not in bench.kept:
        clean = request.document.clean
        assert clean is not None
        bench.kept[key] = _make_b(want, clean, bench)
    pair, words = bench.kept[key]
    send(MadeB(request.number, want, pair, words))


def _make_b(want: MakeB, clean: Source, bench: Bench) -> tuple[PairSource, str]:
    model = bench.session.model
    if want.kind == FRESH:
        made = make_task(want.task, model, pairs=1, seed=want.seed)
        return _rows_of(made.pairs, made.answers, made.names)[0], "a new pair"
    if want.kind == TASK:
        found = match_task(model, clean.text, want.seed) if model.is_text else None
        if found is None:
            raise InputError(
                "A is no sentence of a built-in task.", "Take a fresh pair of a task, or make B in another way."
            )
        task, row = found
        return PairSource(clean, _source(row.counterfactual, ""), row.target, row.foil), task.title.lower()
    if model.is_text:
        kind = want.kind
        text = corrupt_text(model, clean.text, kind, want.positions, want.seed)  # type: ignore[arg-type]
        return PairSource(clean, Source("text", text=text)), TEXT_WORDS[kind]  # type: ignore[index]
    prefix = bench.session.pair.prefix
    patches = tuple(place - prefix for place in want.positions if place >= prefix)
    corruption = ImageCorruption(want.kind, patches, want.seed, want.other)  # type: ignore[arg-type]
    name = clean.name or "A"
    if clean.corruption is not None:
        raise InputError("A is itself a corrupted picture.", "Open a picture for A first.")
    return PairSource(clean, replace(clean, corruption=corruption, name=f"{name}, {corruption.words()}")), (
        corruption.words()
    )


def make_rows(want: MakeRows, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    """Raises WirescopeError where there is no such task, or the file cannot be read."""
    key = ("make rows", want)
    if key not in bench.kept:
        bench.kept[key] = _make_rows(want, bench.session.model)
    rows, words, notes = bench.kept[key]
    send(MadeRows(request.number, want, rows, words, notes))


def _make_rows(want: MakeRows, model: Model) -> tuple[tuple[PairSource, ...], str, tuple[str, ...]]:
    if want.task:
        made = make_task(want.task, model, ROWS, want.seed)
        return _rows_of(made.pairs, made.answers, made.names), made.words(), ()
    if want.path:
        check_real_file(want.path)
    read = read_dataset_file(want.path) if want.path else read_pasted(want.text, "the pasted text")
    if not read.rows:
        raise InputError("There are no rows in it.", "Copy lines or cells first.")
    folder = Path(want.path).parent if want.path else Path()
    rows = tuple(
        PairSource(
            _file_source(row.clean, model, folder),
            _file_source(row.counterfactual, model, folder) if row.counterfactual else None,
            _answer(row.target, model),
            _answer(row.foil, model),
        )
        for row in read.rows
    )
    return rows, f"{len(rows)} row{'s' * (len(rows) != 1)}", read.notes


def save_rows(want: SaveRows, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    """Raises WirescopeError where the file cannot be written, or a row has not what its columns need."""
    key = ("save rows", want)
    if key not in bench.kept:
        bench.kept[key] = save_table(want.path, request.document.dataset, bench.session.model, want.ids)
    send(SavedRows(request.number, want, bench.kept[key]))


def measure_rows(want: RowFigures, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    document, rows = request.document, bench.rows
    if not document.dataset:
        send(RowsMeasured(request.number, {}, bench.session.metric.name, done=True))
        return
    edits = tuple(edit for edit in document.edits if not document.waits(edit))
    name = _metric_words(document.metric, bench)
    so_far = 0
    for part in rows.measure(document.dataset, document.metric, edits, document.population, cancelled):
        so_far += len(part)
        figures = {
            place: RowFigure(*found.values, found.problem, rows.pictures(document.dataset[place]))
            for place, found in part.items()
        }
        send(RowsMeasured(request.number, figures, name, done=so_far == len(document.dataset)))
        if so_far < len(document.dataset):
            send(Working(request.number, "Measuring the dataset", so_far / len(document.dataset)))


def _metric_words(choice: MetricChoice | None, bench: Bench) -> str:
    """The metric's name without the answers of one row."""
    if choice is None or not choice.kind:
        return "log-probability of A's own answer" if bench.session.metric.target else bench.session.metric.name
    from core.metrics import METRICS

    return METRICS[choice.kind].words if choice.kind in METRICS else choice.kind


# ---- sources and rows ----


def _rows_of(
    pairs: tuple[tuple[Input, Input], ...], answers: tuple[tuple[str, str], ...], names: tuple[str, ...]
) -> tuple[PairSource, ...]:
    return tuple(
        PairSource(_source(a, name), _source(b, f"{name} B" if name else ""), target, foil)
        for (a, b), (target, foil), name in zip(pairs, answers, names, strict=True)
    )


def _source(made: Input, name: str) -> Source:
    if isinstance(made, Image.Image):
        out = io.BytesIO()
        made.save(out, "PNG")
        return Source("image", data=out.getvalue(), name=name)
    return Source("text", text=made)


def _file_source(value: str, model: Model, folder: Path) -> Source:
    if model.is_text:
        return Source("text", text=value)
    path = Path(value).expanduser()
    path = path if path.is_absolute() else folder / path
    return Source("image", path=str(path), name=path.name)


def _answer(value: str | int, model: Model) -> str:
    return model.label(model.checked_answer(value)) if isinstance(value, int) else value
