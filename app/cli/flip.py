"""`wirescope flip`: a minimal set of parts whose values from B turn A's answer into B's."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli.arguments import DATASET_HELP, add_device_option
from app.cli.made_b import made_counterfactual
from app.cli.output import say, say_json, tell
from app.cli.progress import Progress
from app.cli.run import open_session
from app.cli.run_options import add_run_options
from app.cli.tables import aligned
from core.errors import ArgumentError
from core.formatting import answer_words

if TYPE_CHECKING:
    from core.evaluation.patched_set import MinimalPatch, Tried
    from core.session import Session

WORDS = "find a minimal set of parts whose values from B turn the answer into that of B"
EXAMPLES = """
wirescope flip --model bundled:shapes --clean circle.png --counterfactual heart.png
wirescope flip --model bundled:shapes --clean circle.png --counterfactual heart.png --level positions --block 2
wirescope flip --model bundled:shapes --clean circle.png --counterfactual heart.png --level regions \\
  --region middle=27-28,35-36 --region top=0-15
wirescope flip --model bundled:names --clean "The capital of France is" \\
  --counterfactual "The capital of Italy is" --level edges --without "input->m0"
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_run_options(parser, metric=False)
    parser.add_argument(
        "--level",
        default="nodes",
        help="what the set is made of: nodes, edges, positions of the input, or regions that --region names (nodes)",
    )
    parser.add_argument(
        "--block", type=int, metavar="N", help="of a picture: squares of N x N patches instead of single ones"
    )
    parser.add_argument(
        "--without", action="append", default=[], metavar="PART",
        help="a node, edge, position or region that the set may not have, to look for another one; several times",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_device_option(parser)
    parser.add_argument("--dataset", metavar="FILE", help=DATASET_HELP)
    parser.set_defaults(do=flip_command)


def flip_command(options: argparse.Namespace) -> int:
    from core.evaluation.minimal_patch import minimal_patch
    from core.evaluation.patched_set import square_groups

    if made_counterfactual(options) is None:
        raise ArgumentError("The values to patch come from B.", "Give it: --counterfactual, or --make-b of a picture.")
    if options.block is not None and options.level != "positions":
        raise ArgumentError("--block is of positions.", "Add --level positions.")
    session, edits = open_session(options)
    with Progress() as progress:
        patch = minimal_patch(
            session,
            options.level,
            groups=None if options.block is None else square_groups(session.pair, options.block),
            edits=edits,
            without=_without(options),
            progress=lambda share: progress("looking for a minimal patch", share),
        )
    if options.json:
        say_json(_report(session, patch))
    else:
        say("\n".join(_table(session, patch)))
    if not patch.flips:
        tell("Nothing was found that turns the answer.")
    return 0


def _without(options: argparse.Namespace) -> list[int | str]:
    if options.level != "positions":
        return list(options.without)
    try:
        return [int(each) for each in options.without]
    except ValueError:
        raise ArgumentError("--without names positions by their numbers.", "For example --without 3.") from None


def _table(session: Session, patch: MinimalPatch) -> list[str]:
    """The set as it grows, and what is left without each part."""
    from core.evaluation.patched_set import part_words

    pair = session.pair
    prefix = None if pair.grid is None else pair.prefix
    rows = [("", "patched from B", "margin", "answer", "without it", "answer")]
    rows.append(("0", "nothing", f"{patch.margin:z.2f}", answer_words(patch.a), "", ""))
    for number, step in enumerate(patch.steps):
        alone = patch.certificate[number] if patch.certificate else None
        less = ("", "") if alone is None else (f"{alone.margin:z.2f}", answer_words(alone.answer))
        name = part_words(step.edit, pair.clean.labels, prefix, _regions(session, patch))
        rows.append((str(number + 1), name, f"{step.margin:z.2f}", answer_words(step.answer), *less))
    counts = (
        f"{patch.measured:,} of {patch.candidates:,} candidates were patched alone; {patch.runs:,} runs. "
        f"The margin of B itself: {patch.b_margin:z.2f} logits."
    )
    return [*aligned(rows, "><><><"), "", patch.words, counts]


def _regions(session: Session, patch: MinimalPatch) -> dict[str, tuple[int, ...]]:
    """What the parts are called, where they are regions."""
    return {name: rows[0] for name, rows in session.pair.regions.items()} if patch.level == "regions" else {}


def _report(session: Session, patch: MinimalPatch) -> dict[str, Any]:
    from core.evaluation.patched_set import positions_in

    names = {places: name for name, places in reversed(_regions(session, patch).items())}

    def row(tried: Tried) -> dict[str, Any]:
        named = {"region": names[positions_in(tried.edit)]} if names else {}
        return {"edit": str(tried.edit), **named, "margin": tried.margin, "answer": tried.answer}

    return {
        "model": session.model.name,
        "clean": session.pair.clean.text,
        "counterfactual": None if session.pair.counterfactual is None else session.pair.counterfactual.text,
        "level": patch.level,
        "answers": {"A": patch.a, "B": patch.b},
        "margins": {"A": patch.margin, "B": patch.b_margin},
        "flips": patch.flips,
        "smallest": patch.smallest,
        "steps": [row(step) for step in patch.steps],
        "without": [row(tried) for tried in patch.certificate],
        "candidates": patch.candidates,
        "measured alone": patch.measured,
        "runs": patch.runs,
        "words": patch.words,
    }
