"""What a double dissociation found, as a table, as sentences and as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.evaluation.cut_choice import CHOICES, LEAST, MOST
from core.evaluation.dissociation import CUTS, Dissociation, is_specific
from core.formatting import percent


def title(found: Dissociation) -> str:
    """What the table shows."""
    first = found.pairs[0]
    where = " along its direction" if found.choose == "learned" else ""
    return (
        f"What {found.model} keeps of each task (a column) where the edges chosen for one (a row) are cut: "
        f"{CHOICES[found.choose]}; a cut edge carries {CUTS[found.cut]}{where}; chosen on {first[0]} pairs of each task, "
        f"judged on {first[1]} others"
    )


def heads(found: Dissociation) -> list[str]:
    return ["cut", "edges", *found.tasks, "all at once", "one at a time, in sum"]


def rows(found: Dissociation) -> list[list[str]]:
    """A row a cut: what each task keeps, with its 95 % interval and beside it as many random edges; its own task in
    brackets. Then the change of its own metric, by all edges at once, and the sum of those by each alone."""
    table = []
    for cut, name in enumerate(found.tasks):
        cells = [_cell(found, cut, task) for task in range(len(found.tasks))]
        changes = [_change(float(found.together[cut])), _change(float(found.alone[cut]))]
        table.append([name, f"{len(found.cuts[cut]):,}", *cells, *changes])
    return table


def _cell(found: Dissociation, cut: int, task: int) -> str:
    words = percent(float(found.kept[cut, task]))
    if not np.isnan(found.low[cut, task]):
        words += f" ({100 * found.low[cut, task]:.0f} to {100 * found.high[cut, task]:.0f})"
    if found.random.shape[1]:
        words += f", random {percent(float(found.random[cut, :, task].mean()))}"
    return f"[{words}]" if cut == task else words


def _change(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:+.1f}"


def sentences(found: Dissociation) -> list[str]:
    """What the table says."""
    count = len(found.tasks)
    of_pairs = count * (count - 1) // 2
    bar = f"below {percent(LEAST)} of its own task, above {percent(MOST)} of every other"
    lines = [
        f"{len(found.specific)} of {count} cuts are specific ({bar})"
        + (f": {', '.join(found.specific)}." if found.specific else "."),
        f"{len(found.doubles)} of {of_pairs} pairs of tasks are doubly dissociated.",
    ]
    if found.choose == "learned":
        entirely = sum(is_specific(found.entire, task) for task in range(count))
        lines.append(f"Where the same edges are cut entirely, {entirely} of {count} cuts are specific.")
    lines += [not_specific(found, task) for task in range(count) if not found.is_specific(task)]
    lines += [f"Left out: {each.name}: {each.why}." for each in found.left_out]
    return lines


def not_specific(found: Dissociation, task: int) -> str:
    """Why the cut of a task is not specific to it."""
    name, left = found.tasks[task], float(found.kept[task, task])
    if left >= LEAST:
        return f"The cut of {name} leaves {percent(left)} of {name} itself."
    others = [each for each in range(len(found.tasks)) if each != task]
    worst = min(others, key=lambda other: found.kept[task, other])
    hurt = sum(bool(found.kept[task, other] <= MOST) for other in others)
    return (
        f"What is cut of {name} is not specific to it: {hurt} of {len(others)} other tasks lose, most of all "
        f"{found.tasks[worst]}, of which {percent(float(found.kept[task, worst]))} is kept."
    )


def as_json(found: Dissociation) -> dict[str, Any]:
    def numbers(values: Any) -> Any:
        return [numbers(each) for each in values] if np.ndim(values) else _finite(float(values))

    return {
        "model": found.model,
        "chosen": found.choose,
        "carries": found.cut,
        "seed": found.seed,
        "tasks": list(found.tasks),
        "pairs": [{"found on": one, "judged on": other} for one, other in found.pairs],
        "cut edges": {
            name: [edge.name for edge in circuit] for name, circuit in zip(found.tasks, found.circuits, strict=True)
        },
        "directions": {
            name: [list(edit.value) for edit in cut.directions]  # type: ignore[arg-type]
            for name, cut in zip(found.tasks, found.cuts, strict=True)
        },
        "kept": numbers(found.kept),
        "low": numbers(found.low),
        "high": numbers(found.high),
        "kept with random edges": numbers(found.random),
        "kept with the same edges cut entirely": numbers(found.entire),
        "all at once": numbers(found.together),
        "one at a time": numbers(found.alone),
        "metric of the model": numbers(found.whole),
        "metric with nothing": numbers(found.nothing),
        "specific": list(found.specific),
        "doubly dissociated": [list(pair) for pair in found.doubles],
        "left out": {each.name: each.why for each in found.left_out},
        "words": sentences(found),
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
