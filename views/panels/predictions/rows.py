"""Which predictions are shown, and their figures as they are written: one row an answer."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from core.formatting import BELOW, MINUS, answer_words, metric_digits, number, signed
from core.project.outcome import PredictionRow
from views.panels.predictions.data import PredictionsData

COUNTS = (5, 10, 20)  # of the likeliest answers
TINY = 5e-6  # what rounding of the arithmetic changes
HEADINGS = ("before → after", "change", "in B")  # of the columns of figures


def rows_to_show(data: PredictionsData, count: int) -> tuple[PredictionRow, ...]:
    """The pinned answers in their order, then the `count` likeliest others, by their value before. An answer that has
    come ahead stands behind the one that it has taken over from: a short panel shows both."""
    pinned = [row for row in data.rows if row.pinned]
    others = [row for row in data.rows if not row.pinned]
    if data.unit == "probability":
        others = sorted(others[:count], key=lambda row: -row.before)
        ahead = max(others, key=lambda row: row.after, default=None)
        if ahead is not None and ahead.after > others[0].after:
            others = [others[0], ahead, *(row for row in others[1:] if row is not ahead)]
    return (*pinned, *others)


def digits_for(rows: Sequence[PredictionRow], unit: str) -> int:
    """Digits after the point: three, whatever an edit changes, so that figures keep their places. Five where nothing is
    more than a hundredth."""
    most = max((abs(value) for row in rows for value in (row.before, row.after)), default=1.0)
    return 3 if most >= 0.01 or unit == "cosine" else 5


def cells(row: PredictionRow, digits: int) -> tuple[str, str, str]:
    """Label, before and after, change."""
    before, after = number(row.before, digits), number(row.after, digits)
    return answer_words(row.label), f"{before} → {after}", change_cell(row, digits)


def change_cell(row: PredictionRow, digits: int) -> str:
    """ "+0.310", "0.000". A change that is less than the digits show, as an answer that the model is sure of often has
    it, is not written as none: "−<0.001". What rounding may have made is called so."""
    if row.below_noise:
        return BELOW
    change, least = row.after - row.before, 10.0**-digits
    if TINY < abs(change) < least / 2:
        return f"{'+' if change > 0 else MINUS}<{least:.{digits}f}"
    return signed(change, digits)


def metric_change(data: PredictionsData) -> str:
    """Of the metric; what rounding may have made is called so."""
    digits = metric_digits(data.metric_before, data.metric_after)
    return BELOW if data.below_noise else signed(data.metric_after - data.metric_before, digits)


def b_cell(row: PredictionRow, digits: int) -> str:
    """The value in B's own run; empty without a B."""
    return "" if row.in_b is None else number(row.in_b, digits)


def as_text(data: PredictionsData, rows: Sequence[PredictionRow], compare: bool) -> str:
    """The figures as a person would write them down. compare: with what B's own run gives."""
    digits = digits_for(rows, data.unit)
    written = [cells(row, digits) for row in rows]
    label = max((len(words[0]) for words in written), default=0)
    lines = []
    for row, words in zip(rows, written, strict=True):
        in_b = f"  in B {b_cell(row, digits)}" if compare and row.in_b is not None else ""
        lines.append(f"{words[0]:<{label}}  {words[1]}  {words[2]}{in_b}")
    before, after = data.metric_before, data.metric_after
    digits = metric_digits(before, after)
    figures = f"{number(before, digits)} → {number(after, digits)}"
    lines.append(f"{data.metric_name}: {figures} ({metric_change(data)})")
    return "\n".join(lines)


def as_csv(data: PredictionsData, rows: Sequence[PredictionRow], compare: bool) -> str:
    """All digits, with the metric in the last row, which has no value in B."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    doubted = data.below_noise or any(row.below_noise for row in rows)  # in fp32 nothing is, and there is no column
    table.writerow(["what", "before", "after", "change", *(["in B"] if compare else []), *([BELOW] if doubted else [])])
    lines: list[tuple[str, float, float, float | None, bool]]
    lines = [(row.label, row.before, row.after, row.in_b, row.below_noise) for row in rows]
    lines.append((data.metric_name, data.metric_before, data.metric_after, None, data.below_noise))
    for label, before, after, in_b, lost in lines:
        written = [repr(float(before)), repr(float(after)), repr(float(after - before))]
        last = ["" if in_b is None else repr(float(in_b))] if compare else []
        table.writerow([label, *written, *last, *([("yes" if lost else "no")] if doubted else [])])
    return text.getvalue()
