"""B made from a picture A, where the terminal or a file says `make:` and how (`core.inputs.corruption_words`)."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.arguments import IMAGE_ENDINGS
from core.errors import ArgumentError, InputError
from core.inputs.corruption_words import MAKE, parse_corruption, written
from core.inputs.film import frame_of

if TYPE_CHECKING:
    from core.inputs.dataset_columns import FileRow

MAKE_HELP = (
    "make B from each picture A that has none: a kind (blur, mean, noise, shuffle, inpaint, other, word) and what it "
    "takes, for example 'word text=dog size=0.3 place=top', 'inpaint patches=5-8,13', 'mean mask=mask.png'"
)


def add_make_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--make-b", metavar="HOW", help=MAKE_HELP)


def made_counterfactual(options: argparse.Namespace) -> str | None:
    """The B that the options give: itself, or `make:` and how; None for none. Raises ArgumentError for both."""
    if options.make_b is None:
        return options.counterfactual  # type: ignore[no-any-return]
    if options.counterfactual is not None:
        raise ArgumentError("--make-b and --counterfactual both say what B is.", "Leave one of them out.")
    return MAKE + written(parse_corruption(options.make_b))


def check_picture(clean: str) -> None:
    """Raise InputError where an A that B is to be made from is no picture."""
    if Path(clean).suffix.lower() not in IMAGE_ENDINGS and not isfile(clean) and frame_of(clean) is None:
        raise InputError(f"{clean} is no picture, and B is made so of pictures alone.", "Give B by --counterfactual.")


def with_made(rows: Iterable[FileRow], how: str | None) -> list[FileRow]:
    """Rows with a B that is made where there is none. how: of `--make-b`; None: as they are. Raises ArgumentError."""
    made = None if how is None else MAKE + written(parse_corruption(how))
    return [row if made is None or row.counterfactual else replace(row, counterfactual=made) for row in rows]


def placed(counterfactual: str, folder: Path) -> str:
    """What a file says of B, with the paths in it found from its folder. Raises ArgumentError."""
    return MAKE + written(parse_corruption(counterfactual.removeprefix(MAKE), folder))
