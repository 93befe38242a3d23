"""What was found of a series as tables: for the terminal, as CSV, as JSON."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

from core.checkpoints.figures import StepFigures
from core.checkpoints.follow import Followed
from core.checkpoints.repeats import PLACES
from core.evaluation.faithfulness import FRACTIONS
from core.formatting import number, percent

TOP = 3  # edges of a row


def heads(followed: Followed) -> list[str]:
    """Of the columns."""
    copied = ["copied"] * _copies(followed)
    traits = followed.traits
    return ["step", "metric", "no edge", *traits, *copied, "overlap", "recovered", "strongest edges"]


def rows(followed: Followed) -> list[list[str]]:
    """A row a checkpoint."""
    table = []
    for each in followed.figures:
        best = [each.heads.best(name) for name in followed.traits]
        copied = [percent(each.heads.copied)] if _copies(followed) and each.heads.copied is not None else []
        table.append(
            [
                f"{each.step:,}",
                number(each.metric),
                number(each.empty),
                *(f"{head} {number(score)}" for head, score in best),
                *copied,
                f"{number(followed.overlap(each))}",
                "-" if math.isnan(each.circuit_recovered) else percent(each.circuit_recovered),
                ", ".join(followed.circuit(each).names[:TOP]),
            ]
        )
    return table


def sentences(followed: Followed) -> list[str]:
    """What the columns are, and where the change is."""
    last = followed.figures[-1].step
    pairs = f"{followed.pairs} pair{'s' * (followed.pairs != 1)}"
    said = [
        f"metric: {followed.metric}, {pairs}; no edge: with every edge cut ({followed.replacement})",
        f"overlap: of the best {followed.edges} edges ({followed.method}) with those of step {last:,}, shared / in "
        f"either; two random circuits: {followed.chance:.2f}",
        f"recovered: by the {followed.edges} edges of step {last:,}, the same edges at every step",
    ]
    if _copies(followed):
        said.insert(1, "heads and copied: on repeated random sequences; the head with the highest score, and the score")
        said.insert(2, f"matching: attention to the {PLACES} positions after an earlier copy, less without that copy")
    change = followed.change
    if change is not None:
        said.append(f"The highest score of matching rises most between steps {change[0]:,} and {change[1]:,}.")
    return said


def as_csv(followed: Followed) -> str:
    """Numbers alone, a line a checkpoint."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    traits = followed.traits
    writer.writerow(
        ["step", "metric", "no_edge", "answered_rightly"]
        + [part for name in traits for part in (f"{name.replace(' ', '_')}_head", name.replace(" ", "_"))]
        + ["copied", "first_loss", "second_loss", "overlap", "recovered", "strongest_edges"]
    )
    for each in followed.figures:
        best = [part for name in traits for part in each.heads.best(name)]
        numbers = [each.heads.copied, each.heads.first_loss, each.heads.second_loss, followed.overlap(each)]
        cells = [each.step, each.metric, each.empty, each.right, *best, *numbers, each.circuit_recovered]
        writer.writerow(
            ["" if _none(cell) else cell for cell in cells] + [" ".join(followed.circuit(each).names[:TOP])]
        )
    return written.getvalue()


def as_json(followed: Followed) -> dict[str, Any]:
    """All of it but the scores of the single edges."""
    return {
        "series": followed.series.source,
        "metric": followed.metric,
        "pairs": followed.pairs,
        "method": followed.method,
        "replacement": followed.replacement,
        "edges": followed.edges,
        "chance overlap": followed.chance,
        "change of matching": None if followed.change is None else list(followed.change),
        "fractions": list(FRACTIONS),
        "checkpoints": [_entry(followed, each) for each in followed.figures],
    }


def _entry(followed: Followed, each: StepFigures) -> dict[str, Any]:
    return {
        "step": each.step,
        "metric": each.metric,
        "metric with no edge": each.empty,
        "answered rightly": each.right,
        "heads": {name: values.tolist() for name, values in each.heads.traits.items()},
        "copied": each.heads.copied,
        "loss of the first copy": each.heads.first_loss,
        "loss of the second copy": each.heads.second_loss,
        "overlap with the last": followed.overlap(each),
        "circuit": followed.circuit(each).names,
        "recovered by the last's circuits": [None if _none(value) else value for value in each.recovered[:-1]],
        "recovered by the last's circuit": None if _none(each.circuit_recovered) else each.circuit_recovered,
    }


def _copies(followed: Followed) -> bool:
    return all(each.heads.copied is not None for each in followed.figures)


def _none(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
