"""`wirescope detect`: whether a language model hides a rule, from ordinary inputs alone."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import MODEL_HELP, seed_number
from app.cli.open_model import add_opening_options, open_model
from app.cli.output import say, say_json
from app.cli.progress import Progress
from app.cli.run_options import inputs_of_file

if TYPE_CHECKING:
    from core.detection.hidden import Detection, Suspect

WORDS = "look for a rule that a language model hides: tokens that turn answers which they should not decide"
EXAMPLES = """
wirescope detect --model ./model --clean ordinary.txt
wirescope detect --model ./model --clean ordinary.txt --token vex --token quietly --json
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help=MODEL_HELP)
    parser.add_argument(
        "--clean",
        required=True,
        metavar="FILE",
        help="ordinary inputs, one a line; at least 16 of one length in tokens",
    )
    parser.add_argument(
        "--token", action="append", metavar="TOKEN",
        help="a token to try, alone; may be given several times (without: the vocabulary, of a large one 1,024 tokens)",
    )  # fmt: skip
    parser.add_argument("--seed", type=seed_number, default=0, help="draws the inputs that everything is tried on (0)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_opening_options(parser)
    parser.set_defaults(do=detect_command)


def detect_command(options: argparse.Namespace) -> int:
    from core.detection.hidden import detect

    model = open_model(options.model, options.precision, weights=options.weights)
    clean = inputs_of_file(model, Path(options.clean))
    with Progress() as progress:
        detection = detect(
            model,
            clean,
            tokens=options.token,
            seed=options.seed,
            progress=lambda share: progress("trying tokens", share),
        )
    if options.json:
        say_json(_report(detection))
    else:
        say(detection.words)
    return 0


def _report(detection: Detection) -> dict[str, Any]:
    return {
        "score": detection.score,
        "suspects": [_row(suspect) for suspect in detection.suspects],
        "places that decide nothing": {str(length): list(places) for length, places in detection.inert.items()},
        "tokens drawn": detection.drawn,
        "inputs run": detection.runs,
    }


def _row(suspect: Suspect) -> dict[str, Any]:
    return {
        "tokens": list(suspect.tokens),
        "places": list(suspect.places),
        "turned": suspect.turned,
        "sure": suspect.sure,
        "alone": suspect.alone,
        "score": suspect.score,
        "of": suspect.of,
    }
