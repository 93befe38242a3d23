"""`wirescope lens attention`: a head's attention, plain and weighted by what it moves."""

from __future__ import annotations

import argparse
import csv
import io
from typing import Any

from app.cli.lens_options import add_lens_options, checked_out, write_out
from app.cli.output import say, say_json
from app.cli.run import open_session
from app.cli.tables import aligned
from core.errors import ArgumentError
from core.formatting import visible_token

WORDS = "print what a head looks at, and how much it takes from there (its attention times the length of what it moves)"
EXAMPLES = """
wirescope lens attention --model bundled:names --clean "Mary met John. John spoke to" --head a3.h1
wirescope lens attention --model bundled:shapes --clean circle.png --head a3.h1 --at 0 --out attention.csv
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_lens_options(parser, lens_attention_command, metric=False)
    parser.add_argument("--head", required=True, help="the head, such as a3.h1")
    parser.add_argument(
        "--at", type=int, metavar="N", help="the position that asks, from 0 (the last one; of pictures 0)"
    )


def lens_attention_command(options: argparse.Namespace) -> int:
    from core.graph import Node
    from core.lens.attention import attention_pattern, value_weighted_attention
    from core.pictures.heat_map import heat_map

    out = checked_out(options)
    session, edits = open_session(options)
    head = session.graph.parse(options.head)
    if not isinstance(head, Node) or head.kind != "head":
        raise ArgumentError(f"{options.head} is no head.", "Name one, such as a0.h0.")
    result, labels = session.run(edits, positions="all"), session.pair.clean.labels
    at = options.at if options.at is not None else len(labels) - 1 if session.model.is_text else 0
    if not -len(labels) <= at < len(labels):
        raise ArgumentError(f"There is no position {at}.", f"The input has positions 0 to {len(labels) - 1}.")
    plain = attention_pattern(result, head.layer, head.head)
    moved = value_weighted_attention(result, head.layer, head.head)
    names = [visible_token(label) for label in labels] if session.model.is_text else list(labels)
    if options.json:
        say_json(_report(labels, plain, moved))
    else:
        rows = [("", "reads", "attention", "moves")]
        for key, name in enumerate(names):
            rows.append((str(key), name, f"{plain[at, key]:.4f}", f"{moved[at, key]:.4f}"))
        asking = f"{head.name} at position {at % len(labels)} ({names[at]})"
        say("\n".join([f"{asking}: attention, and the length of what it moves", "", *aligned(rows, "><>>")]))
    write_out(
        out,
        lambda: _csv(labels, plain, moved),
        lambda: heat_map(moved, names, names, title=f"{head.name}: attention times the length of what it moves"),
    )
    return 0


def _report(labels: tuple[str, ...], plain: Any, moved: Any) -> dict[str, Any]:
    return {"positions": list(labels), "attention": plain.tolist(), "moved": moved.tolist()}


def _csv(labels: tuple[str, ...], plain: Any, moved: Any) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("query", "key", "asks", "reads", "attention", "moved"))
    for query in range(plain.shape[0]):
        for key in range(plain.shape[1]):
            cells = f"{plain[query, key]:.6g}", f"{moved[query, key]:.6g}"
            lines.writerow((query, key, labels[query], labels[key], *cells))
    return text.getvalue()
