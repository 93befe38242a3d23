"""What every lens of the terminal shares: its options, and the file that it writes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.arguments import DATASET_HELP, add_device_option
from app.cli.output import tell
from app.cli.run_options import add_run_options
from core.errors import ArgumentError

if TYPE_CHECKING:
    from core.pictures.picture import Picture


def add_lens_options(parser: argparse.ArgumentParser, do: Callable[[argparse.Namespace], int], metric: bool) -> None:
    """metric: whether the lens reads one."""
    add_run_options(parser, metric=metric)
    parser.add_argument("--out", metavar="FILE", help="write it there too: .csv for the numbers, .svg for a figure")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_device_option(parser)
    parser.add_argument("--dataset", metavar="FILE", help=DATASET_HELP)
    parser.set_defaults(do=do)


def checked_out(options: argparse.Namespace) -> Path | None:
    """Where to write, looked at before any work. Raises ArgumentError."""
    out = None if options.out is None else Path(options.out)
    if out is not None and out.suffix.lower() not in (".csv", ".svg"):
        raise ArgumentError(
            f"A lens is written as CSV or SVG, not as {out.suffix or out.name!r}.", "Name it FILE.csv or FILE.svg."
        )
    return out


def write_out(out: Path | None, table: Callable[[], str], picture: Callable[[], Picture]) -> None:
    """Raises WirescopeError where that is not possible."""
    from core.saving import save_text

    if out is None:
        return
    save_text(out, table() if out.suffix.lower() == ".csv" else picture().svg)
    tell(f"Written to {out}.")
