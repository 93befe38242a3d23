"""`wirescope study`: the same questions to several models. A study is a row of STUDIES, with a file of its own."""

from __future__ import annotations

import argparse
from types import ModuleType

from app.cli import study_modalities
from app.cli.arguments import with_examples

STUDIES: dict[str, ModuleType] = {"modalities": study_modalities}
WORDS = "ask several models the same questions, and put the answers side by side"
EXAMPLES = "\n".join(each.EXAMPLES.strip() for each in STUDIES.values())


def add_options(parser: argparse.ArgumentParser) -> None:
    studies = parser.add_subparsers(required=True, metavar="STUDY")
    for name, each in STUDIES.items():
        each.add_options(studies.add_parser(name, help=each.WORDS, **with_examples(each.WORDS, each.EXAMPLES)))
