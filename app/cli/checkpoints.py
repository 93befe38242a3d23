"""`wirescope checkpoints`: what becomes of a behaviour over the checkpoints of a training."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.arguments import ABLATION_FLAGS, ABLATIONS, literal, metric_help
from app.cli.open_model import add_weights_option
from app.cli.output import say, say_json, tell
from app.cli.pairs import add_pair_options, asked_pairs, check_pair_options
from app.cli.progress import Progress
from app.cli.study_folder import made_folder, write_study
from app.cli.tables import aligned
from core.checkpoints.made import MADE, MEGABYTES, MINUTES, PREFIX, is_made, series_folder
from core.checkpoints.series import open_series, revisions_in
from core.datasets.session_over import session_over
from core.errors import ArgumentError, InputError
from core.tracing.method import METHODS, method_named

if TYPE_CHECKING:
    from core.checkpoints.follow import Followed
    from core.checkpoints.series import Series

WORDS = "follow a behaviour, its heads and its circuit over the checkpoints of a training"
EXAMPLES = """
wirescope checkpoints runs/my-model
wirescope checkpoints bundled:names --make --task induction --pairs 16 --out induction
wirescope checkpoints EleutherAI/pythia-70m --revisions step512,step1000,step143000 --task ioi
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="FOLDER|HUB-ID",
        help="a folder that holds checkpoint-100, checkpoint-200 and so on; a Hub id; or "
        f"{', '.join(PREFIX + name for name in MADE)}",
    )
    parser.add_argument("--revisions", metavar="NAME,...", help="of a Hub id: step512,step1000")
    parser.add_argument(
        "--make",
        action="store_true",
        help=f"train a {PREFIX} series where it is not there yet: about {MINUTES} minutes of one core, {MEGABYTES} MB",
    )
    add_pair_options(parser, required=False)
    parser.add_argument("--metric", help=f"{metric_help()}; KIND alone takes each pair's own answers")
    parser.add_argument("--method", default="eap", help=f"that scores edges: {literal(', '.join(METHODS))} (eap)")
    parser.add_argument(
        *ABLATION_FLAGS,
        dest="replacement",
        default="patch",
        metavar="KIND",
        help=f"what a removed edge carries: {', '.join(ABLATIONS)} (patch)",
    )
    parser.add_argument("--edges", type=int, default=20, help="of the circuits that are compared (20)")
    parser.add_argument("--precision", default="fp32", help="what the model computes in: fp32, bf16 or fp64 (fp32)")
    add_weights_option(parser)
    parser.add_argument("--out", metavar="FOLDER", help="write table, figure and numbers there: csv, svg, json")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(do=checkpoints_command)


def checkpoints_command(options: argparse.Namespace) -> int:
    method_named(options.method)
    check_pair_options(options)
    asked = options.task or options.dataset or options.clean
    if not asked and (options.metric or options.out):
        raise ArgumentError(
            "There are no inputs to follow.", "Give --task, --dataset, or --clean and --counterfactual."
        )
    folder = None if options.out is None else made_folder(options.out)
    series = _series(options)
    if not asked:
        if options.json:
            steps = [{"step": each.step, "model": each.name} for each in series.checkpoints]
            say_json({"series": series.source, "checkpoints": steps})
        else:
            say("\n".join(_listed(series)))
        return 0
    followed = _followed(series, options)
    if options.json:
        _say_json(followed)
    else:
        _say(followed)
    if folder is not None:
        _write(followed, folder, options.json)
    return 0


def _series(options: argparse.Namespace) -> Series:
    """Raises ArgumentError, InputError, ModelError."""
    revisions = revisions_in(options.revisions or "")
    if not options.source.startswith(PREFIX):
        if options.make:
            raise ArgumentError(f"--make makes a series that comes with Wirescope, not {options.source}.")
        return open_series(options.source, revisions)
    name = options.source.removeprefix(PREFIX)
    if not is_made(name):
        if not options.make:
            raise InputError(
                f"The checkpoints of {options.source} are not made yet.",
                f"Add --make: it trains them, about {MINUTES} minutes of one core, {MEGABYTES} MB in the cache folder.",
            )
        from core.checkpoints.made import make

        with Progress() as progress:
            make(name, lambda share: progress(f"training {name}", share))
    return open_series(series_folder(name))


def _followed(series: Series, options: argparse.Namespace) -> Followed:
    from core.checkpoints.follow import follow
    from core.checkpoints.opened import SeriesModel

    opened = SeriesModel(series, options.precision, weights=options.weights)
    model = opened.at(series.checkpoints[-1].step)
    pairs = asked_pairs(model, options)
    for note in pairs.notes:
        tell(note)
    over = session_over(model, pairs, options.metric, options.memory)
    with Progress() as progress:
        return follow(
            series,
            over.dataset,
            over.session.metric.metric,
            method=options.method,
            replacement=options.replacement,
            edges=options.edges,
            dtype=options.precision,
            weights=options.weights,
            model=opened,
            progress=lambda share: progress(f"{len(series.checkpoints)} checkpoints of {series.title}", share),
        )


def _listed(series: Series) -> list[str]:
    rows = [["step", "checkpoint"], *([f"{each.step:,}", each.name] for each in series.checkpoints)]
    return [f"{len(series.checkpoints)} checkpoints of {series.title}", "", *aligned(rows, "><")]


def _say(followed: Followed) -> None:
    from core.checkpoints.words import heads, rows, sentences

    table = [heads(followed), *rows(followed)]
    say("\n".join(aligned(table, ">>>")))
    say()
    for sentence in sentences(followed):
        say(sentence)


def _say_json(followed: Followed) -> None:
    from core.checkpoints.words import as_json

    say_json(as_json(followed))


def _write(followed: Followed, folder: Path, quiet: bool) -> None:
    """Raises WirescopeError where that is not possible."""
    from core.checkpoints.words import as_csv, as_json

    texts = {"csv": as_csv(followed), "svg": followed.picture().svg}
    write_study(folder, "checkpoints", texts, as_json(followed), quiet)
