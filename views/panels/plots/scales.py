"""Scales of the axes: where a value lies, and at which round values there are ticks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.formatting import MINUS, share_words

Array = NDArray[np.float64]
MOST_TICKS = 7


@dataclass(frozen=True)
class Scale:
    """to: from values to places on the axis; back: the other way. round_values: values worth a tick, of a straight
    scale none: those are found by their distance. words: a value as it is written."""

    to: Callable[[Array], Array]
    back: Callable[[Array], Array]
    words: Callable[[float], str]
    round_values: tuple[float, ...] = ()

    def place(self, value: float) -> float:
        return float(self.to(np.array([value], dtype=np.float64))[0])

    def value(self, place: float) -> float:
        return float(self.back(np.array([place], dtype=np.float64))[0])

    def ticks(self, low: float, high: float, most: int = MOST_TICKS) -> list[float]:
        """Places of ticks between two places: at round values where there are enough, else evenly in their values."""
        places = [place for value in self.round_values if low <= (place := self.place(value)) <= high]
        gap = (high - low) / max(most, 2) * 0.75
        if len(places) >= 3:
            return _apart(places, self.place(0.0) if 0.0 in self.round_values else None, gap)
        start, end = sorted((self.value(low), self.value(high)))
        return _apart([self.place(value) for value in evenly(start, end, most)], None, gap)


def _apart(places: list[float], first: float | None, gap: float) -> list[float]:
    """Of some places those that are far enough from each other; `first` is kept before all others."""
    kept = [] if first is None or first not in places else [first]
    for place in places:
        if all(abs(place - other) >= gap for other in kept):
            kept.append(place)
    return sorted(kept)


def evenly(low: float, high: float, most: int = MOST_TICKS) -> list[float]:
    """Round values between two, at most so many: in steps of 1, 2 or 5 times a power of ten."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return []
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next((step for times in (1, 2, 5, 10) if span / (step := times * power) <= most), 10 * power)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def plain(value: float) -> str:
    """A number on an axis: `0`, `0.05`, `−1.5`, `2e-05`."""
    if abs(value) < 1e-12:
        return "0"
    text = f"{abs(value):.3g}" if abs(value) < 1000 else f"{abs(value):,.0f}"
    return (MINUS if value < 0 else "") + text


def _same(values: Array) -> Array:
    return values


def _decades(low: int, high: int) -> tuple[float, ...]:
    return tuple(float(f"1e{power}") for power in range(low, high + 1))


STRAIGHT = Scale(_same, _same, plain)
SHARES = Scale(_same, _same, share_words)


def _log(values: Array) -> Array:
    return np.log10(np.maximum(values, 1e-12))


def _power(places: Array) -> Array:
    return np.power(10.0, np.minimum(places, 300.0))


SIZES = Scale(_log, _power, lambda value: f"{value:,.0f}", _decades(0, 9))
SIZE_SHARES = Scale(_log, _power, lambda value: f"{100 * value:.3g} %", _decades(-6, 0))


def _log_count(values: Array) -> Array:
    return np.log10(1.0 + np.maximum(values, 0.0))


COUNTS = Scale(_log_count, lambda places: _power(places) - 1.0, lambda value: f"{value:,.0f}", (0.0, *_decades(0, 9)))


def around_zero(unit: float) -> Scale:
    """Straight within `unit` of nought, logarithmic beyond it, on both sides: heavy tails and the middle in one
    figure."""
    powers = np.arange(-12, 13)
    tens = [float(f"1e{power}") for power in powers if 10.0**power >= unit * 0.9]
    return Scale(
        lambda values: np.arcsinh(values / unit),
        lambda places: np.sinh(np.clip(places, -60.0, 60.0)) * unit,
        plain,
        (*(-ten for ten in reversed(tens)), 0.0, *tens),
    )
