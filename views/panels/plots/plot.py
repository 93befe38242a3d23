"""What every figure of the dock is: drawn on a chart, told in words, written as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from views.panels.plots.data import PlotsData, Rows

if TYPE_CHECKING:
    from views.panels.plots.chart import Chart

HOW_TO_READ = "Point at the figure to read it; or click it, then arrows."


@dataclass(frozen=True)
class Entry:
    """One line of the legend. color: a field of the theme. mark: how it is drawn: "line", "dashed", "dotted", "band",
    "bar", or a mark of `curves.MARKS`, with a line through it where it is `joined`. key: what it hides, where it can be
    hidden; faint: of an earlier state."""

    name: str
    color: str
    mark: str = "line"
    key: int | None = None
    tip: str = ""
    faint: bool = False
    joined: bool = False


class Plot(Protocol):
    """One figure. key: its name in code. title: on its button. about: what it is for, in its tooltip."""

    key: str
    title: str
    tip: str

    def empty(self, data: PlotsData) -> str:
        """Why there is nothing to draw, and what to do; empty where there is."""

    def caption(self, data: PlotsData) -> str:
        """Which model, inputs, metric, method and ablation it is of."""

    def note(self, data: PlotsData) -> str:
        """What it comes to, and what is left out of it."""

    def stale(self, data: PlotsData) -> bool:
        """Whether it is of an earlier state."""

    def legend(self, data: PlotsData) -> list[Entry]: ...

    def draw(self, chart: Chart, data: PlotsData, hidden: frozenset[int]) -> None:
        """Draw it anew. hidden: keys of the legend that are switched off."""

    def rows(self, data: PlotsData) -> Rows:
        """All numbers of it."""
