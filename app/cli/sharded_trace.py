"""`wirescope trace --folder`: scores over many pairs, in shards that a folder keeps."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import ABLATIONS
from app.cli.open_model import open_model
from app.cli.output import say, say_json
from app.cli.sharded import in_shards, repeats, repeats_words, tell_rounding
from app.cli.strongest import strongest
from app.cli.tables import aligned
from app.cli.trace_files import write_scores
from app.cli.workers import STOPPED
from app.presenters.precision import model_of
from core.errors import ArgumentError
from core.formatting import percent
from core.precision_words import USUAL_PRECISION, document_precision, precision_entry
from core.tracing.meaning import ranking_words
from core.tracing.options import LEVEL_WORDS

if TYPE_CHECKING:
    from core.sharded.job import Sums
    from core.tracing.method import Method
    from core.tracing.scores import Scores
    from core.tracing.told_options import Options

SHOWN = 10  # of the strongest


def trace_in_shards(options: argparse.Namespace, method: Method, options_of_method: Options) -> int:
    """`wirescope trace --folder`."""
    from core.sharded.file_names import CIRCUIT
    from core.sharded.progress import read_progress
    from core.sharded.trace_many import trace_pairs
    from core.sharded.tracing import TraceWork

    if options.select is not None:
        raise ArgumentError("--select needs the scores of each pair.", "Give it to `wirescope evaluate`.")
    if options.spans is not None:
        raise ArgumentError("Edges at spans are not traced in shards.", "Leave out --folder or --spans.")
    work = TraceWork(method.name, options.replacement, options.level, options_of_method, options.metric, options.memory)
    model = open_model(options.model, options.precision, options.device, options.weights)
    run = in_shards(options, model, work, trace_pairs)
    if run is None:
        return STOPPED
    scores, sums = run
    folder = Path(options.folder)
    if options.out is not None:
        write_scores(Path(options.out), options.format, scores, (), model, options.size)
    said = read_progress(folder)
    tell_rounding(scores.about)
    report = _report(scores, sums, method, options, str(options.out or folder / CIRCUIT))
    report |= repeats(options, model)
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
        **precision_entry(document_precision(options.precision or USUAL_PRECISION, options.weights)),
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
    lines += repeats_words(report)
    lines += ["", f"the strongest {len(report['strongest'])}, of either sign"]
    plus = "+" if method.meaning.signed else ""
    lines += aligned([(row["name"], f"{row['score']:{plus}.4g}") for row in report["strongest"]], "<>")
    lines += ["", f"{report['file']} holds all scores. How far to trust them, on other pairs:"]
    lines += [f"wirescope evaluate {report['file']} {report['others']}"]
    return "\n".join(lines)


def _right_words(share: float | None) -> str:
    return "" if share is None else f"; the whole model answers {percent(share)} of the pairs rightly"
