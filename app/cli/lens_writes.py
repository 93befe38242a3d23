"""`wirescope lens writes`: the answers that a head's OV circuit pushes where it reads one token or position."""

from __future__ import annotations

import argparse
import csv
import io
from typing import TYPE_CHECKING, Any

from app.cli.lens_options import add_lens_options, checked_out, write_out
from app.cli.output import say, say_json
from app.cli.run import open_session
from app.cli.tables import aligned
from core.errors import ArgumentError
from core.formatting import signed

if TYPE_CHECKING:
    from core.lens.promoted import Promoted

WORDS = "print the answers that a head pushes up and down where it reads one token, or one position"
EXAMPLES = """
wirescope lens writes --model bundled:names --clean "Mary met John. John spoke to" --head a3.h1 --token " Mary"
wirescope lens writes --model bundled:names --clean "Mary met John. John spoke to" --head a3.h1 --at 0 --top 10
wirescope lens writes --model bundled:shapes --clean circle.png --head a3.h1 --at 30
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_lens_options(parser, lens_writes_command, metric=False)
    parser.add_argument("--head", required=True, help="the head, such as a3.h1")
    parser.add_argument("--token", help="it reads this token's embedding alone")
    parser.add_argument("--at", type=int, metavar="N", help="instead: it reads what stands at this position, from 0")
    parser.add_argument("--top", type=int, default=5, help="how many answers (5)")


def lens_writes_command(options: argparse.Namespace) -> int:
    from core.graph import Node
    from core.lens.promoted import head_promotes
    from core.pictures.heat_map import heat_map

    out = checked_out(options)
    if options.top < 1:
        raise ArgumentError("There must be one answer at least.", "Give --top 5.")
    session, edits = open_session(options)
    head = session.graph.parse(options.head)
    if not isinstance(head, Node):
        raise ArgumentError(f"{options.head} is no head.", "Name one, such as a0.h0.")
    promotion = head_promotes(session.run(edits, positions="all"), head, options.at, options.token, options.top)
    if options.json:
        say_json(_report(promotion))
    else:
        say("\n".join(_table(promotion)))
    rows = [*promotion.most, *reversed(promotion.least)]
    write_out(
        out,
        lambda: _csv(promotion),
        lambda: heat_map([[row.value] for row in rows], [row.label for row in rows], ["logits"], title=promotion.of),
    )
    return 0


def _table(promotion: Promoted) -> list[str]:
    pairs = zip(promotion.most, promotion.least, strict=True)
    rows = [(repr(up.label), signed(up.value, 3), repr(down.label), signed(down.value, 3)) for up, down in pairs]
    words = "logits above the mean of all answers, per unit of attention"
    return [f"{promotion.of} pushes ({words})", "", *aligned([("up", "", "down", ""), *rows], "<><>")]


def _report(promotion: Promoted) -> dict[str, Any]:
    return {
        "of": promotion.of,
        "read at": promotion.at,
        "up": [{"answer": row.label, "id": row.index, "logits": row.value} for row in promotion.most],
        "down": [{"answer": row.label, "id": row.index, "logits": row.value} for row in promotion.least],
    }


def _csv(promotion: Promoted) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("pushed", "id", "answer", "logits"))
    for way, rows in (("up", promotion.most), ("down", promotion.least)):
        lines.writerows((way, row.index, row.label, f"{row.value:.6g}") for row in rows)
    return text.getvalue()
