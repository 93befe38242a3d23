"""The two themes' colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QColor

ThemeName = Literal["dark", "light"]


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
    violet: str  # these five draw groups of nodes
    teal: str
    pink: str
    olive: str
    slate: str

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
    negative="#ff8c2e",
    neutral="#646e7a",
    selection="#ffdc5e",
    good="#46c07a",
    accent="#4aa3ff",
    on_accent="#06121f",
    chosen="#4d4724",
    violet="#b594ff",
    teal="#3fc9b0",
    pink="#ff8fb8",
    olive="#b3bd4a",
    slate="#9fb2c8",
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
    negative="#b54e00",
    neutral="#8a94a0",
    selection="#4d3f00",
    good="#14793a",
    accent="#0b6bd8",
    on_accent="#ffffff",
    chosen="#e4dcb8",
    violet="#6b3fc4",
    teal="#0b7a6b",
    pink="#b8326f",
    olive="#666a10",
    slate="#4f6378",
)
