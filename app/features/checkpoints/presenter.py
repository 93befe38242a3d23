"""The curves of a series and what is said of a step, from the rows that were found. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from app.features.checkpoints.queries import StepRow
from core.formatting import number, percent
from views.panels.checkpoints.data import CurvePlot, StepLine

NONE = math.nan


def plots(rows: Sequence[StepRow], metric: str, edges: int) -> tuple[CurvePlot, ...]:
    """Heads, metric and circuit over the steps; nothing before there are two."""
    if len(rows) < 2:
        return ()
    steps = tuple(row.step for row in rows)
    traits = [name for name, _, _ in rows[0].best]
    heads = [StepLine(name, tuple(_score(row, name) for row in rows)) for name in traits]
    if any(row.copied is not None for row in rows):
        heads.append(StepLine("copied", tuple(NONE if row.copied is None else row.copied for row in rows)))
    of_metric = (
        StepLine("every edge", tuple(row.metric for row in rows)),
        StepLine("no edge", tuple(row.empty for row in rows)),
    )
    circuit = (
        StepLine("in common with the last", tuple(row.overlap for row in rows)),
        StepLine("recovered", tuple(NONE if row.recovered is None else row.recovered for row in rows)),
    )
    return (
        CurvePlot("heads, the best one", "heads", steps, tuple(heads)),
        CurvePlot(metric, "metric", steps, of_metric),
        CurvePlot(f"circuit of {edges} edges", "circuit", steps, circuit),
    )


def step_words(rows: Sequence[StepRow], step: int) -> str:
    """What is known of a step, in one line."""
    row = next((row for row in rows if row.step == step), None)
    if row is None:
        return ""
    words = [f"metric {number(row.metric)}", f"no edge {number(row.empty)}"]
    words += [f"{name} {head} {score:.2f}" for name, head, score in row.best]
    words += [f"copied {percent(row.copied)}"] if row.copied is not None else []
    words.append(f"{percent(row.overlap)} of the circuit in common with the last")
    words += [f"{percent(row.recovered)} recovered by the last circuit"] if row.recovered is not None else []
    return " · ".join(words)


def _score(row: StepRow, trait: str) -> float:
    return next((score for name, _, score in row.best if name == trait), NONE)
