"""What the table of runs shows."""

from __future__ import annotations

from dataclasses import dataclass

from views.widgets.line_column import LineColumn

COLUMNS: tuple[LineColumn, ...] = (
    LineColumn("When", "When it came to its end"),
    LineColumn(
        "Run",
        "A trace scores edges or nodes, an evaluation asks how far to trust a circuit, a scan edits edges one by one, "
        "a repair finds cuts, heads are tested for what they do, studies compare sets of them",
    ),
    LineColumn("Method", "By which edges or nodes were scored"),
    LineColumn("Edges", "How many edges the circuit has that it came to; empty where none was chosen", True),
    LineColumn("CPR", "Area under the curve of its scores; above 1 where what leads away from A was left out", True),
    LineColumn("CMD", "Area between that curve and 100 %: the lower the better", True),
    LineColumn("Size at 80 %", "The fewest edges of the curve's circuits that recover 80 % of the behaviour", True),
    LineColumn(
        "Stability", "The share of its edges that circuits of other pairs have too: an evaluation finds it", True
    ),
    LineColumn("Seconds", "How long it took", True),
    LineColumn("Data", "What it went over: A, or how many pairs of the dataset"),
    LineColumn("Options", "What the method was told other than usual"),
    LineColumn("Replacement", "What removed edges carry"),
    LineColumn("Metric", "What was read off the output"),
    LineColumn("Model", "And what it computed in, where that is not fp32"),
)


@dataclass(frozen=True)
class RunRow:
    """One run. number: tells it from the others. cells: words, one a column. keys: what they are sorted by; None comes
    last. no_circuit: why it cannot be compared with another; empty where it can. shape: of its circuit's model.
    present: whether the window shows its state. tip: all of its inputs. no_rerun: why it cannot be run anew."""

    number: int
    cells: tuple[str, ...]
    keys: tuple[float | str | None, ...]
    no_circuit: str = ""
    shape: str = ""
    present: bool = False
    tip: str = ""
    no_rerun: str = ""

    @property
    def key(self) -> int:
        return self.number


@dataclass(frozen=True)
class RunsData:
    """rows: the newest last. no_rerun: why nothing can be run anew; empty where it can."""

    rows: tuple[RunRow, ...] = ()
    no_rerun: str = ""
