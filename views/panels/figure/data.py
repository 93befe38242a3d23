"""What can be chosen of a figure: the one table of it, for the dialog and for the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Drawing = Literal["circuit", "graph", "positions"]

WIDTHS = (  # (name, words, millimetres)
    ("column", "One column", 85.0),
    ("two-columns", "Two columns", 176.0),
    ("slide", "Slide", 254.0),
)
LEAST_WIDTH, MOST_WIDTH = 50.0, 1000.0  # millimetres
SLIDE = 230.0  # millimetres, from which on a figure is looked at from afar: everything in it is twice as large
PALETTES = (
    ("light", "Light"),
    ("print", "Print: told apart in grey"),
    ("dark", "Dark"),
)
FORMS = (
    ("pdf", "PDF, with its fonts"),
    ("svg", "SVG"),
    ("png", "PNG"),
    ("tikz", "TikZ, for LaTeX"),
)
ENDINGS = {"pdf": ".pdf", "svg": ".svg", "png": ".png", "tikz": ".tex"}
LEAST_DPI, MOST_DPI = 72, 1200


@dataclass(frozen=True)
class FigureChoice:
    """drawing: the circuit alone in compact layers, the graph as on the canvas, or the circuit over positions. width:
    in millimetres. palette, form: names of the tables. dpi: of a PNG. edges: how many of the strongest, 0 for all that
    are shown. fold: like layers become one box. caption: whether it stands below. Width, edges, fold and caption are
    of the circuit alone."""

    drawing: Drawing = "circuit"
    width: float = WIDTHS[0][2]
    palette: str = "light"
    form: str = "pdf"
    dpi: int = 300
    edges: int = 0
    fold: bool = False
    caption: bool = True

    @property
    def letters(self) -> float:
        """How much larger than usual everything is."""
        return 2.0 if self.width >= SLIDE else 1.0

    @property
    def ending(self) -> str:
        return ENDINGS[self.form]
