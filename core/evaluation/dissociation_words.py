"""What a double dissociation gave, as a table, as sentences and as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.evaluation.cut_choice import CHOICES, LEAST, MOST
from core.evaluation.dissociation import CUTS, Dissociation, is_specific
from core.formatting import between_words, percent, signed


def title(result: Dissociation) -> str:
    """What the table shows."""
    first = result.pairs[0]
    where = " along its direction" if result.choose == "learned" else ""
    return (
        f"What {result.model} keeps of each task (a column) where the edges chosen for one (a row) are cut: "
        f"{CHOICES[result.choose]}; a cut edge carries {CUTS[result.cut]}{where}; chosen on {first[0]} pairs "
        f"of each task, judged on {first[1]} others"
    )


def heads(result: Dissociation) -> list[str]:
    return ["cut", "edges", *result.tasks, "all at once", "one at a time, in sum"]


def rows(result: Dissociation) -> list[list[str]]:
    """A row a cut: what each task keeps, with its 95 % interval and beside it as many random edges; its own task in
    brackets. Then the change of its own metric, by all edges at once, and the sum of those by each alone."""
    table = []
    for cut, name in enumerate(result.tasks):
        cells = [_cell(result, cut, task) for task in range(len(result.tasks))]
        changes = [_change(float(result.together[cut])), _change(float(result.alone[cut]))]
        table.append([name, f"{len(result.cuts[cut]):,}", *cells, *changes])
    return table


def _cell(result: Dissociation, cut: int, task: int) -> str:
    words = percent(float(result.kept[cut, task]))
    if not np.isnan(result.low[cut, task]):
        words += f" ({between_words(float(result.low[cut, task]), float(result.high[cut, task]))})"
    if result.random.shape[1]:
        words += f", random {percent(float(result.random[cut, :, task].mean()))}"
    return f"[{words}]" if cut == task else words


def _change(value: float) -> str:
    return "-" if np.isnan(value) else signed(value, 1)


def sentences(result: Dissociation) -> list[str]:
    """What the table says."""
    count = len(result.tasks)
    of_pairs = count * (count - 1) // 2
    bar = f"below {percent(LEAST)} of its own task, above {percent(MOST)} of every other"
    lines = [
        f"{len(result.specific)} of {count} cuts are specific ({bar})"
        + (f": {', '.join(result.specific)}." if result.specific else "."),
        f"{len(result.doubles)} of {of_pairs} pairs of tasks are doubly dissociated.",
    ]
    if result.choose == "learned":
        entirely = sum(is_specific(result.entire, task) for task in range(count))
        lines.append(f"Where the same edges are cut entirely, {entirely} of {count} cuts are specific.")
    lines += [not_specific(result, task) for task in range(count) if not result.is_specific(task)]
    lines += [f"Left out: {each.name}: {each.why}." for each in result.left_out]
    return lines


def not_specific(result: Dissociation, task: int) -> str:
    """Why the cut of a task is not specific to it."""
    name, left = result.tasks[task], float(result.kept[task, task])
    if left >= LEAST:
        return f"The cut of {name} leaves {percent(left)} of {name} itself."
    others = [each for each in range(len(result.tasks)) if each != task]
    worst = min(others, key=lambda other: result.kept[task, other])
    hurt = sum(bool(result.kept[task, other] <= MOST) for other in others)
    return (
        f"What is cut of {name} is not specific to it: {hurt} of {len(others)} other tasks lose, most of all "
        f"{result.tasks[worst]}, of which {percent(float(result.kept[task, worst]))} is kept."
    )


def as_json(result: Dissociation) -> dict[str, Any]:
    def numbers(values: Any) -> Any:
        return [numbers(each) for each in values] if np.ndim(values) else _finite(float(values))

    return {
        "model": result.model,
        "chosen": result.choose,
        "carries": result.cut,
        "seed": result.seed,
        "tasks": list(result.tasks),
        "pairs": [{"found on": one, "judged on": other} for one, other in result.pairs],
        "cut edges": {
            name: [edge.name for edge in circuit] for name, circuit in zip(result.tasks, result.circuits, strict=True)
        },
        "directions": {
            name: [list(edit.value) for edit in cut.directions]  # type: ignore[arg-type]
            for name, cut in zip(result.tasks, result.cuts, strict=True)
        },
        "kept": numbers(result.kept),
        "low": numbers(result.low),
        "high": numbers(result.high),
        "kept with random edges": numbers(result.random),
        "kept with the same edges cut entirely": numbers(result.entire),
        "all at once": numbers(result.together),
        "one at a time": numbers(result.alone),
        "metric of the model": numbers(result.whole),
        "metric with nothing": numbers(result.nothing),
        "specific": list(result.specific),
        "doubly dissociated": [list(pair) for pair in result.doubles],
        "left out": {each.name: each.why for each in result.left_out},
        "words": sentences(result),
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
