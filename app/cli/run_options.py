"""The options of a run with edits, as `run` and `export` have them."""

from __future__ import annotations

import argparse
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.arguments import EDIT_HELP, MODEL_HELP, metric_help, refuse_pictures
from app.cli.made_b import add_make_option
from app.cli.open_model import add_opening_options
from app.cli.pairs import IDS_HELP, add_memory_option
from app.cli.regions import add_region_option
from core.errors import InputError

if TYPE_CHECKING:
    from core.inputs.pair import Dataset
    from core.models.model import Model


def add_run_options(parser: argparse.ArgumentParser, required: bool = True, metric: bool = True) -> None:
    """required: model and A. metric: whether the command reads one; else there is no such option."""
    parser.add_argument("--model", required=required, help=MODEL_HELP)
    parser.add_argument("--clean", required=required, metavar="TEXT|IMAGE", help=f"input A{IDS_HELP}")
    parser.add_argument("--counterfactual", metavar="TEXT|IMAGE", help="input B")
    add_make_option(parser)
    add_region_option(parser)
    if metric:
        parser.add_argument("--metric", help=metric_help())
    else:
        parser.set_defaults(metric=None)
    add_opening_options(parser)
    add_memory_option(parser)
    parser.add_argument("--edit", action="append", default=[], metavar="EDIT", help=EDIT_HELP)


def inputs_of_file(model: Model, path: Path) -> Dataset:
    """The inputs of a file: the clean ones of pairs, or one a line. Raises InputError with the line of one that the
    model cannot take."""
    from core.inputs.dataset_files import read_inputs
    from core.inputs.pair import Dataset

    pairs = []
    for number, row in enumerate(read_inputs(path).rows, start=1):
        clean = row.clean
        if not model.is_text:
            beside = path.parent / Path(clean.strip()).expanduser()
            clean = str(beside) if isfile(beside) else clean.strip()
        try:
            if model.is_text:
                refuse_pictures(model, (clean,))
            pairs.append(model.pair(clean))
        except InputError as error:
            raise InputError(f"Input {number} of {path.name}: {error.message}", error.hint) from None
    return Dataset(pairs)
