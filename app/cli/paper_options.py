"""The options of a figure for a paper: its width, its palette, what is folded, and the fineness of a PNG."""

from __future__ import annotations

import argparse
import re

from core.errors import ArgumentError
from views.panels.figure.data import (
    FORMS,
    LEAST_DPI,
    LEAST_WIDTH,
    MOST_DPI,
    MOST_WIDTH,
    PALETTES,
    SLIDE,
    WIDTHS,
    FigureChoice,
)

UNITS = {"mm": 1.0, "cm": 10.0, "in": 25.4, "pt": 25.4 / 72}
USUAL = FigureChoice()
PAPER_FORMS = tuple(name for name, _ in FORMS)


def add_paper_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--width",
        metavar="WIDTH",
        help="of a figure for a paper, which shows the circuit alone, compactly: 85mm, 3.3in, or "
        + ", ".join(f"{name} ({width:g} mm)" for name, _, width in WIDTHS)
        + f"; from {SLIDE:g} mm on twice as large, for a slide; of TikZ and of a file's circuit always (column)",
    )
    parser.add_argument(
        "--palette",
        choices=[name for name, _ in PALETTES],
        help="of such a figure; print: told apart in grey (light)",
    )
    parser.add_argument("--dpi", type=int, help=f"of such a figure as PNG ({USUAL.dpi})")
    parser.add_argument("--fold", action="store_true", help="of such a figure: like layers in a row become one box")
    parser.add_argument("--no-caption", action="store_true", help="of such a figure: none below it")


def wants_paper(options: argparse.Namespace) -> bool:
    given = any(getattr(options, name) is not None for name in ("width", "palette", "dpi"))
    return given or options.fold or options.no_caption or options.format == "tikz"


def paper_of(options: argparse.Namespace) -> FigureChoice:
    """Raises ArgumentError."""
    if wants_paper(options) and options.format not in PAPER_FORMS:
        raise ArgumentError(
            f"--format {options.format} is no figure.",
            "Leave out --width, --palette, --dpi, --fold and --no-caption.",
        )
    if options.dpi is not None and options.format != "png":
        raise ArgumentError(
            f"--dpi is of a PNG; {options.format.upper()} is as fine as what shows it.", "Leave it out."
        )
    if options.format == "tikz" and options.palette == "dark":
        raise ArgumentError("LaTeX sets a figure on the paper's white.", "Take --palette light or print.")
    if options.format == "tikz" and options.no_caption:
        raise ArgumentError("The caption of TikZ is a comment above it.", "Leave out --no-caption.")
    dpi = USUAL.dpi if options.dpi is None else options.dpi
    if not LEAST_DPI <= dpi <= MOST_DPI:
        raise ArgumentError(f"--dpi is from {LEAST_DPI} to {MOST_DPI}, not {dpi}.")
    return FigureChoice(
        width=_millimetres(options.width or "column"),
        palette=options.palette or USUAL.palette,
        form=options.format if options.format in PAPER_FORMS else USUAL.form,
        dpi=dpi,
        fold=options.fold,
        caption=not options.no_caption,
    )


def _millimetres(text: str) -> float:
    named = {name: width for name, _, width in WIDTHS}
    if text in named:
        return named[text]
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(mm|cm|in|pt)", text.strip())
    if match is None:
        raise ArgumentError(f"{text!r} is no width.", f"Give 85mm, 3.3in, or {', '.join(named)}.")
    width = float(match[1]) * UNITS[match[2]]
    if not LEAST_WIDTH <= width <= MOST_WIDTH:
        raise ArgumentError(f"A figure is {LEAST_WIDTH:g} to {MOST_WIDTH:g} mm wide, not {width:g} mm.")
    return width
