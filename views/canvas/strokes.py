"""Lines to draw and to hit, whatever they mean: cubic Béziers with a size, a sign and a style, in arrays.

Both levels of the canvas are drawn from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.tracing.meaning import towards
from views.canvas.curves import Array, Curves
from views.canvas.data import EdgeMark

UNSIGNED = 2  # a score without a sign: see `Strokes.sign`
LEVELS = 6  # widths and strengths of colour
HIT_SAMPLES = 33  # points per curve for hit tests


@dataclass(frozen=True, eq=False)
class Strokes:
    """Marks in the order of `in_order` and the curve of each. All arrays run over them."""

    marks: tuple[EdgeMark, ...]
    curves: Curves

    def __len__(self) -> int:
        return len(self.marks)

    @cached_property
    def _values(self) -> NDArray[np.float64]:
        return _values(self.marks)

    @cached_property
    def level(self) -> NDArray[np.int64]:
        """0 (weakest) to LEVELS - 1."""
        size = np.abs(np.nan_to_num(self._values))
        largest = float(size.max(initial=0.0)) or 1.0
        return np.clip(np.sqrt(size / largest) * LEVELS, 0, LEVELS - 1).astype(np.int64)

    @cached_property
    def sign(self) -> NDArray[np.int64]:
        """1 towards A, -1 away from it, UNSIGNED where the sign of a value says nothing, 0 where nothing is known."""
        ranked = [towards(value, mark.direction) for value, mark in zip(self._values, self.marks, strict=True)]
        sign = np.sign(np.nan_to_num(np.array(ranked, dtype=np.float64))).astype(np.int64)
        unsigned = np.array([not mark.signed for mark in self.marks], dtype=bool)
        return np.where(unsigned & (sign != 0), UNSIGNED, sign)

    @cached_property
    def measured(self) -> NDArray[np.bool_]:
        return np.array([mark.measured for mark in self.marks], dtype=bool)

    @cached_property
    def edited(self) -> NDArray[np.bool_]:
        return np.array([mark.edited is not None for mark in self.marks], dtype=bool)

    @cached_property
    def points(self) -> Array:
        """Samples of every curve for hit tests, those of branches last: [lines, HIT_SAMPLES, 2]."""
        return self.curves.lines[0].sampled(HIT_SAMPLES)

    @cached_property
    def line_of(self) -> NDArray[np.int64]:
        """The place of the mark that each of these lines is of: [lines]."""
        return self.curves.lines[1]

    @cached_property
    def boxes(self) -> Array:
        return self.curves.boxes()

    @cached_property
    def pieces(self) -> NDArray[np.float32]:
        """Left, top, right, bottom of every piece between two samples: [4, lines * (HIT_SAMPLES - 1)]. Four
        comparisons over them find what a point can hit: no index is faster at some 100,000 pieces."""
        points = self.points.astype(np.float32)
        low = np.minimum(points[:, :-1], points[:, 1:]).reshape(-1, 2)
        high = np.maximum(points[:, :-1], points[:, 1:]).reshape(-1, 2)
        return np.ascontiguousarray(np.concatenate([low, high], axis=1).T)


def in_order(marks: tuple[EdgeMark, ...]) -> tuple[EdgeMark, ...]:
    """Weakest first, unknown ones before, edited ones last, so that they lie on top."""
    edited = np.array([mark.edited is not None for mark in marks], dtype=bool)
    size = np.abs(_values(marks))
    order = np.lexsort((np.where(np.isfinite(size), size, -1.0), edited))
    return tuple(marks[place] for place in order.tolist())


def _values(marks: tuple[EdgeMark, ...]) -> NDArray[np.float64]:
    """NaN where nothing is known."""
    return np.array([mark.value for mark in marks], dtype=np.float64)
