"""Pictures that a notebook shows by itself: SVG as text, without a package for it. Colours are those of the window:
blue is positive, orange negative; they are told apart by colour-blind eyes."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from core.saving import save_text

POSITIVE, NEGATIVE, INK, QUIET = (11, 107, 216), (194, 86, 0), "#1c1e21", "#8a9099"
FONT = "font-family='Helvetica, Arial, sans-serif'"


@dataclass(frozen=True)
class Picture:
    """svg: the whole text of it. In a notebook it shows itself."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> None:
        """Write it to a file. Raises WirescopeError where that is not possible."""
        save_text(Path(path), self.svg)


def drawing(width: float, height: float, parts: list[str], title: str = "") -> str:
    """An SVG of parts on white, so that it can be read in a dark notebook too. title: above them."""
    head = 20 if title else 0
    words = label(4, 14, title, size=12, weight="bold") if title else ""
    body = f"<g transform='translate(0,{head})'>{''.join(parts)}</g>"
    size = f"width='{width:.0f}' height='{height + head:.0f}' viewBox='0 0 {width:.0f} {height + head:.0f}'"
    white = f"<rect width='{width:.0f}' height='{height + head:.0f}' fill='#ffffff'/>"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size} {FONT}>{white}{words}{body}</svg>"


def label(
    x: float, y: float, text: str, *, size: float = 10, anchor: str = "start", colour: str = INK, weight: str = "normal"
) -> str:
    """A line of text. anchor: start, middle or end of it stands at x."""
    style = f"font-size='{size:g}' text-anchor='{anchor}' fill='{colour}' font-weight='{weight}' xml:space='preserve'"
    return f"<text x='{x:.1f}' y='{y:.1f}' {style}>{plain(text)}</text>"


def plain(text: str) -> str:
    """Text as XML has it; signs that do not print as dots."""
    return escape("".join(sign if sign.isprintable() else "·" for sign in text))


def shade(value: float, largest: float) -> str:
    """White for 0, blue for `largest`, orange for minus `largest`."""
    share = min(abs(value) / largest, 1.0) if largest > 0 else 0.0
    full = POSITIVE if value >= 0 else NEGATIVE
    red, green, blue = (round(255 + (part - 255) * share) for part in full)
    return f"#{red:02x}{green:02x}{blue:02x}"


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
