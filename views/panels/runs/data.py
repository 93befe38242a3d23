"""What the table of runs shows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """title: its head. tip: what it holds. figures: whether its cells are numbers, right aligned."""

    title: str
    tip: str
    figures: bool = False


COLUMNS: tuple[Column, ...] = (
    Column("When", "When it came to its end"),
    Column(
        "Run",
        "A trace scores edges or nodes, an evaluation asks how far to trust a circuit, a scan edits edges one by one, "
        "a repair finds cuts",
    ),
    Column("Method", "By which edges or nodes were scored"),
    Column("Edges", "How many edges the circuit has that it came to", True),
    Column("CPR", "Area under the curve of its scores; above 1 where what leads away from A was left out", True),
    Column("CMD", "Area between that curve and 100 %: the lower the better", True),
    Column("Size at 80 %", "The fewest edges of the curve's circuits that recover 80 % of the behaviour", True),
    Column("Stability", "The share of its edges that circuits of other pairs have too: an evaluation finds it", True),
    Column("Seconds", "How long it took", True),
    Column("Data", "What it went over: A, or how many pairs of the dataset"),
    Column("Options", "What the method was told other than usual"),
    Column("Replacement", "What removed edges carry"),
    Column("Metric", "What was read off the output"),
    Column("Model", "And what it computed in, where that is not fp32"),
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


@dataclass(frozen=True)
class RunsData:
    """rows: the newest last. no_rerun: why nothing can be run anew; empty where it can."""

    rows: tuple[RunRow, ...] = ()
    no_rerun: str = ""
