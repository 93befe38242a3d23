"""The look: one place for colour, space and type, in dark and light.

Widgets take colours from `current()` when they paint and repaint on `changed`. Everything that a style sheet
can reach is styled by `apply`. Blue raises the metric, orange lowers it (safe for colour-blind eyes); one
yellow marks the selection everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QColor

ThemeName = Literal["dark", "light"]
ThemeChoice = Literal["system", "dark", "light"]


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb."""

    name: ThemeName
    window: str  # behind the panels
    panel: str  # cards and the canvas
    raised: str  # chips, fields, buttons
    hover: str
    border: str
    text: str
    muted: str  # secondary text; still 4.5:1 on panel
    faint: str  # quiet nodes, grid lines
    positive: str
    negative: str
    neutral: str  # "before" bars
    selection: str
    good: str
    accent: str  # the one filled button
    on_accent: str
    chosen: str  # background of the chosen tool

    def color(self, field: str, alpha: float = 1.0) -> QColor:
        color = QColor(getattr(self, field))
        color.setAlphaF(alpha)
        return color


DARK = Theme(
    name="dark",
    window="#0d1015",
    panel="#15191f",
    raised="#20262e",
    hover="#2a313b",
    border="#2b323b",
    text="#e8ecf1",
    muted="#98a2ae",
    faint="#3a424d",
    positive="#4aa3ff",
    negative="#ff9638",
    neutral="#4a525d",
    selection="#ffd84d",
    good="#46c07a",
    accent="#4aa3ff",
    on_accent="#06121f",
    chosen="#4d4724",
)

LIGHT = Theme(
    name="light",
    window="#f5f7f9",
    panel="#ffffff",
    raised="#eef1f5",
    hover="#e3e8ee",
    border="#d5dce4",
    text="#14181d",
    muted="#5a6572",
    faint="#cbd3dc",
    positive="#0b6bd8",
    negative="#c25600",
    neutral="#c3cad2",
    selection="#8a6d00",
    good="#14793a",
    accent="#0b6bd8",
    on_accent="#ffffff",
    chosen="#e4dcb8",
)

SPACE = 8  # pixels: the grid that margins and gaps are multiples of
RADIUS = 6  # pixels
