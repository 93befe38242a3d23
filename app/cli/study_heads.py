"""`wirescope study heads`: two sets of heads compared by what is lost without them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.study_icl import add_shared_options, study_head_sets

if TYPE_CHECKING:
    from core.graph import Graph
    from core.studies.head_sets import Ranking

WORDS = "two sets of heads, compared by what a model loses without each"
EXAMPLES = """
wirescope study heads --model bundled:names --first induction --second previous-token
wirescope study heads --model pack:smollm2 --first function-vector --second heads.txt --out heads
"""
RANKING_HELP = (
    "what ranks the heads of a set: induction, previous-token, duplicate-token, function-vector, or a file with a head "
    "a line (a5.h1), the first one first"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--first", required=True, metavar="RANKING", help=RANKING_HELP)
    parser.add_argument("--second", metavar="RANKING", help="the same of the other set (none: one set alone)")
    add_shared_options(parser)
    parser.set_defaults(do=study_heads_command)


def study_heads_command(options: argparse.Namespace) -> int:
    told = [each for each in (options.first, options.second) if each is not None]
    return study_head_sets(options, lambda graph: [_ranking(each, graph) for each in told], "heads")


def _ranking(text: str, graph: Graph) -> str | Ranking:
    """The name of a ranking, or that of a file. Raises InputError."""
    if not Path(text).is_file():
        return text.replace("-", " ")
    from core.studies.head_sets import ranking_in_file

    return ranking_in_file(text, graph)
