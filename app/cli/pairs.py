"""The pairs that `trace` and `evaluate` go over: of a task, of a file, or the one that is typed; checked against the
model, with what was left out and why."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import literal
from app.cli.made_b import (
    add_make_option,
    made_counterfactual,
    pair_of,
    placed,
    with_made,
)
from app.cli.regions import add_region_option, placed_regions, with_regions
from core.errors import ArgumentError, InputError
from core.inputs.corruption_words import is_made

if TYPE_CHECKING:
    from core.inputs.dataset_columns import FileRow
    from core.inputs.misfits import Misfit
    from core.inputs.pair import Dataset, Pair
    from core.metrics import Metric
    from core.models.model import Model
    from core.session import Session

PAIRS = 24  # of a task
IDS_HELP = "; numbers are token ids where the model has no tokenizer: '464 3139 286'"


@dataclass(frozen=True)
class AskedPairs:
    """words: what they are, "24 pairs of the task ioi". rows: as a file holds them; none for pictures of a task, which
    are drawn again. dataset: with the answers of each pair, where they have some. notes: what was left out."""

    words: str
    rows: tuple[FileRow, ...]
    dataset: Dataset
    notes: tuple[str, ...] = ()


def add_memory_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--memory", type=_megabytes, metavar="MB", help="megabytes for the states of runs that are kept (384)"
    )


def _megabytes(text: str) -> float:
    number = float(text)
    if not 1 <= number < 1e9:
        raise ValueError
    return number


_megabytes.__name__ = "number of megabytes"  # as argparse calls it


def memory_of(options: argparse.Namespace) -> dict[str, Any]:
    """The memory that was asked for, as `Session` takes it; nothing where its default holds."""
    return {} if options.memory is None else {"memory_megabytes": options.memory}


def add_pair_options(parser: argparse.ArgumentParser, required: bool) -> None:
    instead = "" if required else "instead of the file's own pairs: "
    source = parser.add_mutually_exclusive_group(required=required)
    source.add_argument("--task", help=f"{instead}a built-in task: {_task_names()}")
    source.add_argument(
        "--dataset", metavar="FILE", help=f"{instead}pairs as CSV, TSV or JSON lines, a folder of pictures, or a film"
    )
    source.add_argument("--clean", metavar="TEXT|IMAGE", help=f"{instead}input A of a single pair{IDS_HELP}")
    parser.add_argument("--counterfactual", metavar="TEXT|IMAGE", help="input B of the single pair")
    add_make_option(parser)
    add_region_option(parser)
    add_memory_option(parser)
    parser.add_argument("--pairs", type=int, help=f"how many of a task ({PAIRS})")
    parser.add_argument("--seed", type=int, default=0, help="of the task's pairs and of all else that is drawn (0)")


def _task_names() -> str:
    from core.inputs.tasks import TASKS

    text, pictures = ([name for name, task in TASKS.items() if task.kind == kind] for kind in ("text", "image"))
    return literal(f"{', '.join(text)}; of pictures: {', '.join(pictures)}")


def check_pair_options(options: argparse.Namespace) -> None:
    """Raise ArgumentError for what does not go together, before a model is opened."""
    if options.pairs is not None and options.task is None:
        raise ArgumentError("--pairs is the number of a task's pairs.", "Give --task too.")
    if options.pairs is not None and options.pairs < 1:
        raise ArgumentError(f"--pairs is at least 1, not {options.pairs}.")
    if options.counterfactual is not None and options.clean is None:
        raise ArgumentError("--counterfactual is the B of --clean.", "Give --clean too.")
    if options.region and options.task is not None:
        raise ArgumentError("--region names patches of pictures that are given.", "Give --clean or --dataset.")
    if options.make_b is not None:
        if options.clean is None and options.dataset is None:
            raise ArgumentError("--make-b makes the B of pictures.", "Give --clean or --dataset too.")
        made_counterfactual(options)


def asked_pairs(model: Model, options: argparse.Namespace, with_roles: bool = False) -> AskedPairs:
    """The pairs that the options ask for, with the regions that these name. with_roles: with the names of their spans,
    where they have some. Raises ArgumentError, InputError."""
    from core.inputs.pair import Dataset

    pairs = _asked_pairs(model, options, with_roles)
    if not options.region:
        return pairs
    both = zip(pairs.dataset.pairs, pairs.rows, strict=True)
    found = [with_regions(model, pair, options.region, row.clean) for pair, row in both]
    rows = tuple(replace(row, roles=" ".join(filter(None, [row.roles, *options.region]))) for row in pairs.rows)
    return replace(pairs, rows=rows, dataset=Dataset(found, pairs.dataset.answers))


def _asked_pairs(model: Model, options: argparse.Namespace, with_roles: bool) -> AskedPairs:
    from core.inputs.dataset_columns import FileRow
    from core.inputs.dataset_files import read_dataset_file

    if options.task is not None:
        return task_pairs(model, options.task, options.pairs or PAIRS, options.seed, with_roles)
    if options.dataset is not None:
        file = Path(options.dataset)
        read = read_dataset_file(file)
        rows = with_made(_placed(model, _of_classes(model, read.rows, file), file.parent), options.make_b)
        pairs = row_pairs(model, rows, f"of {file.name}", with_roles)
        return replace(pairs, notes=(*read.notes, *pairs.notes))
    row = FileRow(options.clean, options.counterfactual or "")
    return row_pairs(model, with_made(_placed(model, [row], Path()), options.make_b), "")


def _of_classes(model: Model, rows: Sequence[FileRow], folder: Path) -> Sequence[FileRow]:
    """Pictures of a folder, whose answers are the classes that the folders around them are called by, where every one
    lies in such a folder."""
    from core.inputs.picture_folder import classes_of

    if model.is_text or not folder.is_dir() or any(row.target != "" for row in rows):
        return rows
    classes = classes_of([row.clean for row in rows], folder, model.class_names)
    return [replace(row, target=name) for row, name in zip(rows, classes, strict=True)] if all(classes) else rows


def task_pairs(model: Model, task: str, pairs: int, seed: int, with_roles: bool = False) -> AskedPairs:
    """Pairs of a built-in task. with_roles: with what its template names. Raises ArgumentError for an unknown one,
    InputError where it does not fit the model."""
    from core.inputs.dataset_columns import FileRow
    from core.inputs.pair import Dataset
    from core.inputs.tasks import make_task

    made = make_task(task, model, pairs, seed)
    roles = made.roles if with_roles else ("",) * len(made.pairs)
    both = tuple(zip(made.pairs, made.answers, roles, strict=True))
    found = [
        _with_roles(model, model.pair(a, b), FileRow("", roles=own), with_roles)
        for (a, b), own in zip(made.pairs, roles, strict=True)
    ]
    dataset = Dataset(found, made.answers if made.answers[0][0] else ())
    rows = tuple(FileRow(a, b, *own, spans) for (a, b), own, spans in both if isinstance(a, str) and isinstance(b, str))
    short = made.dropped or len(made.pairs) < pairs
    return AskedPairs(
        f"{_count(dataset)} of the task {task}", rows, dataset, (f"{task}: {made.words()}",) * bool(short)
    )


def _input_notes(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """What was done to inputs when they were read, each once: a dataset may have it of every row."""
    counts = Counter(
        note for pair in pairs for side in (pair.clean, pair.counterfactual) if side for note in side.notes
    )
    return tuple(note if count == 1 else f"{note} (and {count - 1} more alike)" for note, count in counts.items())


def row_pairs(model: Model, rows: Sequence[FileRow], origin: str, with_roles: bool = False) -> AskedPairs:
    """Rows as pairs; those that do not fit the model, or not the others, are left out. with_roles: with the names of
    their spans. Raises InputError where none is left, with the reason of the first, and for roles that are none."""
    from core.inputs.misfits import misfit_words
    from core.inputs.pair import Dataset

    with_b = any(row.counterfactual for row in rows)
    answered = any(row.target != "" for row in rows)
    foiled = any(row.foil != "" for row in rows)
    kept, misfits, first = [], [], ""
    for number, row in enumerate(rows, 1):
        found = _misfit(model, row, with_b, answered, foiled)
        if found is None:
            kept.append(row)
        else:
            misfits.append(found)
            first = first or f"Pair {number} cannot be used: {found.why}"
    if not kept:
        raise InputError(first if len(rows) == 1 else f"No pair {origin} can be used. {first}", misfits[0].hint)
    pairs = [
        _with_roles(model, pair_of(model, row.clean, row.counterfactual), row, with_roles or not model.is_text)
        for row in kept
    ]
    dataset = Dataset(pairs, [(row.target, row.foil) for row in kept] if answered else ())
    left_out = (f"{len(rows):,} pairs {origin}: {misfit_words(misfits)}",) if misfits else ()
    notes = (*left_out, *_input_notes(pairs))
    words = f"{_count(dataset)} {origin}" if origin else f"the pair {_short(kept[0].clean)!r}"
    return AskedPairs(words, tuple(kept), dataset, notes)


def _with_roles(model: Model, pair: Pair, row: FileRow, wanted: bool) -> Pair:
    """With the roles of a row, or the regions of its picture. Raises InputError for what is none."""
    from core.positions import parse_roles

    if not row.roles or not wanted:
        return pair
    try:
        if pair.grid is not None:
            return with_regions(model, pair, row.roles.split(), row.clean)
        return pair.with_roles(parse_roles(row.roles, pair.clean.lengths[0]))
    except InputError as error:
        raise InputError(f"{_short(pair.clean.text)!r}: {error.message}", error.hint) from None


def _misfit(model: Model, row: FileRow, with_b: bool, answered: bool, foiled: bool) -> Misfit | None:
    """Why a row cannot be used among the others; None where it can."""
    from core.inputs.misfits import Misfit, misfit

    if with_b and not row.counterfactual:
        return Misfit("no B", "It has no B, which others have.", "Give every row a B, or none.")
    if (answered and row.target == "") or (foiled and row.foil == ""):
        return Misfit("no answers", "It lacks answers, which others have.", "Give every row a target and a foil.")
    if not is_made(row.counterfactual):
        return misfit(model, row.clean, row.counterfactual, row.target, row.foil)
    try:
        pair_of(model, row.clean, row.counterfactual)
    except InputError as error:
        return Misfit("a B that cannot be made", error.message, error.hint)
    return misfit(model, row.clean, "", row.target, row.foil)


def _placed(model: Model, rows: Sequence[FileRow], folder: Path) -> list[FileRow]:
    """Rows whose pictures are found from anywhere: paths are relative to the file that names them. Raises InputError
    for the path of a picture where the model reads text."""
    from app.cli.arguments import refuse_pictures

    if model.is_text:
        for row in rows:
            refuse_pictures(model, (row.clean, row.counterfactual))
        return list(rows)

    def place(path: str) -> str:
        if is_made(path):
            return placed(path, folder.resolve())
        return str((folder / Path(path).expanduser()).resolve()) if path else ""

    return [
        replace(
            row,
            clean=place(row.clean),
            counterfactual=place(row.counterfactual),
            roles=placed_regions(row.roles, folder),
        )
        for row in rows
    ]


def _count(dataset: Dataset) -> str:
    return f"{len(dataset):,} pair{'s' * (len(dataset) != 1)}"


def _short(text: str) -> str:
    return text if len(text) <= 50 else f"{text[:49]}…"


# ---- the session, and its metric ----


@dataclass(frozen=True)
class SessionOver:
    """A session on the first pair, the dataset of all with the answers that count, and the metric in words. right:
    whether the metric's target is a right answer: a cosine and a KL have none, and what the model itself says is
    always its own."""

    session: Session
    dataset: Dataset
    metric: str
    right: bool


def session_over(model: Model, pairs: AskedPairs, metric: str | None, memory: float | None = None) -> SessionOver:
    """A session over pairs.

    memory: megabytes for its runs and those of its batches; None: the default.

    metric: KIND, of each pair's own answers, or KIND:TARGET:FOIL, the same for all. By default the logit difference of
    each pair's answers; of a target alone its log-probability; without answers the log-probability of what the model
    says to each A, or the cosine where there is no head. Raises ArgumentError, InputError."""
    from core.inputs.pair import Dataset
    from core.metrics import METRICS
    from core.session import Session

    dataset = pairs.dataset
    chosen, own = _metric(metric, dataset)
    budget: dict[str, Any] = {} if memory is None else {"memory_megabytes": memory}
    session = Session(model, dataset.pairs[0], chosen, dataset=dataset, **budget)
    used = dataset if own else Dataset(dataset.pairs)
    whose = "of each pair's own answers"
    if session.metric_by_default and session.metric.target and len(dataset) > 1:
        said = [_said(session, pair) for pair in dataset.pairs]
        used, own = Dataset(dataset.pairs, said), True
        whose = "of what the model answers to each A"
    name = f"{METRICS[session.metric.metric.kind].words} {whose}" if own and len(dataset) > 1 else session.metric.name
    return SessionOver(session, used, name, chosen is not None and bool(session.metric.target))


def _metric(text: str | None, dataset: Dataset) -> tuple[Metric | None, bool]:
    """The metric for the first pair, and whether each pair has its own answers in it."""
    from app.cli.arguments import parse_metric
    from core.metrics import METRICS, Metric

    kind, _, answers = (text or "").partition(":")
    target, foil = dataset.answers[0] if dataset.answers else ("", "")
    if text is None and target != "":
        kind = "logit_difference" if foil != "" else "log_probability"
    row = METRICS.get(kind)
    if answers or row is None or target == "" or not row.needs_target:
        return parse_metric(text), False
    if row.needs_foil and foil == "":
        raise ArgumentError(f"{kind} needs a foil, and the pairs have none.", f"Write {kind}: Mary: John.")
    return Metric(kind, target, foil if row.needs_foil else None), True


def _said(session: Session, pair: Pair) -> tuple[int, int]:
    from core.session import Session

    metric = Session(session.model, pair, parity=session.parity).metric
    (answer,) = metric.target
    return answer, metric.foil[0] if metric.foil else answer
