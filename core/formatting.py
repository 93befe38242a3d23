"""Numbers as every part of the program writes them: in the window, in files and in the terminal."""

from __future__ import annotations

MINUS = "\N{MINUS SIGN}"
BELOW = "below noise"  # of an effect that rounding alone may have made (`core.noise`)


def number(value: float, digits: int = 2) -> str:
    """`3.02`, `−1.12`; never `−0.00`."""
    text = f"{abs(value):.{digits}f}"
    return MINUS + text if value < 0 and float(text) != 0.0 else text


def percent(share: float, digits: int = 0) -> str:
    """A share as `87 %`, `0.5 %`, `−3 %`, `1,250 %`."""
    text = f"{abs(100 * share):,.{digits}f}"
    minus = MINUS if share < 0 and float(text.replace(",", "")) != 0.0 else ""
    return f"{minus}{text} %"


def share_words(share: float) -> str:
    """A share of the behaviour, the same wherever it stands: `87 %`, `9.3 %`, `−3 %`."""
    return percent(share, 1 if 0 < abs(share) < 0.0995 else 0)


def is_below_noise(effect: float, floor: float) -> bool:
    """Whether rounding alone may have made a measured effect. Where nothing is rounded so far, no effect is."""
    return floor > 0 and abs(effect) < floor


def effect_words(effect: float, floor: float, digits: int = 4) -> str:
    """An effect as people read it, "+0.1234", and where rounding may have made it, that: "below noise (0.05)"."""
    if is_below_noise(effect, floor):
        return f"{BELOW} ({floor:.2g})"
    return f"{round(effect, digits) + 0.0:+.{digits}f}"


def counted(count: int, name: str) -> str:
    """A number of things: `1 edge`, `1,413 edges`."""
    return f"{count:,} {name}{'s' * (count != 1)}"


def best_edges(count: int) -> str:
    """What a circuit keeps: `the best edge`, `the best 1,413 edges`."""
    return "the best edge" if count == 1 else f"the best {counted(count, 'edge')}"
