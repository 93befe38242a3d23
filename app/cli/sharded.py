"""Commands over hundreds to millions of pairs, in shards that a folder keeps: their options, and the run itself,
whatever is done with the pairs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from app.cli.output import tell
from app.cli.pairs import PAIRS, read_rows
from app.cli.progress import Progress
from app.cli.regions import placed_region
from app.cli.workers import add_worker_options, check_workers, tell_going_on
from core.errors import ArgumentError, Cancelled
from core.inputs.regions import joined_regions
from core.sharded.file_names import RUN
from core.sharded.free_folder import check_folder

if TYPE_CHECKING:
    from core.inputs.dataset_columns import FileRow
    from core.models.model import Model
    from core.sharded.executors import Workers
    from core.sharded.many_pairs import ManyPairs
    from core.sharded.progress import RunProgress

W = TypeVar("W")
T = TypeVar("T")
REPEATED = "repeated"  # of a report: pairs whose A came before
FOLDER_HELP = (
    "for 100 to 1,000,000 pairs: keep what is done in this folder, a shard at a time; the same command goes on with a "
    "run that was stopped or killed"
)


def add_shard_options(parser: argparse.ArgumentParser) -> None:
    many = parser.add_argument_group("many pairs")
    many.add_argument("--folder", metavar="DIR", help=FOLDER_HELP)
    many.add_argument("--shard", type=int, metavar="N", help="pairs of a shard (a hundredth of all, 16 to 1,024)")
    add_worker_options(many)


def check_shard_options(options: argparse.Namespace, shared: bool = False) -> None:
    """Raise ArgumentError for what does not go together, before a model is opened. shared: whether there is work for
    workers without a folder, too."""
    check_workers(options)
    of_folder = ("shard",) if shared else ("shard", "workers", "cluster")
    given = [f"--{name}" for name in of_folder if getattr(options, name) is not None]
    if options.folder is None and given:
        raise ArgumentError(f"{given[0]} is of a run over many pairs.", "Give --folder too.")
    if options.folder is None:
        return
    if options.clean is not None:
        raise ArgumentError("A single pair needs no folder.", "Give --task or --dataset, or leave out --folder.")
    if options.shard is not None and options.shard < 1:
        raise ArgumentError(f"--shard is at least 1, not {options.shard}.")
    _check_folder(options)


def _check_folder(options: argparse.Namespace) -> None:
    """Raise InputError for a folder that a run cannot have. An evaluation may find its scores there."""
    folder, scores = Path(options.folder), Path(getattr(options, "file", ""))
    there = scores.absolute().parent == folder.absolute()
    check_folder(folder, [scores.name] if there else ())


def many_pairs(model: Model, options: argparse.Namespace) -> ManyPairs:
    """The pairs that the options ask for, none of them read yet."""
    from core.sharded.many_pairs import ManyPairs

    if options.task is not None:
        return ManyPairs(options.task, options.pairs or PAIRS, options.seed, shard=options.shard)
    rows = _rows(model, options)
    return ManyPairs(rows=rows, name=Path(options.dataset).name, shard=options.shard)


def _rows(model: Model, options: argparse.Namespace) -> Iterator[FileRow]:
    """Read when they are asked for. Before a run begins it is seen that all pictures are there: one that never was
    could not be taken out later without beginning anew. Raises UnreadableFileError."""
    from core.datasets.row_pairs import check_files

    # a worker may be started elsewhere: a mask is not found from here by it
    regions = joined_regions(placed_region(each, Path()) for each in options.region)
    begins = not model.is_text and not (Path(options.folder) / RUN).exists()
    for place, row in enumerate(read_rows(model, options)):
        if begins:
            check_files(row, place, f"of {Path(options.dataset).name}")
        yield replace(row, roles=" ".join(filter(None, [row.roles, regions])))


def in_shards(
    options: argparse.Namespace,
    model: Model,
    work: W,
    do: Callable[[Model, Path, ManyPairs, W, Workers, Sequence[str], Callable[[RunProgress], None]], T],
) -> T | None:
    """What some work over the pairs of the options gives, with a bar on the terminal; None where it was stopped by
    Ctrl+C, with how to go on told. do: `trace_pairs` or another one of that kind. Raises what that raises."""
    from core.sharded.executors import Workers

    folder = Path(options.folder)
    try:
        with Progress() as progress, redirect_stdout(sys.stderr):  # on which Ray tells of a worker that died
            workers = Workers(options.workers, options.cluster, progress.tell)
            return do(model, folder, many_pairs(model, options), work, workers, options.arguments, progress.pairs)
    except (KeyboardInterrupt, Cancelled):
        _tell_going_on(options, folder)
        return None


def tell_rounding(about: Mapping[str, Any]) -> None:
    """Of weights in 8 bits, what they change. about: what came out is about."""
    if "rounding" in about:
        tell(f"8-bit weights change a logit of the first pairs by up to {about['rounding']}.")


def repeats(options: argparse.Namespace, model: Model) -> dict[str, int]:
    """How many of a task's pairs have the A of one before, by the name of that in a report; nothing of other pairs."""
    from core.sharded.repeats import repeated_pairs

    return {REPEATED: repeated_pairs(options.folder)} if options.task is not None and model.is_text else {}


def repeats_words(report: Mapping[str, Any]) -> list[str]:
    """A line of it, where there are any."""
    if not report.get(REPEATED):
        return []
    of = f"{report[REPEATED]:,} of the {report['pairs']:,} pairs"
    return [f"{of} have the A of one before: a task's pairs are drawn shard by shard."]


def _tell_going_on(options: argparse.Namespace, folder: Path) -> None:
    from core.sharded.progress import read_progress

    said = read_progress(folder)
    done = "" if said is None else f" after {int(said.done):,} of {said.total:,} pairs"
    tell_going_on(f"{done}; what is done is in {folder}", options.arguments)
