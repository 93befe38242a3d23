"""The pairs that `trace` and `evaluate` go over: of a task, of a file, or the one that is typed; checked against the
model, with what was left out and why."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import literal, seed_number
from app.cli.made_b import add_make_option, made_counterfactual, placed, with_made
from app.cli.regions import add_region_option, placed_regions
from core.datasets.picture_regions import with_regions
from core.datasets.row_pairs import AskedPairs, row_pairs, task_pairs
from core.errors import ArgumentError
from core.inputs.corruption_words import is_made
from core.inputs.regions import joined_regions

if TYPE_CHECKING:
    from core.inputs.dataset_columns import FileRow
    from core.models.model import Model

PAIRS = 24  # of a task
IDS_HELP = "; numbers are token ids where the model has no tokenizer: '464 3139 286'"


def add_memory_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--memory",
        type=megabytes,
        metavar="MB",
        help="megabytes for the states of runs that are kept (384, of a long prompt what it needs)",
    )


def megabytes(text: str) -> float:
    """What `--memory` takes. Raises ValueError, which argparse tells in its words."""
    number = float(text)
    if not 1 <= number < 1e9:
        raise ValueError
    return number


megabytes.__name__ = "number of megabytes"  # as argparse calls it


def memory_of(options: argparse.Namespace) -> dict[str, Any]:
    """The memory that was asked for, as `Session` takes it; nothing where its default holds."""
    return {} if options.memory is None else {"memory_megabytes": options.memory}


def add_pair_options(parser: argparse.ArgumentParser, required: bool) -> None:
    instead = "" if required else "instead of the file's own pairs: "
    source = parser.add_mutually_exclusive_group(required=required)
    source.add_argument("--task", help=f"{instead}a built-in task: {_task_names()}")
    source.add_argument(
        "--dataset",
        metavar="FILE",
        help=f"{instead}pairs as CSV, TSV or JSON lines, with --folder Parquet too, a folder of pictures, or a film",
    )
    source.add_argument("--clean", metavar="TEXT|IMAGE", help=f"{instead}input A of a single pair{IDS_HELP}")
    parser.add_argument("--counterfactual", metavar="TEXT|IMAGE", help="input B of the single pair")
    add_make_option(parser)
    add_region_option(parser)
    add_memory_option(parser)
    parser.add_argument("--pairs", type=int, help=f"how many of a task ({PAIRS})")
    parser.add_argument(
        "--seed", type=seed_number, default=0, help="of the task's pairs and of all else that is drawn (0)"
    )


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
    named_pairs = [with_regions(model, pair, options.region, row.clean) for pair, row in both]
    named = joined_regions(options.region)
    rows = tuple(replace(row, roles=" ".join(filter(None, [row.roles, named]))) for row in pairs.rows)
    return replace(pairs, rows=rows, dataset=Dataset(named_pairs, pairs.dataset.answers))


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


def read_rows(model: Model, options: argparse.Namespace) -> Iterator[FileRow]:
    """The rows of the dataset that the options name, each read when it is asked for, unchecked. Raises InputError."""
    from core.inputs.dataset_files import read_dataset_file
    from core.inputs.dataset_stream import stream_rows

    file = Path(options.dataset)
    rows = _of_classes(model, read_dataset_file(file).rows, file) if file.is_dir() else stream_rows(file)
    for row in rows:
        yield from with_made(_placed(model, [row], file.parent), options.make_b)


def _of_classes(model: Model, rows: Sequence[FileRow], folder: Path) -> Sequence[FileRow]:
    """Pictures of a folder, whose answers are the classes that the folders around them are called by, where every one
    lies in such a folder."""
    from core.inputs.picture_folder import classes_of

    if model.is_text or not folder.is_dir() or any(row.target != "" for row in rows):
        return rows
    classes = classes_of([row.clean for row in rows], folder, model.class_names)
    return [replace(row, target=name) for row, name in zip(rows, classes, strict=True)] if all(classes) else rows


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
