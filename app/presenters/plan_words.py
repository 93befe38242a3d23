"""A plan in words: sizes, counts and times as people read them. Imports no model library."""

from __future__ import annotations

from app.presenters.time_left import seconds_words

BYTES = ((2**40, "TB"), (2**30, "GB"), (2**20, "MB"))
DAYS = 86400.0


def size_words(size: int) -> str:
    """ "1.4 GB", "513 MB", "0.4 MB"."""
    unit, name = next((each for each in BYTES if size >= each[0]), BYTES[-1])
    value = size / unit
    return f"{value:.3g} {name}" if value < 999.5 else f"{value:,.0f} {name}"


def count_words(count: float) -> str:
    """ "134 million", "70.6 billion"; of more, "4.62 x 10^16"."""
    if count < 1e6:
        return f"{count:,.0f}"
    if count < 1e9:
        return f"{count / 1e6:.3g} million"
    if count < 1e12:
        return f"{count / 1e9:.3g} billion"
    mantissa, _, power = f"{count:.2e}".partition("e+")
    return f"{mantissa} × 10^{int(power)}"


def time_words(seconds: float | None) -> str:
    """ "0.12 s", "about 4 min", "about 21 days"; "not measured"."""
    if seconds is None:
        return "not measured"
    if seconds < 1:
        return f"{1000 * seconds:.2g} ms" if seconds < 0.0995 else f"{seconds:.2g} s"
    if seconds < 2 * DAYS:
        return seconds_words(seconds)
    days = seconds / DAYS
    return f"about {days:,.0f} days" if days < 700 else f"about {days / 365:,.0f} years"
