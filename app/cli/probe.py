"""`wirescope probe`: classes for a vision model that has none, from labelled folders."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import MODEL_HELP, add_device_option, seed_number
from app.cli.open_model import open_model
from app.cli.output import say, say_json, tell
from app.cli.progress import Progress
from app.cli.tables import aligned
from core.models.class_texts import base_name

if TYPE_CHECKING:
    from core.models.probe import Probe

WORDS = "give a vision model without classes those of labelled folders"
EXAMPLES = """
wirescope probe --model pack:dinov2-small --folder pets --save pets.probe
wirescope probe --model pack:dinov2-small --folder photos/cats --folder photos/dogs --kind means
"""
MOST_SHOWN = 12  # classes of the table of answers


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help=MODEL_HELP)
    parser.add_argument(
        "--folder", action="append", required=True,
        help="a folder with a folder of pictures for each class; or several times, a folder of each class",
    )  # fmt: skip
    parser.add_argument("--kind", default="linear", help="linear, or means: the nearest class mean (linear)")
    parser.add_argument(
        "--reads", default="output",
        help="what of the model it reads: output, or, of DINOv2, class+mean: class token and mean of the patches "
        "(output)",
    )  # fmt: skip
    parser.add_argument("--seed", type=seed_number, default=0, help="of the folds that its accuracy is counted on (0)")
    parser.add_argument("--save", metavar="FILE", help="write the probe, for --probe of other commands")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_device_option(parser)
    parser.add_argument("--precision", help="what the model computes in: fp32, bf16 or fp64 (fp32)")
    parser.set_defaults(do=probe_command)


def probe_command(options: argparse.Namespace) -> int:
    from core.models.probed import check_options
    from core.probing.fit import fit_probe
    from core.probing.labelled import labelled
    from core.progress import watched
    from core.saving import check_place

    check_options(options.kind, options.reads)
    folders = options.folder[0] if len(options.folder) == 1 else options.folder
    labelled(folders)  # what is wrong with them is said before the model is opened
    if options.save:
        check_place(Path(options.save))
    model = open_model(options.model, options.precision, options.device)
    with Progress() as progress, watched(lambda share: progress("reading the pictures", share)):
        fitted = fit_probe(model, folders, options.kind, reads=options.reads, seed=options.seed)
    if options.json:
        say_json(_report(base_name(options.model), fitted.probe))
    else:
        say("\n".join(_lines(fitted.probe)))
    if options.save:
        fitted.save(options.save)
        tell(f"Saved the probe in {options.save}.")
    return 0


def _lines(probe: Probe) -> list[str]:
    from core.probing.words import report_lines

    lines = report_lines(probe)
    report = probe.report
    if not report.confusion or len(probe.classes) > MOST_SHOWN:
        return lines
    rows = [("class", "pictures", "right", "mistaken for")]
    for place, (name, row) in enumerate(zip(probe.classes, report.confusion, strict=True)):
        others = [(count, probe.classes[at]) for at, count in enumerate(row) if count and at != place]
        wrong = ", ".join(f"{other} {count:,}" for count, other in sorted(others, key=lambda each: -each[0]))
        rows.append((name, f"{report.counts[place]:,}", f"{row[place]:,}", wrong))
    return [*lines, "", *aligned(rows, "<>><")]


def _report(model: str, probe: Probe) -> dict[str, Any]:
    from core.probing.words import left_out, unknowns

    report = probe.report
    return {
        "model": model,
        "probe": probe.digest,
        "kind": probe.kind,
        "reads": probe.reads,
        "classes": list(probe.classes),
        "pictures": list(report.counts),
        "accuracy": report.accuracy,
        "interval": None if report.accuracy is None else [report.low, report.high],
        "majority": report.majority,
        "folds": report.folds,
        "confusion": [list(row) for row in report.confusion],
        "left out": left_out(report),
        "broken": [list(each) for each in report.broken],
        "not known": [*([report.unproved] if report.unproved else []), *unknowns(probe)],
    }
