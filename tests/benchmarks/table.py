"""Tables of measured figures: medians, side by side in one process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A title, the heads of the columns, and the rows, as printed, as JSON and as Markdown. place: where it stands on
    the page of its part, by the words behind the part's name there; "": the main place."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    place: str = ""

    def as_json(self) -> dict[str, object]:
        return {"title": self.title, "rows": [dict(zip(self.heads, row, strict=True)) for row in self.rows]}

    def as_markdown(self) -> str:
        rows = [self.heads, ["---"] * len(self.heads), *self.rows]
        return "\n".join([f"**{self.title}**", "", *("| " + " | ".join(row) + " |" for row in rows)])

    def __str__(self) -> str:
        cells = [list(self.heads), *map(list, self.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.heads))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
        return "\n".join([self.title, lines[0], "-" * len(lines[0]), *lines[1:], ""])


def milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def side_by_side(first: Callable[[], object], second: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Medians of two pieces of work, measured in turn so that both meet the same machine."""
    for work in (first, second):
        work()
    pairs = [(milliseconds(first), milliseconds(second)) for _ in range(rounds)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)
