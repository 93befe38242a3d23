"""`wirescope study`: questions to one model or to several. A study is a row of STUDIES, with a file of its own."""

from __future__ import annotations

import argparse
from types import ModuleType

from app.cli import study_heads, study_icl, study_modalities
from app.cli.arguments import with_examples

STUDIES: dict[str, ModuleType] = {"modalities": study_modalities, "icl": study_icl, "heads": study_heads}
WORDS = "ask a model, or several ones side by side, the questions of a study"
EXAMPLES = "\n".join(each.EXAMPLES.strip() for each in STUDIES.values())


def add_options(parser: argparse.ArgumentParser) -> None:
    studies = parser.add_subparsers(required=True, metavar="STUDY")
    for name, each in STUDIES.items():
        each.add_options(studies.add_parser(name, help=each.WORDS, **with_examples(each.WORDS, each.EXAMPLES)))
