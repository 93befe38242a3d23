"""Is a circuit specific to its task? Its edges are cut in the whole model, and the model's other tasks are asked.

Steps (one row of `core.evaluation.dissociation`):
1. The model's built-in tasks but the one that the inputs are of, those that it does, a few pairs each.
2. The circuit's edges are cut: they carry their mean over the inputs of all tasks, or nought.
3. What is kept of the circuit's own behaviour and of every other task, and the same with as many random edges.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.circuit import Circuit
from core.errors import NothingToRecoverError
from core.evaluation.cut_choice import LEAST, MOST
from core.evaluation.dissociation import CUTS
from core.evaluation.faithfulness import without
from core.evaluation.measured import measure
from core.evaluation.statement import Statement
from core.evaluation.task_pairs import FEWEST, built_in, task_pairs
from core.evaluation.verdict import SECOND, THIRD, tone_of
from core.formatting import percent
from core.glossary import explained
from core.inputs.pair import Dataset
from core.inputs.tasks import match_task, tasks_for
from core.progress import stage, watched
from core.session import Session

PAIRS, FIRST, DRAWS = 6, 24, 2  # pairs of each other task, of the circuit's at most; draws of random edges


def specificity(
    session: Session,
    circuit: Circuit,
    dataset: Dataset,
    *,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any] | None:
    """kept: what is kept of the circuit's behaviour where its edges are cut; random: where as many random ones are.
    others: by task, [kept, kept with random edges]. A circuit at spans is cut at all positions. None where the model
    has no other task, as one of pictures. Raises Cancelled."""
    model = session.model
    if not model.is_text:  # its tasks differ in their pictures, not in what is asked of them
        return None
    task = task_of(session, dataset)
    names = [other.name for other in tasks_for(model) if other.name != task]
    if not names:
        return None
    union = circuit.union()
    rng = np.random.default_rng(seed)
    edges = session.graph.n_edges
    cuts = [union, *(union.with_parts(rng.permutation(edges)[: len(union)].astype(np.int64)) for _ in range(DRAWS))]
    kept_edges = [without(one) for one in cuts]
    some = _first(dataset, FIRST)
    with watched(progress, cancelled):
        with stage(0.0, 0.3):
            made, _ = built_in(model, names, 2 * PAIRS, seed)
            of_tasks = {name: pairs for name, pairs in made.items() if len(pairs) >= FEWEST}
            sets, _ = task_pairs(model, of_tasks, PAIRS, "mean", seed, cancelled, some.pairs)
        if not sets:
            return None
        with stage(0.3, 0.5):
            of_circuit = Session(
                model,
                some.pairs[0],
                session.metric.metric,
                population=sets[0].judged.population,
                parity=session.parity,
                mean_over_positions=True,
            )
            try:
                kept = measure(of_circuit, kept_edges, "mean", dataset=some, cancelled=cancelled).recovered()
            except NothingToRecoverError:
                return None
        others: dict[str, list[float]] = {}
        for number, each in enumerate(sets):
            with stage(0.5 + number / (2 * len(sets)), 0.5 + (number + 1) / (2 * len(sets))):
                runs = measure(each.judged, kept_edges, "mean", cancelled=cancelled).recovered()
            others[each.name] = [float(runs[0]), float(runs[1:].mean())]
    return {"kept": float(kept[0]), "random": float(kept[1:].mean()), "others": others, "edges": len(union)}


def task_of(session: Session, dataset: Dataset) -> str | None:
    """The built-in task that the first input of some pairs is of; None where it is of none that is known."""
    text = dataset.pairs[0].clean.text
    match = match_task(session.model, text) if session.model.is_text and text else None
    return None if match is None else match[0].name


def _first(dataset: Dataset, pairs: int) -> Dataset:
    return Dataset(dataset.pairs[:pairs], dataset.answers[:pairs])


def say_specific(report: dict[str, Any]) -> list[Statement]:
    """What `specificity` found, under "specific" of a report; nothing where the model has no other task."""
    numbers = report.get("specific")
    if numbers is None:
        return []
    left, others = numbers["kept"], numbers["others"]
    worst = min(others, key=lambda name: others[name][0])
    hurt = sorted((name for name in others if others[name][0] <= MOST), key=lambda name: others[name][0])
    least = others[worst][0]
    of_behaviour = "nothing" if left <= 0 else percent(left)
    cut = f"Cut out of the whole model, its {numbers['edges']:,} edges leave {of_behaviour} of this behaviour"
    if left >= LEAST:
        words = f"{cut}: what is left of the model does much of it without them."
        bad = f"Without its edges the whole model keeps {percent(left)} of this behaviour."
    elif hurt:
        most = "nothing" if least <= 0 else percent(least)
        words = (
            f"{cut}, but {len(hurt)} of {len(others)} other tasks lose too, most of all {worst}, of which {most} is "
        )
        words += "left: this circuit is not specific to this task."
        bad = f"This circuit is not specific to this task: without its edges {most} of {worst} is left."
    else:
        words = (
            f"{cut}, and at least {percent(least)} of each of {len(others)} other tasks: it is specific to this one."
        )
        bad = ""
    each = ", ".join(f"{name} {percent(kept)} ({percent(random)})" for name, (kept, random) in others.items())
    detail = (
        f"Left of each task, and where as many random edges are cut: {each}; of this behaviour {percent(left)} "
        f"({percent(numbers['random'])}). Over {PAIRS} pairs of each task, and of this behaviour the first {FIRST} at "
        f"most. A cut edge carries {CUTS['mean']}. It is called specific where less than {percent(LEAST)} of its own "
        f"task and more than {percent(MOST)} of every other is left."
    )
    return [
        Statement(
            "Specific",
            percent(left if left >= LEAST else least),
            words,
            tone_of(not bad),
            detail,
            explained("specific"),
            bad,
            (THIRD if left >= LEAST else SECOND) + (1 - max(0.0, min(1.0, least))) / 2,
        )
    ]
