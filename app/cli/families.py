"""`wirescope families`: which models open, what of each is exact, and what is refused and why."""

from __future__ import annotations

import argparse
import shutil

from app.cli.output import say
from app.cli.tables import aligned
from core.models.family import FAMILIES
from core.models.refused import REFUSED

WORDS = "list the families of models that open, and what is refused"
EXAMPLES = "wirescope families"


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
    return "\n".join([*aligned(rows, width=wide), "", *aligned(refused, width=wide)])


def list_families(_options: argparse.Namespace) -> int:
    say(family_table())
    return 0
