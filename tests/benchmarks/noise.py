"""How far the noise floor of half precision holds (`core.noise`): effects in bf16 beside those of fp32.

    python -m tests.benchmarks noise

Nodes and edges, drawn by a fixed seed, are replaced from B and by zero, on pairs of several tasks, in bf16
and in fp32. Of the effects that bf16 does not call below noise: how many have another sign in fp32, and how many
another size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

import wirescope as ws
from core.formatting import percent
from core.inputs.tasks import make_task
from core.models import packs
from tests.benchmarks.table import Table

TASKS = ("ioi", "agreement", "greater-than", "induction", "capitals")
MODELS = {"names": ("bundled:names", TASKS, 2), "SmolLM2": ("pack:smollm2", TASKS[:2], 1)}  # pairs of each task
NODES, EDGES = 100, 100  # at most, of each pair; edges move the metric less
KINDS = ("patch", "zero")
METRICS: dict[str, Callable[[str, str], ws.Metric]] = {
    "logit difference": ws.logit_difference,
    "log-probability": lambda target, foil: ws.log_probability(target),
    "KL": lambda target, foil: ws.kl(),
}
Effects = NDArray[np.float64]


def tables() -> Iterator[Table]:
    rows = []
    for title, (name, tasks, pairs) in MODELS.items():
        if name.startswith("pack:") and not packs.is_installed(name.removeprefix("pack:")):
            continue
        for metric, (half, exact, floors) in measured(name, tasks, pairs).items():
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
                    f"{(above & (apart >= np.abs(half) / 2)).sum()}",
                    percent(float(np.median(apart[above] / np.abs(half[above]))), 1) if above.any() else "",
                ]
            )
    heads = ("model", "metric", "effects", "above the floor", "other sign", "off by the floor", "by half of itself",
             "median error")  # fmt: skip
    yield Table("The noise floor in bf16: effects above it, against the same edits in fp32", heads, rows)


def measured(name: str, tasks: Sequence[str], pairs: int) -> dict[str, tuple[Effects, Effects, Effects]]:
    """By metric: effects in bf16 and in fp32, and the floor of each."""
    models = [ws.load_model(name, dtype=dtype) for dtype in ("bf16", "fp32")]
    graph = models[0].graph
    rng = np.random.default_rng(0)
    nodes = rng.permutation(graph.n_writers)[:NODES].tolist()
    edges = rng.permutation(graph.n_edges)[:EDGES].tolist()
    targets = [*(graph.writers[number] for number in nodes), *(graph.edge(number) for number in edges)]
    by_metric: dict[str, list[list[Effects]]] = {metric: [[], [], []] for metric in METRICS}
    for task in tasks:
        made = make_task(task, models[1], pairs)
        for (clean, other), answers in zip(made.pairs, made.answers, strict=True):
            sessions = [ws.Session(model, model.pair(clean, other)) for model in models]
            for metric, make in METRICS.items():
                effects = []
                for session in sessions:
                    session.with_metric(make(*answers))
                    effects.append(np.concatenate([ws.Scan(session, targets, kind).run() for kind in KINDS]))
                floor = np.full(len(effects[0]), sessions[0].noise_floor)
                for kept, each in zip(by_metric[metric], (*effects, floor), strict=True):
                    kept.append(each)
    return {metric: tuple(map(np.concatenate, parts)) for metric, parts in by_metric.items()}  # type: ignore[misc]
