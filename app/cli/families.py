"""`wirescope families`: which models open, what of each is exact, and what is refused and why."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Iterable

from app.cli.output import say
from core.models.family import FAMILIES
from core.models.refused import REFUSED


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(do=list_families)


def family_table(width: int | None = None) -> str:
    """The table in lines of at most `width` characters; None: as wide as the terminal."""
    wide = max(width or shutil.get_terminal_size((120, 24)).columns, 80)
    rows = [("family", "library", "reads", "exact")]
    for family in FAMILIES.values():
        rows.append((family.name, family.library, family.reads, family.exact))
        if family.refused:
            rows.append(("", "", "", f"refused: {family.refused}"))
    refused = [("not opened", "why"), *((row.name, row.why) for row in REFUSED)]
    return "\n".join([*_aligned(rows, wide), "", *_aligned(refused, wide)])


def _aligned(rows: Iterable[tuple[str, ...]], width: int) -> list[str]:
    """Columns as wide as their widest cell; the last one is broken where the line ends."""
    rows = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)][:-1]
    lines = []
    for *cells, text in rows:
        start = "".join(f"{cell:<{wide}}  " for cell, wide in zip(cells, widths, strict=True))
        lines += textwrap.wrap(text, width, initial_indent=start, subsequent_indent=" " * len(start))
    return lines


def list_families(_options: argparse.Namespace) -> int:
    say(family_table())
    return 0
