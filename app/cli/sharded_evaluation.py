"""`wirescope evaluate --folder`: what circuits recover over many pairs, in shards that a folder keeps."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import ABLATIONS
from app.cli.output import say, say_json
from app.cli.sharded import in_shards, repeats, repeats_words, tell_rounding
from app.cli.tables import aligned
from app.cli.workers import STOPPED
from core.errors import ArgumentError, InputError
from core.formatting import percent

if TYPE_CHECKING:
    from core.interchange.scores_files import ScoresFile
    from core.models.model import Model


def evaluate_in_shards(options: argparse.Namespace, model: Model, scored: ScoresFile) -> int:
    """scored: the scores of the file, of the model's graph."""
    from core.sharded.evaluate_pairs import evaluate_pairs
    from core.sharded.evaluation import curve_work
    from core.sharded.file_names import EVALUATION

    if options.task is None and options.dataset is None:
        raise ArgumentError("Which pairs the folder is for is not said.", "Give --task or --dataset.")
    if options.size is not None or options.select is not None:
        raise ArgumentError(
            "--size and --select are of one circuit's report, which is not made in shards.", "Leave out --folder."
        )
    if scored.size is not None:
        raise InputError(
            f"{options.file} is one circuit: the other edges have no scores, so that larger ones cannot be chosen.",
            "Give the scores that it was chosen by, or leave out --folder.",
        )
    scores = scored.scores
    metric = options.metric or scores.about.get("metric kind")
    work = curve_work(scores, options.replacement, (), options.seed, metric, options.memory)
    report = in_shards(options, model, work, evaluate_pairs)
    if report is None:
        return STOPPED
    tell_rounding(report)
    report |= {**repeats(options, model), "file": options.file, "result": str(Path(options.folder) / EVALUATION)}
    if options.json:
        say_json(report)
    else:
        say(_words(report))
    return 0


def _words(report: dict[str, Any]) -> str:
    right = report["whole accuracy"]
    told = "" if right is None else f"; the whole model answers {percent(right)} of the pairs rightly"
    lines = [
        f"{report['file']}, scored by {report['method']}, over {report['pairs']:,} pairs of {report['pairs of']}, "
        f"{report['shard']:,} a shard; removed edges carry {ABLATIONS[report['replacement']]}",
        f"metric: {report['metric']}{told}",
    ]
    if report["left out"]:
        lines.append(f"{report['left out']:,} pairs were left out: they do not fit the model, or could not be drawn.")
    lines += repeats_words(report)
    rows = [["edges", "connected", "recovered", "95 %", "random", *(["right"] if right is not None else [])]]
    for point in report["curve"]:
        band = "" if point["low"] is None else f"{point['low']:z.3f} to {point['high']:z.3f}"
        row = [f"{point['edges']:,}", f"{point['connected']:,}", f"{point['recovered']:z.3f}", band]
        row += [f"{point['random low']:z.2f} to {point['random high']:z.2f}"]
        rows.append(row + ([percent(point["accuracy"])] if "accuracy" in point else []))
    lines += ["", *aligned(rows, ">" * len(rows[0])), ""]
    lines += [f"CPR {report['cpr']:z.3f}, CMD {report['cmd']:z.3f}; 95 %: by the delta method, over the pairs"]
    return "\n".join([*lines, f"{report['result']} holds all this; pairs/*.parquet beside it each pair's figures."])
