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
    attribution = token_attribution(
        session, options.replacement, method=options.method, steps=options.steps, measured=options.measure
    )
    if options.json:
        say_json(_report(attribution))
    else:
        say("\n".join(_table(attribution, session)))
    write_out(out, attribution.to_csv, lambda: attribution.picture(session.pair.grid, session.pair.prefix))
    return 0


def _table(attribution: TokenAttribution, session: Session) -> list[str]:
    names = (
        attribution.labels if session.pair.grid is not None else [visible_token(label) for label in attribution.labels]
    )
    rows = [("", "input", "estimated", *(() if attribution.measured is None else ("measured",)))]
    for position, name in enumerate(names):
        measured = () if attribution.measured is None else (signed(attribution.measured[position], 4),)
        rows.append((str(position), name, signed(attribution.estimated[position], 4), *measured))
    how = "the gradient" if attribution.method == "gradient" else f"integrated gradients, {attribution.steps} steps"
    lines = [
        f"change of {attribution.metric} where the input at one position is replaced "
        f"({REPLACED[attribution.replacement]}); {how}",
        "",
        *aligned(rows, "><>>"[: len(rows[0])]),
        "",
        f"all positions replaced together: {signed(attribution.total, 4)} (measured); "
        f"the estimates add up to {signed(float(attribution.estimated.sum()), 4)}",
    ]
    if attribution.method == "integrated" and abs(attribution.gap) > 0.05 * abs(attribution.total):
        lines.append("They should agree: take more --steps.")
    return lines


def _report(attribution: TokenAttribution) -> dict[str, Any]:
    return {
        "metric": attribution.metric,
        "replaced": attribution.replacement,
        "method": attribution.method,
        "steps": attribution.steps,
        "positions": list(attribution.labels),
        "estimated": attribution.estimated.tolist(),
        "measured": None if attribution.measured is None else attribution.measured.tolist(),
        "all replaced": attribution.total,
        "gap": attribution.gap,
    }
