"""`wirescope run`: the predictions before and after edits."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.arguments import DATASET_HELP, add_device_option, parse_edits, refuse_pictures
from app.cli.continuing import add_continue_options, check_continue, continued
from app.cli.made_b import made_counterfactual
from app.cli.open_model import open_model
from app.cli.output import say, say_json, tell
from app.cli.pairs import memory_of
from app.cli.run_options import add_run_options, inputs_of_file
from app.cli.why import HELP, why_report, why_words
from core.datasets.made_pairs import pair_of
from core.datasets.metric_words import parse_metric
from core.datasets.picture_regions import with_regions
from core.errors import ArgumentError
from core.project.places import is_project

if TYPE_CHECKING:
    from core.edits import Edit
    from core.session import Session


WORDS = "print the predictions before and after edits"
EXAMPLES = """
wirescope run --model bundled:names --clean "When Mary and John met, John gave a book to" --edit m0=zero
wirescope run work.wire
wirescope run --model bundled:names --clean "When Mary and John went to the store" --edit a0.h0=zero --continue 12
wirescope run --model bundled:names --clean "Mary and John met. John spoke to" \\
  --counterfactual "Mary and John met. Tom spoke to" --edit "a1.h2->m2=patch"
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", help="a project, FILE.wire, instead of --model and --clean")
    add_run_options(parser, required=False)
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_device_option(parser)
    parser.add_argument("--frozen-norms", action="store_true", help="norms keep the scales of the run without edits")
    parser.add_argument("--dataset", metavar="FILE", help=DATASET_HELP)
    parser.add_argument("--why", metavar="HEAD[KEY]@QUERY", help=HELP)
    add_continue_options(parser)
    parser.set_defaults(do=run_command)


def run_command(options: argparse.Namespace) -> int:
    from app.cli.run_report import predictions_report, report_words
    from app.worker.answer_spelling import spelling_note

    check_continue(options)
    if options.file is not None:
        session, edits = _session_of_project(options)
    else:
        session, edits = open_session(options)
    report = predictions_report(session, edits, options.frozen_norms)
    if options.tokens is not None:
        report["continued"] = continued(session, edits, options)
    if options.why is not None:
        report["why"] = why_report(session, edits, options.why)
    if note := spelling_note(session):
        tell(note)
    if options.json:
        say_json(report)
    else:
        say(report_words(report))
        if options.why is not None:
            say("\n" + why_words(report["why"]))
    return 0


def _session_of_project(options: argparse.Namespace) -> tuple[Session, list[Edit]]:
    """The session and the edits of a project's present step. Raises WirescopeError."""
    from app.cli.project_files import open_project

    of_model = ("model", "clean", "counterfactual", "make_b", "region", "metric", "dataset", "edit", "precision")
    asked = next((name for name in of_model if getattr(options, name)), None)
    if asked is not None:
        raise ArgumentError("A project is run as it was saved.", f"Leave out --{asked.replace('_', '-')}.")
    if not is_project(options.file):
        raise ArgumentError(f"{options.file} is no project.", "Give FILE.wire, or --model and --clean.")
    engine, snapshot = open_project(options.file, options.memory)
    assert snapshot.ran is not None
    return engine.session, list(snapshot.ran.edits)


def open_session(options: argparse.Namespace) -> tuple[Session, list[Edit]]:
    """The session and the edits that the options ask for. Raises WirescopeError."""
    from core.session import Session

    missing = next((name for name in ("model", "clean") if getattr(options, name) is None), None)
    if missing is not None:
        raise ArgumentError(f"--{missing} is missing.", "Give --model and --clean, or a project: FILE.wire.")
    counterfactual = made_counterfactual(options)
    edits, metric = parse_edits(options.edit), parse_metric(options.metric)
    model = open_model(options.model, options.precision, options.device, options.weights)
    if model.is_text:
        refuse_pictures(model, (options.clean, options.counterfactual))
    dataset = None if options.dataset is None else inputs_of_file(model, Path(options.dataset))
    pair = pair_of(model, options.clean, counterfactual)
    pair = with_regions(model, pair, options.region, options.clean)
    for side in (pair.clean, pair.counterfactual):
        for note in () if side is None else side.notes:
            tell(note)
    session = Session(model, pair, metric, dataset=dataset, **memory_of(options))
    session.run(edits)  # so that a wrong edit is told before anything is printed
    return session, edits
