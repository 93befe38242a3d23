"""The history as the views draw it: its steps as rows with their rails, and the metric along the present way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from app.features.history.presenter.changes import change, joins
from core.formatting import metric_digits, number, share_words
from core.project.history import History, Step
from core.project.outcome import Outcome
from views.panels.history.data import MetricPoint, StepRow
from views.panels.predictions.data import PredictionsData

NEVER_RUN = "–"
_MOST_DIGITS = 3


def value_words(outcome: Outcome | None, digits: int | None = None) -> str:
    """A step's metric; by default with the digits that the predictions give it."""
    if outcome is None:
        return NEVER_RUN
    return number(outcome.after, metric_digits(outcome.before, outcome.after) if digits is None else digits)


def figure_words(step: Step, digits: int | None = None) -> str:
    """What a step came to: the metric where it can have changed, what a circuit recovers where that is what changed,
    and nothing of a step that changed neither."""
    if change(step).keeps:
        return NEVER_RUN if step.recovery is None else share_words(step.recovery.share)
    return value_words(step.outcome, digits) if change(step).runs else ""


def column_digits(steps: Iterable[Step]) -> dict[str, int]:
    """Digits for each metric, so that its figures stand under each other: as many as one of them takes, at most
    three."""
    most: dict[str, int] = {}
    for step in steps:
        outcome = step.outcome
        if outcome is not None and change(step).runs:
            digits = min(metric_digits(outcome.before, outcome.after), _MOST_DIGITS)
            most[outcome.metric_name] = max(most.get(outcome.metric_name, 0), digits)
    return most


def ahead(history: History) -> list[Step]:
    """The steps that redo leads to, the next one first."""
    steps: list[Step] = []
    step = history.current.latest
    while step is not None:
        steps.append(step)
        step = step.latest
    return steps


def step_rows(history: History, notes: Mapping[Step, str] | None = None) -> tuple[list[Step], list[StepRow]]:
    """The rows of the list, each after the one it follows, and the step that each stands for. Steps of one kind in a
    row are one row: that of the present one, if it is among them, else of the last. notes: on steps.

    Of the steps that follow one, the newest goes on along its rail; the others are branches, one rail to the right, and
    come before it. So every rail left of a branch goes on below it.
    """
    past, future = set(map(id, history.current.path())), set(map(id, ahead(history)))
    noted = notes or {}
    digits = column_digits(step for step, _ in history.steps())
    steps: list[Step] = []
    rows: list[StepRow] = []
    waiting: list[tuple[Step, int, bool]] = [(history.root, 0, False)]
    while waiting:
        first, lane, branches = waiting.pop()
        row_of = [first]
        while row_of[-1].children and joins(row_of[-1], row_of[-1].children[0]):
            row_of.append(row_of[-1].children[0])
        last = row_of[-1]
        step = next((each for each in row_of if each is history.current), last)
        steps.append(step)
        here = step is history.current
        state = "present" if here else "past" if id(step) in past else "ahead" if id(step) in future else "aside"
        name = "" if step.outcome is None else step.outcome.metric_name
        rows.append(
            StepRow(
                step.words if len(row_of) == 1 else f"{step.words} ×{len(row_of)}",
                figure_words(step, digits.get(name)),
                lane,
                branches,
                bool(last.children),
                first.parent is None,
                state,  # type: ignore[arg-type]
                _tip(step, row_of, here, [noted[each] for each in row_of if each in noted]),
                first.parent is not None and change(first).asks,
                "recovers" if change(step).keeps else "metric",
                tuple(each.words for each in row_of) if len(row_of) > 1 else (),
                any(each in noted for each in row_of),
            )
        )
        if last.children:
            *branched, newest = last.children
            waiting.append((newest, lane, False))
            waiting += [(child, lane + 1, True) for child in reversed(branched)]
    return steps, rows


def joined_steps(last: Step) -> list[Step]:
    """The steps that the row of a step stands for, the first one first."""
    steps = [last]
    while steps[0].parent is not None and joins(steps[0].parent, steps[0]):
        steps.insert(0, steps[0].parent)
    while steps[-1].children and joins(steps[-1], steps[-1].children[0]):
        steps.append(steps[-1].children[0])
    return steps


def _tip(step: Step, row_of: Sequence[Step], here: bool, notes: Sequence[str]) -> str:
    lines = [step.words, _figure(step)]
    if len(row_of) > 1:
        lines = [f"{each.words}{' (here)' if here and each is step else ''}  {figure_words(each)}" for each in row_of]
    lines += [f"Note: {text}" for text in notes]
    return "\n".join(line for line in (*lines, "" if here else "Click goes there") if line.strip())


def _figure(step: Step) -> str:
    """What the step came to, in words."""
    if change(step).keeps:
        return "Not measured" if step.recovery is None else step.recovery.words
    if not change(step).runs:
        return ""
    return "Never run" if step.outcome is None else f"{step.outcome.metric_name} = {value_words(step.outcome)}"


def metric_points(history: History) -> tuple[list[Step], list[MetricPoint]]:
    """Of the steps to the present one and those that redo leads to, the ones that can have changed the metric, with
    what it is. A new line begins where the model, the inputs or the metric are other ones."""
    way = [step for step in history.current.path() if change(step).runs]
    steps = [*way, *(step for step in ahead(history) if change(step).runs)]
    points: list[MetricPoint] = []
    line, metric = -1, ""
    for place, step in enumerate(steps):
        outcome = step.outcome
        name = metric if outcome is None else outcome.metric_name
        if change(step).asks or (metric and name != metric):
            line, name = line + 1, "" if outcome is None else name
        metric = name
        state = "past" if place < len(way) - 1 else "present" if place == len(way) - 1 else "ahead"
        value = None if outcome is None else outcome.after
        points.append(MetricPoint(step.words, value, value_words(outcome), state, line, metric))  # type: ignore[arg-type]
    return steps, points


def way_words(step: Step) -> str:
    """The steps to one, a line each, with what it came to."""
    return "\n".join(f"{each.words}\t{figure_words(each)}".rstrip() for each in step.path())


def preview(step: Step) -> PredictionsData | None:
    """What the predictions show of a step that was run once; nothing is computed."""
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
        direction=outcome.direction,
        noise_floor=outcome.noise_floor,
    )
