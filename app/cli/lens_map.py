"""`wirescope lens map`: what a text model would answer after every part of every layer, at every token."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from app.cli.lens_options import add_lens_options, checked_out, write_out
from app.cli.output import say, say_json, tell
from app.cli.run import open_session
from app.cli.tables import aligned
from core.errors import ArgumentError
from core.formatting import visible_token

if TYPE_CHECKING:
    from core.lens.lens_array import LogitLens

WORDS = "print what the model would answer if it ended after each layer, at the last tokens"
EXAMPLES = """
wirescope lens map --model bundled:names --clean "When Mary and John met, John gave a book to"
wirescope lens map --model bundled:names --clean "Mary met John" --answer " Mary" --edit m0=zero --out lens.svg
wirescope lens map --model pack:smollm2 --clean "The capital of France is" --tuned-lens lens/SmolLM2-135M
"""
COLUMNS = 5  # of the table in the terminal


def add_options(parser: argparse.ArgumentParser) -> None:
    add_lens_options(parser, lens_map_command, metric=False)
    parser.add_argument(
        "--answer",
        action="append",
        default=[],
        help="whose probability is told beside the likeliest one's; may be repeated",
    )
    parser.add_argument(
        "--tuned-lens", metavar="FOLDER|FILE", help="read the stream through a tuned lens (config.json and params.pt)"
    )


def lens_map_command(options: argparse.Namespace) -> int:
    from core.lens.lens_array import logit_lens
    from core.lens.tuned_lens import read_tuned_lens
    from core.towers_graph import check_one_tower

    out = checked_out(options)
    session, edits = open_session(options)
    check_one_tower(session.graph, "A map of the logit lens")
    if not session.model.is_text:
        raise ArgumentError(
            f"{session.model.title} reads pictures: an answer is mapped over their patches.", "Take `wirescope map`."
        )
    tuned = None if options.tuned_lens is None else read_tuned_lens(options.tuned_lens, session.model)
    lens = logit_lens(session.run(edits, positions="all"), options.answer, tuned=tuned)
    positions = session.pair.clean.labels
    if lens.warning:
        tell(lens.warning)
    if options.json:
        say_json(_report(lens, positions))
    else:
        say("\n".join(_table(lens, positions)))
    write_out(out, lambda: lens.to_csv(positions), lambda: lens.picture(positions, 0 if lens.answers else None))
    return 0


def _table(lens: LogitLens, positions: tuple[str, ...]) -> list[str]:
    """The last positions, the end of the model on top."""
    some = range(max(0, len(positions) - COLUMNS), len(positions))
    rows = [("after", *(visible_token(positions[position]) for position in some), *(repr(a) for a in lens.answers))]
    for number in reversed(range(len(lens.stages))):
        cells = (
            f"{visible_token(lens.labels[number][position])} {lens.best_probabilities[number, position]:.2f}"
            for position in some
        )
        asked = (f"{share:.4f}" for share in lens.probabilities[number, -1])
        rows.append((lens.stages[number], *cells, *asked))
    through = f", through the tuned lens {lens.tuned}" if lens.tuned else ""
    lines = [f"the likeliest answer after each part of each layer{through}, and its probability"]
    if len(positions) > COLUMNS:
        lines.append(f"the last {COLUMNS} of {len(positions)} tokens (--out FILE.csv has all)")
    if lens.answers:
        lines.append("in the last columns: the probability of what was asked for, at the last token")
    return [*lines, "", *aligned(rows, "<" * (1 + len(some)) + ">" * len(lens.answers))]


def _report(lens: LogitLens, positions: tuple[str, ...]) -> dict[str, Any]:
    return {
        "stages": list(lens.stages),
        "positions": list(positions),
        "likeliest": [list(row) for row in lens.labels],
        "probability": lens.best_probabilities.tolist(),
        "answers": list(lens.answers),
        "probabilities": lens.probabilities.tolist(),
        "tuned lens": lens.tuned,
        "warning": lens.warning,
    }
