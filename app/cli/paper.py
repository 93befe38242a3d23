"""The options of a figure for a paper: its width, its palette, and the fineness of a PNG."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import ArgumentError

if TYPE_CHECKING:
    from app.presenters.snapshot import Snapshot
    from core.interchange.report import Report

WIDTHS = {"column": 85.0, "two-columns": 176.0, "slide": 254.0}  # millimetres
LEAST, MOST = 50.0, 1000.0
UNITS = {"mm": 1.0, "cm": 10.0, "in": 25.4, "pt": 25.4 / 72}
USUAL_DPI = 300
DPI = (72, 1200)


@dataclass(frozen=True)
class Paper:
    """width: in millimetres. dpi: of a PNG."""

    width: float
    palette: str
    dpi: int


def add_paper_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--width",
        metavar="WIDTH",
        help="of a figure for a paper, which shows the circuit alone, compactly: 85mm, 3.3in, or "
        + ", ".join(f"{name} ({width:g} mm)" for name, width in WIDTHS.items())
        + "; of a file's circuit always (column)",
    )
    parser.add_argument("--palette", choices=("light", "print"), help="of such a figure; print: safe in grey (light)")
    parser.add_argument("--dpi", type=int, help=f"of such a figure as PNG ({USUAL_DPI})")


def wants_paper(options: argparse.Namespace) -> bool:
    return any(getattr(options, name) is not None for name in ("width", "palette", "dpi"))


def paper_of(options: argparse.Namespace) -> Paper:
    """Raises ArgumentError."""
    if wants_paper(options) and options.format not in ("svg", "pdf", "png"):
        raise ArgumentError(f"--format {options.format} is no figure.", "Leave out --width, --palette and --dpi.")
    dpi = USUAL_DPI if options.dpi is None else options.dpi
    if not DPI[0] <= dpi <= DPI[1]:
        raise ArgumentError(f"--dpi is from {DPI[0]} to {DPI[1]}, not {dpi}.")
    return Paper(_millimetres(options.width or "column"), options.palette or "light", dpi)


def _millimetres(text: str) -> float:
    if text in WIDTHS:
        return WIDTHS[text]
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(mm|cm|in|pt)", text.strip())
    if match is None:
        raise ArgumentError(f"{text!r} is no width.", f"Give 85mm, 3.3in, or {', '.join(WIDTHS)}.")
    width = float(match[1]) * UNITS[match[2]]
    if not LEAST <= width <= MOST:
        raise ArgumentError(f"A figure is {LEAST:g} to {MOST:g} mm wide, not {width:g} mm.")
    return width


def report_of_snapshot(snapshot: Snapshot, edges: int) -> Report:
    """What is shown, with the strongest edges."""
    from dataclasses import replace

    from app.presenters.canvas import Extent
    from app.presenters.report import report_shown

    return report_shown(replace(snapshot, extent=Extent(strongest=edges)))
