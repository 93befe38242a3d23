"""Commands over hundreds to millions of pairs, in shards that a folder keeps: their options, and `trace` of that
kind."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import ABLATIONS
from app.cli.open_model import open_model
from app.cli.output import say, say_json, tell
from app.cli.pairs import PAIRS, read_rows
from app.cli.progress import Progress
from app.cli.strongest import strongest
from app.cli.tables import aligned
from app.cli.trace_files import write_scores
from app.presenters.precision import USUAL_PRECISION, model_of, precision_entry
from core.errors import ArgumentError, Cancelled
from core.formatting import percent
from core.tracing.meaning import ranking_words
from core.tracing.options import LEVEL_WORDS

if TYPE_CHECKING:
    from core.inputs.dataset_columns import FileRow
    from core.models.model import Model
    from core.sharded.job import Sums
    from core.sharded.many_pairs import ManyPairs
    from core.sharded.progress import RunProgress
    from core.tracing.method import Method
    from core.tracing.scores import Scores
    from core.tracing.told_options import Options

SHOWN = 10  # of the strongest
FOLDER_HELP = (
    "for 100 to 1,000,000 pairs: keep what is done in this folder, a shard at a time; the same command goes on with a "
    "run that was stopped or killed"
)


def add_shard_options(parser: argparse.ArgumentParser) -> None:
    many = parser.add_argument_group("many pairs")
    many.add_argument("--folder", metavar="DIR", help=FOLDER_HELP)
    many.add_argument("--shard", type=int, metavar="N", help="pairs of a shard (a hundredth of all, 16 to 1,024)")
    many.add_argument("--workers", type=int, metavar="N", help="processes that share the work (this one alone)")
    many.add_argument(
        "--cluster", metavar="auto|ADDRESS", help="a Ray cluster that shares it: HOST:PORT, ray://HOST:PORT"
    )


def check_shard_options(options: argparse.Namespace) -> None:
    """Raise ArgumentError for what does not go together, before a model is opened."""
    given = [f"--{name}" for name in ("shard", "workers", "cluster") if getattr(options, name) is not None]
    if options.folder is None and given:
        raise ArgumentError(f"{given[0]} is of a run over many pairs.", "Give --folder too.")
    if options.folder is None:
        return
    if options.clean is not None:
        raise ArgumentError("A single pair needs no folder.", "Give --task or --dataset, or leave out --folder.")
    for name in ("shard", "workers"):
        number = getattr(options, name)
        if number is not None and number < 1:
            raise ArgumentError(f"--{name} is at least 1, not {number}.")


def many_pairs(model: Model, options: argparse.Namespace) -> ManyPairs:
    """The pairs that the options ask for, none of them read yet."""
    from core.sharded.many_pairs import ManyPairs

    if options.task is not None:
        return ManyPairs(options.task, options.pairs or PAIRS, options.seed, shard=options.shard)
    rows = _rows(model, options)
    return ManyPairs(rows=rows, name=Path(options.dataset).name, shard=options.shard)


def _rows(model: Model, options: argparse.Namespace) -> Iterator[FileRow]:
    """Read when they are asked for."""
    for row in read_rows(model, options):
        yield replace(row, roles=" ".join(filter(None, [row.roles, *options.region])))


def tell_going_on(options: argparse.Namespace, said: RunProgress | None) -> None:
    """Tell how to go on with a run that was stopped."""
    done = "" if said is None else f" after {int(said.done):,} of {said.total:,} pairs"
    tell(f"Stopped{done}; what is done is in {options.folder}. To go on:")
    tell(f"  wirescope {shlex.join(options.arguments)}")


def trace_in_shards(options: argparse.Namespace, method: Method, own: Options) -> int:
    """`wirescope trace --folder`."""
    from core.sharded.executors import Workers
    from core.sharded.progress import read_progress
    from core.sharded.trace_many import CIRCUIT, trace_pairs
    from core.sharded.tracing import TraceWork

    if options.select is not None:
        raise ArgumentError("--select needs the scores of each pair.", "Give it to `wirescope evaluate`.")
    if options.spans is not None:
        raise ArgumentError("Edges at spans are not traced in shards.", "Leave out --folder or --spans.")
    work = TraceWork(method.name, options.replacement, options.level, own, options.metric, options.memory)
    model = open_model(options.model, options.precision, weights=options.weights)
    folder = Path(options.folder)
    try:
        with Progress() as progress, redirect_stdout(sys.stderr):  # on which Ray tells of a worker that died
            scores, sums = trace_pairs(
                model,
                folder,
                many_pairs(model, options),
                work,
                Workers(options.workers, options.cluster),
                options.arguments,
                progress.pairs,
            )
    except (KeyboardInterrupt, Cancelled):
        tell_going_on(options, read_progress(folder))
        return 130
    if options.out is not None:
        write_scores(Path(options.out), options.format, scores, (), model, options.size)
    said = read_progress(folder)
    report = _report(scores, sums, method, options, str(options.out or folder / CIRCUIT))
    report |= {} if said is None else {"seconds": said.seconds, "workers": said.workers}
    if options.json:
        say_json(report)
    else:
        say(_words(report, method))
    return 0


def _report(scores: Scores, sums: Sums, method: Method, options: argparse.Namespace, out: str) -> dict[str, Any]:
    from core.sharded.job import LEFT_OUT, PAIRS
    from core.sharded.pair_columns import ANSWERED, METRIC_CLEAN, METRIC_COUNTERFACTUAL, RIGHT

    pairs, answered, b = float(sums[PAIRS]), float(sums[ANSWERED]), float(sums[METRIC_COUNTERFACTUAL])
    return {
        "model": options.model,
        **precision_entry(options.precision or USUAL_PRECISION),
        "method": method.name,
        "level": scores.level,
        "scored": int(scores.values.size),
        "pairs": int(pairs),
        "pairs of": scores.about["pairs of"],
        "left out": int(sums[LEFT_OUT]),
        "shard": int(scores.about["shard"]),
        "replacement": scores.replacement,
        "metric": scores.about["metric"],
        "metric over A": float(sums[METRIC_CLEAN]) / pairs,
        "metric over B": None if b != b else b / pairs,
        "answered rightly": float(sums[RIGHT]) / answered if answered else None,
        "direction": scores.direction if scores.signed else None,
        "strongest": [{"name": name, "score": value} for name, value in strongest(scores, SHOWN)],
        "folder": options.folder,
        "others": f"--task {options.task} --seed {options.seed + 1}" if options.task else "--dataset FILE",
        "file": out,
    }


def _words(report: dict[str, Any], method: Method) -> str:
    what = LEVEL_WORDS.get(report["level"], report["level"])
    lines = [
        f"{method.title}: {report['scored']:,} {what} of {model_of(report)} over {report['pairs']:,} pairs of "
        f"{report['pairs of']}, {report['shard']:,} a shard",
        f"metric: {report['metric']}; {report['metric over A']:.4g} over A"
        + ("" if report["metric over B"] is None else f", {report['metric over B']:.4g} over B")
        + _right_words(report["answered rightly"]),
        f"scores: {method.meaning.how}; {method.meaning.sign_words}"
        + (f"; removed edges carry {ABLATIONS[report['replacement']]}" if method.replaces else ""),
    ]
    lines += [ranking_words(report["direction"])] if method.meaning.signed else []
    if report["left out"]:
        lines.append(f"{report['left out']:,} pairs were left out: they do not fit the model, or could not be drawn.")
    lines += ["", f"the strongest {len(report['strongest'])}, of either sign"]
    plus = "+" if method.meaning.signed else ""
    lines += aligned([(row["name"], f"{row['score']:{plus}.4g}") for row in report["strongest"]], "<>")
    lines += ["", f"{report['file']} holds all scores. How far to trust them, on other pairs:"]
    lines += [f"wirescope evaluate {report['file']} {report['others']}"]
    return "\n".join(lines)


def _right_words(share: float | None) -> str:
    return "" if share is None else f"; the whole model answers {percent(share)} of the pairs rightly"
