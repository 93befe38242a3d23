"""`wirescope lens tokens`: what the input at each position does to the metric, estimated and measured."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli.arguments import ABLATION_FLAGS
from app.cli.lens_options import add_lens_options, checked_out, write_out
from app.cli.output import say, say_json
from app.cli.run import open_session
from app.cli.tables import aligned
from core.edits import ABLATIONS, REPLACED
from core.errors import ArgumentError
from core.formatting import signed, visible_token

if TYPE_CHECKING:
    from core.lens.token_attribution import TokenAttribution
    from core.session import Session

WORDS = "print what each token or patch of the input does to the metric, estimated and measured"
EXAMPLES = """
wirescope lens tokens --model bundled:names --clean "When Mary and John met, John gave a book to" --measure
wirescope lens tokens --model bundled:names --clean "Mary met John" --counterfactual "Anna met John" --ablation patch
wirescope lens tokens --model bundled:shapes --clean circle.png --ablation zero --out patches.svg
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_lens_options(parser, lens_tokens_command, metric=True)
    parser.add_argument(
        *ABLATION_FLAGS,
        dest="replacement",
        choices=ABLATIONS,
        help="what stands in for a position's input (patch where there is a B, else mean)",
    )
    parser.add_argument(
        "--method",
        choices=("integrated", "gradient"),
        default="integrated",
        help="integrated gradients, or the gradient",
    )
    parser.add_argument("--steps", type=int, default=20, help="points of integrated gradients (20)")
    parser.add_argument("--measure", action="store_true", help="really replace one position at a time too, a run each")


def lens_tokens_command(options: argparse.Namespace) -> int:
    from core.lens.token_attribution import token_attribution

    out = checked_out(options)
    session, edits = open_session(options)
    if edits:
        raise ArgumentError("This lens is of the model without edits.", "Leave out --edit.")
    found = token_attribution(
        session, options.replacement, method=options.method, steps=options.steps, measured=options.measure
    )
    if options.json:
        say_json(_report(found))
    else:
        say("\n".join(_table(found, session)))
    write_out(out, found.to_csv, lambda: found.picture(session.pair.grid, session.pair.prefix))
    return 0


def _table(found: TokenAttribution, session: Session) -> list[str]:
    names = found.labels if session.pair.grid is not None else [visible_token(label) for label in found.labels]
    rows = [("", "input", "estimated", *(() if found.measured is None else ("measured",)))]
    for position, name in enumerate(names):
        measured = () if found.measured is None else (signed(found.measured[position], 4),)
        rows.append((str(position), name, signed(found.estimated[position], 4), *measured))
    how = "the gradient" if found.method == "gradient" else f"integrated gradients, {found.steps} steps"
    lines = [
        f"change of {found.metric} where the input at one position is replaced ({REPLACED[found.replacement]}); {how}",
        "",
        *aligned(rows, "><>>"[: len(rows[0])]),
        "",
        f"all positions replaced together: {signed(found.total, 4)} (measured); "
        f"the estimates add up to {signed(float(found.estimated.sum()), 4)}",
    ]
    if found.method == "integrated" and abs(found.gap) > 0.05 * abs(found.total):
        lines.append("They should agree: take more --steps.")
    return lines


def _report(found: TokenAttribution) -> dict[str, Any]:
    return {
        "metric": found.metric,
        "replaced": found.replacement,
        "method": found.method,
        "steps": found.steps,
        "positions": list(found.labels),
        "estimated": found.estimated.tolist(),
        "measured": None if found.measured is None else found.measured.tolist(),
        "all replaced": found.total,
        "gap": found.gap,
    }
