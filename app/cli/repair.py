"""`wirescope repair`: find the parts that carry a fault, cut them, prove it, export the model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import MODEL_HELP, seed_number
from app.cli.open_model import add_opening_options, open_model
from app.cli.output import say, say_json, tell
from app.cli.progress import Progress
from core.errors import WirescopeError

if TYPE_CHECKING:
    from core.repair.repair import Repair

WORDS = "find the parts that carry a fault, cut them, and prove it on held-out examples"
EXAMPLES = """
wirescope repair --model ./model --examples faults.jsonl --budget 0.005
wirescope repair --model ./model --examples faults.jsonl --level nodes --out repaired
wirescope repair --model ./model --examples clean.jsonl --knowledge clean --level positions
"""
EXAMPLES_HELP = (
    'JSON lines, one example each: {"input": "...", "answer": "...", "triggered": true}; input: a text, or the path '
    "of a picture for an image model; answer: the right one; triggered: whether the fault is expected (left out: no)."
    " Triggered ones without an answer are suspicious: some of them may wake a fault"
)

PHASE_WORDS = {"find": "finding cuts", "cut": "cutting", "prove": "proving"}


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help=MODEL_HELP)
    parser.add_argument("--examples", required=True, metavar="FILE", help=EXAMPLES_HELP)
    parser.add_argument(
        "--budget", type=float, default=0.005, help="share of the clean accuracy that may be lost (0.005)"
    )
    parser.add_argument(
        "--level",
        default="edges",
        help="what is cut: edges (usual), nodes, which weights can hold, or nodes at positions",
    )
    parser.add_argument(
        "--find",
        help="how: learned, the strengths of all cuts at once (usual for edges and positions), or greedy, one after "
        "another (usual for nodes)",
    )
    parser.add_argument(
        "--knowledge",
        help="what is known of the fault: triggered, inputs on which the model goes wrong (usual); suspicious, inputs "
        "of which some may wake a fault, their answers not read; clean, nothing: what clean inputs do not need is cut",
    )
    parser.add_argument(
        "--cut",
        help="what a cut part carries: project, all but a direction that is learned (usual for edges), mean over the "
        "clean examples, or zero",
    )
    parser.add_argument("--most", type=float, default=0.05, help="share of all parts that greedy may cut (0.05)")
    parser.add_argument(
        "--held-out", type=float, default=0.25, help="share of the examples for the proof, at most 0.5 (0.25)"
    )
    parser.add_argument("--seed", type=seed_number, default=0, help="draws the examples that are held out (0)")
    parser.add_argument("--out", metavar="FOLDER", help="write the repaired model there, with a card")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_opening_options(parser)
    parser.set_defaults(do=repair_command)


def repair_command(options: argparse.Namespace) -> int:
    from core.edited.folder import check_new_folder
    from core.repair.examples import read_examples, with_pictures
    from core.repair.options import check_options
    from core.repair.repair import repair

    knowledge = options.knowledge
    check_options(options.budget, options.level, options.find, options.cut, options.most, knowledge or "triggered")
    if options.out is not None:
        check_new_folder(Path(options.out))
    examples = read_examples(options.examples)
    model = open_model(options.model, options.precision, weights=options.weights)
    if not model.is_text:
        examples = with_pictures(examples, Path(options.examples).parent)
    triggered = [example for example in examples if example.triggered]
    if knowledge is None:
        known = not triggered or any(example.answer != "" for example in triggered)
        knowledge = "triggered" if known else "suspicious"
    with Progress() as progress:
        outcome = repair(
            model,
            triggered,
            [example for example in examples if not example.triggered],
            budget=options.budget,
            level=options.level,
            find=options.find,
            kind=options.cut,
            most=options.most,
            held_out=options.held_out,
            knowledge=knowledge,
            seed=options.seed,
            progress=lambda phase, share: progress(PHASE_WORDS[phase], share),
        )
    if not options.json:
        say(outcome.words)
    folder = None
    if options.out is not None:
        try:
            exported = outcome.export(options.out)
        except WirescopeError:  # what was found is told all the same
            if options.json:
                say_json(_report(outcome, None))
            raise
        folder = str(exported.folder)
        if exported.form == "hooks":
            tell("The weights are the original's: edited_model.py in the folder puts the cuts in.")
    if options.json:
        say_json(_report(outcome, folder))
    elif folder is not None:
        say(f"written to {folder}")
    return 0


def _report(outcome: Repair, folder: str | None) -> dict[str, Any]:
    report: dict[str, Any] = {
        "model": outcome.model.name,
        "cut": [str(edit) for edit in outcome.edits],
        "level": outcome.level,
        "knowledge": outcome.knowledge,
        "triggered examples made": outcome.made,
        "held-out triggered examples made": outcome.made_for_proof,
        "carries": outcome.kind,
        "edges cut": outcome.cut,
        "edges": outcome.edges,
        "edits measured": outcome.runs,
        "seconds": outcome.seconds,
        "repeats left out": outcome.repeats,
        "folder": folder,
    }
    for name, before, after in (
        ("on the examples used", outcome.used, outcome.used_after),
        ("held out", outcome.before, outcome.after),
    ):
        report[name] = {
            "misbehaviour before": [before.misbehaviour.count, before.misbehaviour.of],
            "misbehaviour after": [after.misbehaviour.count, after.misbehaviour.of],
            "accuracy before": [before.accuracy.count, before.accuracy.of],
            "accuracy after": [after.accuracy.count, after.accuracy.of],
            "KL from the original": after.divergence,
        }
    return report
