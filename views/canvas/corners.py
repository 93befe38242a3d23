"""What is written in the corners of the canvas, and the room that it leaves to the two bars, `input` and `logits`."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QMarginsF, QSizeF

from views.theme import text_scale

EDGE = 14.0  # pixels between the border of the canvas and what is written on it
HEADER_HEIGHT = 34.0  # two lines of legend
FIRST_LINE = 17.0  # the first of them
FOOT_HEIGHT = 32.0  # two more in the lower left corner
LEAST_BAR = 150.0  # pixels: a bar that would be narrower stands below or above what is written in the corners
LEAST_TOP_BAR = 100.0  # the same of `logits`, whose name is short, in a low view
LOW = 250.0  # pixels: of a view in which height is scarce
SIDES = QMarginsF(88, EDGE, 64, EDGE)  # layer names on the left, names of MLPs on the right


@dataclass(frozen=True)
class Corners:
    """Widths in pixels. left, right: of the upper corners, the wider of their two lines. foot: of the lower left one.
    second_left, second_right: of the second lines of the upper ones, as short as they are in a low view."""

    left: float = 0.0
    right: float = 0.0
    foot: float = 0.0
    second_left: float = 0.0
    second_right: float = 0.0

    def margins(self, size: QSizeF) -> QMarginsF:
        """At the top and at the bottom, what is written there is left out where the bar finds no place beside it."""
        name = LEAST_BAR * text_scale()  # what the name of a bar takes
        right = size.width() - (EDGE if size.height() < LOW else SIDES.right())  # a low view gives it all its width
        beside_foot = not self.foot or self.right_of_foot + name <= right
        bottom = EDGE if beside_foot else EDGE + FOOT_HEIGHT * text_scale() + 4
        return QMarginsF(SIDES.left(), self._top(size), SIDES.right(), bottom)

    def _top(self, size: QSizeF) -> float:
        if self.beside(size):
            return EDGE
        return EDGE + (FIRST_LINE if self.between(size) else HEADER_HEIGHT) * text_scale() + 6

    def beside(self, size: QSizeF) -> bool:
        """Whether `logits` stands between the upper corners."""
        return self.gap(size) >= LEAST_BAR

    def between(self, size: QSizeF) -> bool:
        """Whether it stands between the second lines of the upper corners, in a low view that is narrow too."""
        least = LEAST_TOP_BAR * text_scale()
        left, right = self.sides_of_second(size)
        return self.second_right > 0 and size.height() < LOW and not self.beside(size) and right - left >= least

    def gap(self, size: QSizeF) -> float:
        """Width of a bar in the middle that touches neither upper corner."""
        centre = middle(size)
        if self.left == self.right == 0.0:
            return size.width()
        return 2 * min(centre - EDGE - self.left, size.width() - EDGE - self.right - centre) - 48

    def sides_of_second(self, size: QSizeF) -> tuple[float, float]:
        """From where to where a bar between the second lines can reach."""
        return EDGE + self.second_left + 8, size.width() - EDGE - self.second_right - 8

    @property
    def right_of_foot(self) -> float:
        """Where a bar begins that keeps off the lower left corner, with the edges that leave it to the left."""
        return EDGE + self.foot + 28


def middle(size: QSizeF) -> float:
    """The x of the middle of the columns."""
    return (size.width() + SIDES.left() - SIDES.right()) / 2
