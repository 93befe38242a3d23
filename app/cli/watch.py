"""`wirescope watch`: learn what a circuit carries on ordinary inputs, and say of others whether it carries more."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import MODEL_HELP, seed_number
from app.cli.circuit_of_file import circuit_of_file
from app.cli.open_model import add_opening_options, open_model
from app.cli.output import say, say_json, tell
from app.cli.progress import Progress
from app.cli.run_options import inputs_of_file
from app.cli.tables import aligned
from core.errors import ArgumentError
from core.formatting import percent

if TYPE_CHECKING:
    from core.detection.watch import Verdicts, Watch

WORDS = "learn what a circuit carries on ordinary inputs, and find inputs that make it carry more"
EXAMPLES = """
wirescope watch --model ./model --reference ordinary.txt --inputs new.txt
wirescope watch --model ./model --reference ordinary.txt --circuit circuit.json --false-alarms 0.01 --out monitor
"""
FILE_HELP = "one a line: texts, or paths of pictures for an image model"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help=MODEL_HELP)
    parser.add_argument("--reference", required=True, metavar="FILE", help=f"ordinary inputs, {FILE_HELP}")
    parser.add_argument("--inputs", metavar="FILE", help=f"inputs to judge, {FILE_HELP}")
    parser.add_argument(
        "--circuit", metavar="FILE", help="a circuit or scores: the edges to watch (without: all nodes)"
    )
    parser.add_argument("--edges", type=int, metavar="N", help="the best N edges of the file alone")
    parser.add_argument(
        "--false-alarms", type=float, default=0.05, metavar="SHARE",
        help="share of ordinary inputs that may be alarms (0.05)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=seed_number, default=0, help="draws the half of the inputs that the threshold is from (0)"
    )
    parser.add_argument("--out", metavar="FOLDER", help="write the monitor there, as a module that needs no Wirescope")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_opening_options(parser)
    parser.set_defaults(do=watch_command)


def watch_command(options: argparse.Namespace) -> int:
    from core.detection.watch import watch
    from core.edited.folder import check_new_folder

    if options.inputs is None and options.out is None:
        raise ArgumentError("There is nothing to do with the monitor.", "Give inputs to judge (--inputs), or --out.")
    if options.edges is not None and (options.circuit is None or options.edges < 1):
        raise ArgumentError(
            "--edges says how many of a file's edges to watch.", "Give a number above 0, and --circuit."
        )
    if options.out is not None:
        check_new_folder(Path(options.out))
    circuit = None if options.circuit is None else circuit_of_file(options.circuit, options.edges)
    model = open_model(options.model, options.precision, weights=options.weights)
    reference = inputs_of_file(model, Path(options.reference))
    inputs = None if options.inputs is None else inputs_of_file(model, Path(options.inputs))
    with Progress() as progress:
        seen = watch(
            model,
            reference,
            circuit,
            false_alarms=options.false_alarms,
            seed=options.seed,
            progress=lambda share: progress("watching", share),
        )
    verdicts = None if inputs is None else seen.verdicts(inputs)
    texts = [] if inputs is None else [pair.clean.text for pair in inputs.pairs]
    if options.json:
        say_json(_report(seen, texts, verdicts))
    else:
        say(_words(seen))
        if verdicts is not None:
            say(_table(seen, texts, verdicts))
    if options.out is not None:
        tell(f"Written to {seen.export(options.out)}; README.md there says how it is put on a model.")
    return 0


def _words(seen: Watch) -> str:
    return (
        f"{len(seen.parts)} parts watched; statistics from {seen.fitted} reference inputs, threshold "
        f"{seen.threshold:.3f} from {seen.calibrated} others (at most {100 * seen.false_alarms:g} % false alarms)"
    )


def _table(seen: Watch, inputs: list[str], verdicts: Verdicts) -> str:
    rows = [["", "score", "carry more", "", "farthest out", "input"]]
    more = seen.carry_more(verdicts.scores)
    for row, text in enumerate(inputs):
        alarm = "alarm" if bool(verdicts.alarms[row]) else ""
        score = f"{float(verdicts.scores[row]):z.3f}"
        rows.append([str(row + 1), score, percent(float(more[row])), alarm, _farthest(seen, verdicts, row), text])
    count = int(verdicts.alarms.sum())
    return "\n".join(["", *aligned(rows, ">>>"), "", f"{count} of {len(inputs)} are alarms"])


def _farthest(seen: Watch, verdicts: Verdicts, row: int) -> str:
    """The part that is most standard deviations out: "m1 +5.2" """
    part = int(verdicts.parts[row].argmax())
    return f"{seen.parts[part]} {float(verdicts.parts[row, part]):+z.1f}"


def _report(seen: Watch, inputs: list[str], verdicts: Verdicts | None) -> dict[str, Any]:
    report: dict[str, Any] = {
        "model": seen.model.name,
        "parts": seen.parts,
        "threshold": seen.threshold,
        "false alarms": seen.false_alarms,
        "reference inputs": {"statistics": seen.fitted, "threshold": seen.calibrated},
    }
    if verdicts is not None:
        report["inputs"] = [
            {"input": text, "score": float(score), "carry more": float(more), "alarm": bool(alarm)}
            for text, score, more, alarm in zip(
                inputs, verdicts.scores, seen.carry_more(verdicts.scores), verdicts.alarms, strict=True
            )
        ]
    return report
