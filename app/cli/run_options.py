"""The options of a run with edits, as `run` and `export` have them."""

from __future__ import annotations

import argparse

from app.cli.arguments import EDIT_HELP, MODEL_HELP, metric_help
from app.cli.open_model import add_precision_option
from app.cli.pairs import IDS_HELP, add_memory_option


def add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help=MODEL_HELP)
    parser.add_argument("--clean", required=True, metavar="TEXT|IMAGE", help=f"input A{IDS_HELP}")
    parser.add_argument("--counterfactual", metavar="TEXT|IMAGE", help="input B")
    parser.add_argument("--metric", help=metric_help())
    add_precision_option(parser)
    add_memory_option(parser)
    parser.add_argument("--edit", action="append", default=[], metavar="EDIT", help=EDIT_HELP)
