"""The history as the views draw it: its steps as rows with their rails, and the metric along the present way."""

from __future__ import annotations

from collections.abc import Iterable

from app.history import History, Outcome, Step
from views.data import PredictionsData
from views.history_data import MetricPoint, StepRow
from views.widgets.text import metric_digits, number

NEVER_RUN = "–"
_MOST_DIGITS = 3


def value_words(outcome: Outcome | None, digits: int | None = None) -> str:
    """A step's metric; by default with the digits that the predictions give it."""
    if outcome is None:
        return NEVER_RUN
    return number(outcome.after, metric_digits(outcome.before, outcome.after) if digits is None else digits)


def column_digits(steps: Iterable[Step]) -> int:
    """Digits for the metrics of all steps, so that they stand under each other: as many as one of them takes, at most
    three."""
    outcomes = (step.outcome for step in steps)
    most = max((metric_digits(each.before, each.after) for each in outcomes if each is not None), default=2)
    return min(most, _MOST_DIGITS)


def ahead(history: History) -> list[Step]:
    """The steps that redo leads to, the next one first."""
    found: list[Step] = []
    step = history.current.latest
    while step is not None:
        found.append(step)
        step = step.latest
    return found


def step_rows(history: History) -> tuple[list[Step], list[StepRow]]:
    """All steps, each after the one it follows, and their rows.

    Of the steps that follow one, the newest goes on along its rail; the others are branches, one rail to the right, and
    come before it. So every rail left of a branch goes on below it.
    """
    past, future = set(map(id, history.current.path())), set(map(id, ahead(history)))
    digits = column_digits(step for step, _ in history.steps())
    steps: list[Step] = []
    rows: list[StepRow] = []
    waiting: list[tuple[Step, int, bool]] = [(history.root, 0, False)]
    while waiting:
        step, lane, branches = waiting.pop()
        steps.append(step)
        here = step is history.current
        state = "present" if here else "past" if id(step) in past else "ahead" if id(step) in future else "aside"
        rows.append(
            StepRow(
                step.words,
                value_words(step.outcome, digits),
                lane,
                branches,
                bool(step.children),
                step.parent is None,
                state,  # type: ignore[arg-type]
                _tip(step, here),
            )
        )
        if step.children:
            *branched, newest = step.children
            waiting.append((newest, lane, False))
            waiting += [(child, lane + 1, True) for child in reversed(branched)]
    return steps, rows


def _tip(step: Step, here: bool) -> str:
    outcome = step.outcome
    value = "Never run" if outcome is None else f"{outcome.metric_name} = {value_words(outcome)}"
    return f"{step.words}\n{value}" + ("" if here else "\nClick goes there")


def metric_points(history: History) -> tuple[list[Step], list[MetricPoint]]:
    """The steps to the present one and those that redo leads to, with the metric of each where it is the same one."""
    way = history.current.path()
    steps = [*way, *ahead(history)]
    known = [step.outcome for step in reversed(way) if step.outcome is not None]
    name = known[0].metric_name if known else ""
    points = []
    for place, step in enumerate(steps):
        outcome = step.outcome if step.outcome is not None and step.outcome.metric_name == name else None
        state = "past" if place < len(way) - 1 else "present" if place == len(way) - 1 else "ahead"
        value = None if outcome is None else outcome.after
        points.append(MetricPoint(step.words, value, value_words(outcome), state))  # type: ignore[arg-type]
    return steps, points


def way_words(step: Step) -> str:
    """The steps to one, a line each, with the metric."""
    return "\n".join(f"{each.words}\t{value_words(each.outcome)}" for each in step.path())


def preview(step: Step, direction: int | None = 1) -> PredictionsData | None:
    """What the predictions show of a step that was run once; nothing is computed. direction: A's."""
    outcome = step.outcome
    if outcome is None:
        return None
    return PredictionsData(
        outcome.unit,  # type: ignore[arg-type]
        outcome.rows,
        outcome.metric_name,
        outcome.before,
        outcome.after,
        outcome.edited,
        preview=step.words,
        direction=direction,
    )
