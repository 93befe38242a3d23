"""`wirescope lens`: what is inside, in the model's own answers. A lens is a row of LENSES, with a file of its own."""

from __future__ import annotations

import argparse
from types import ModuleType

from app.cli import lens_attention, lens_map, lens_repair, lens_tokens, lens_writes
from app.cli.arguments import with_examples

LENSES: dict[str, ModuleType] = {
    "map": lens_map,
    "tokens": lens_tokens,
    "attention": lens_attention,
    "writes": lens_writes,
    "repair": lens_repair,
}
WORDS = "read what is inside of a model in its own answers: layers, tokens, heads, self-repair"
EXAMPLES = "\n".join(each.EXAMPLES.strip() for each in LENSES.values())


def add_options(parser: argparse.ArgumentParser) -> None:
    lenses = parser.add_subparsers(required=True, metavar="LENS")
    for name, each in LENSES.items():
        each.add_options(lenses.add_parser(name, help=each.WORDS, **with_examples(each.WORDS, each.EXAMPLES)))
