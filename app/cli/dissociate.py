"""`wirescope dissociate`: whether the circuits of a model's tasks are specific to them."""

from __future__ import annotations

import argparse

from app.cli.arguments import MODEL_HELP, seed_number
from app.cli.open_model import add_opening_options, open_model
from app.cli.output import say, say_json
from app.cli.progress import Progress
from app.cli.tables import aligned

WORDS = "cut the circuit of each task, and see what the other tasks lose"
EXAMPLES = """
wirescope dissociate --model bundled:names
wirescope dissociate --model bundled:names --task ioi --task capitals --choose learned
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help=MODEL_HELP)
    parser.add_argument("--task", action="append", help="a built-in task; several times for several (all it does)")
    parser.add_argument(
        "--choose",
        default="circuit",
        help="which edges are cut: circuit, that of the task (usual); contrast, by its scores minus those of the other "
        "tasks; learned, one direction of each of some edges, so that this task alone is hurt (slow)",
    )
    parser.add_argument("--cut", default="mean", help="what a cut edge carries: mean over all tasks' inputs, or zero")
    parser.add_argument("--size", type=int, help="edges that are cut for each task, at most (else chosen)")
    parser.add_argument(
        "--least", type=float, default=0.8, help="share of its task that a circuit is large enough to recover (0.8)"
    )
    parser.add_argument("--method", default="eap-ig", help="that scores the edges of circuits (eap-ig)")
    parser.add_argument("--pairs", type=int, default=24, help="of each task to choose on, and as many to judge on (24)")
    parser.add_argument("--draws", type=int, default=5, help="of as many random edges (5)")
    parser.add_argument("--seed", type=seed_number, default=0, help="draws the pairs and the random edges (0)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_opening_options(parser)
    parser.set_defaults(do=dissociate_command)


def dissociate_command(options: argparse.Namespace) -> int:
    from core.evaluation.dissociation import dissociate
    from core.evaluation.dissociation_words import as_json, heads, rows, sentences, title

    model = open_model(options.model, options.precision, weights=options.weights)
    with Progress() as progress:
        dissociation = dissociate(
            model,
            options.task,
            choose=options.choose,
            cut=options.cut,
            size=options.size,
            least=options.least,
            method=options.method,
            pairs=options.pairs,
            draws=options.draws,
            seed=options.seed,
            progress=progress,
        )
    if options.json:
        say_json(as_json(dissociation))
        return 0
    say(f"{title(dissociation)}.\n")
    for line in aligned([heads(dissociation), *rows(dissociation)], sides="<>"):
        say(line)
    say()
    for sentence in sentences(dissociation):
        say(sentence)
    return 0
