"""Edges at spans of positions against the same edges at all positions, on the bundled model's tasks.

    python -m tests.benchmarks spans

A circuit at spans and one of whole edges are compared at the same share of what there is: a tenth of all edges at spans
carries as much as a tenth of all edges. The union of a circuit at spans keeps more than the circuit.
"""

from __future__ import annotations

from collections.abc import Iterator

import wirescope as ws
from core.inputs.tasks import make_task
from core.positions import parse_roles
from core.tracing.told_options import Options
from tests.benchmarks.table import Table
from tests.benchmarks.tracing import FRACTIONS, PAIRS, STEPS, TASKS

OPTIONS = Options(steps=STEPS)
SHOWN = TASKS[:2]  # whose curves are written out


def tables() -> Iterator[Table]:
    model = ws.load_model("bundled:names")
    rows: list[list[str]] = []
    curves: list[list[str]] = []
    for task in TASKS:
        session, dataset = dataset_with_roles(model, task)
        scores = ws.trace(session, "eap-ig", level="edge-spans", dataset=dataset, options=OPTIONS)
        whole = ws.trace(session, "eap-ig", dataset=dataset, options=OPTIONS)
        cells = [task, ", ".join(scores.spans)]
        for by_size in (False, True):
            at_spans = _curve(session, scores, dataset, by_size)
            edges = _curve(session, whole, dataset, by_size)
            assert at_spans.union is not None
            cells.append(f"{at_spans.cmd:.3f} {at_spans.union.cmd:.3f} {edges.cmd:.3f}")
            if by_size and task in SHOWN:
                curves += [
                    [f"{task}, at spans", *_shares(at_spans.recovered)],
                    [f"{task}, the union", *_shares(at_spans.union.recovered)],
                    [f"{task}, edges", *_shares(edges.recovered)],
                ]
        rows.append(cells)
    title = f"EAP-IG on `names`, {PAIRS} pairs of each task: CMD of edges at spans, of their unions, of whole edges"
    yield Table(title, ("task", "spans", "CMD", "CMD by size"), rows)
    title = f"EAP-IG on `names`, {PAIRS} pairs: recovered, by size, at shares of all edges at spans and of all edges"
    yield Table(title, ("circuits", *FRACTIONS.split()), curves)


def dataset_with_roles(model: ws.Model, task: str) -> tuple[ws.Session, ws.Dataset]:
    """A task's pairs, each with its own answers and the spans that its template names."""
    made = make_task(task, model, PAIRS)
    pairs = [model.pair(clean, other) for clean, other in made.pairs]
    named = [pair.with_roles(parse_roles(roles, pair.length)) for pair, roles in zip(pairs, made.roles, strict=True)]
    dataset = ws.Dataset(named, made.answers)
    return ws.Session(model, named[0], ws.logit_difference(*made.answers[0])), dataset


def _curve(session: ws.Session, scores: ws.Scores, dataset: ws.Dataset, by_size: bool) -> ws.Curve:
    return ws.faithfulness(session, scores, dataset=dataset, by_size=by_size, random_circuits=0)


def _shares(recovered: tuple[float, ...]) -> list[str]:
    return [f"{share:.2f}" for share in recovered[:-1]]
