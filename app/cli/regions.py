"""Regions of pictures in the terminal: `--region NAME=PATCHES`, and the column `roles` of a dataset of pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.inputs.regions import joined_regions, parse_region, split_regions

REGION_HELP = (
    "name patches of the picture, eye=27-30,35, or those where a mask is light, eye=mask:eye.png; edits name them, as "
    "in 'm3=patch@eye', beside CLS, registers and patches. May be given several times"
)


def add_region_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--region", action="append", default=[], metavar="NAME=PATCHES", help=REGION_HELP)


def placed_regions(cell: str, folder: Path) -> str:
    """A cell with several regions, whose masks are found from a file's folder. Raises InputError."""
    return joined_regions(placed_region(region, folder) for region in split_regions(cell))


def placed_region(region: str, folder: Path) -> str:
    """A region whose mask, if it has one, is found from a folder. Raises InputError."""
    name, patches = parse_region(region)
    return f"{name}=mask:{(folder / patches).resolve()}" if isinstance(patches, Path) else region
