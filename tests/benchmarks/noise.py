"""How far the noise floor of half precision holds (`core.noise`): effects in bf16 beside those of fp32.

    python -m tests.benchmarks noise

Every node and some edges, drawn by a fixed seed, are replaced from B and by zero, on pairs of several tasks, in bf16
and in fp32. Of the effects that bf16 does not call below noise: how many have another sign in fp32, and how many
another size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

import wirescope as ws
from core.inputs.tasks import make_task
from core.models import packs
from tests.benchmarks.table import Table

MODELS = {"names": ("bundled:names", 2), "SmolLM2": ("pack:smollm2", 1)}  # how many pairs of each task
TASKS = ("ioi", "greater-than", "induction", "capitals", "agreement")
EDGES = 200  # of each pair, which move the metric less than nodes
KINDS = ("patch", "zero")
METRICS: dict[str, Callable[[str, str], ws.Metric]] = {
    "logit difference": ws.logit_difference,
    "log-probability": lambda target, foil: ws.log_probability(target),
    "KL": lambda target, foil: ws.kl(),
}
Effects = NDArray[np.float64]


def tables() -> Iterator[Table]:
    rows = []
    for title, (name, pairs) in MODELS.items():
        if name.startswith("pack:") and not packs.is_installed(name.removeprefix("pack:")):
            continue
        for metric, (half, exact, floors) in measured(name, pairs).items():
            above = np.abs(half) >= floors
            apart = np.abs(half - exact)
            rows.append(
                [
                    title,
                    metric,
                    f"{len(half):,}",
                    f"{above.sum():,}",
                    f"{(above & (np.sign(half) != np.sign(exact))).sum()}",
                    f"{(above & (apart >= floors)).sum()}",
                    f"{(above & (apart >= np.abs(half))).sum()}",
                    f"{(above & (apart >= np.abs(half) / 2)).sum()}",
                    f"{np.median(apart[above] / np.abs(half[above])):.3f}" if above.any() else "",
                ]
            )
    heads = ("model", "metric", "effects", "above the floor", "other sign", "wrong by more than the floor",
             "by their size", "by half of it", "median")  # fmt: skip
    yield Table("The noise floor in bf16: effects above it, against the same edits in fp32", heads, rows)


def measured(name: str, pairs: int) -> dict[str, tuple[Effects, Effects, Effects]]:
    """By metric: effects in bf16 and in fp32, and the floor of each."""
    models = [ws.load_model(name, dtype=dtype) for dtype in ("bf16", "fp32")]
    graph = models[0].graph
    drawn = np.random.default_rng(0).choice(graph.n_edges, EDGES, replace=False)
    targets = [*graph.writers, *(graph.edge(int(number)) for number in drawn)]
    found: dict[str, list[list[Effects]]] = {metric: [[], [], []] for metric in METRICS}
    for task in TASKS:
        made = make_task(task, models[1], pairs)
        for (clean, other), answers in zip(made.pairs, made.answers, strict=True):
            sessions = [ws.Session(model, model.pair(clean, other)) for model in models]
            for metric, make in METRICS.items():
                effects = []
                for session in sessions:
                    session.with_metric(make(*answers))
                    effects.append(np.concatenate([ws.Scan(session, targets, kind).run() for kind in KINDS]))
                floor = np.full(len(effects[0]), sessions[0].noise_floor)
                for kept, each in zip(found[metric], (*effects, floor), strict=True):
                    kept.append(each)
    return {metric: tuple(map(np.concatenate, parts)) for metric, parts in found.items()}  # type: ignore[misc]
