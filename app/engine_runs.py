"""The parts of a request that run the model: with the edits, without each of them, what is inspected, all scores, and
what circuits recover. Each sends its answer. Runs in the engine's thread; imports torch.
"""

from __future__ import annotations

import numpy as np

from app.bench import Bench
from app.engine_thread import Cancel, Send
from app.inspection import ALIKE, ANOTHER
from app.messages import Deltas, Inspected, Ran, Recovered, Request, Scored, Working
from app.present import prediction_rows, run_words
from app.ranking import Ranking
from core.circuit import Circuit
from core.edits import Edit, EditKind
from core.errors import InputError
from core.evaluation.faithfulness import FLAT, FRACTIONS, sizes_of
from core.graph import Node
from core.lens.attention import attention_pattern
from core.tracing.scores import Scores
from core.tracing.trace import trace
from views.data import Target

MEASURED_EDITS = 12  # at most so many edits get a figure of their own
MOST = 0.8  # of the metric: the circuit that a trace reports recovers so much


def run(request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    session, document = bench.session, request.document
    edits = bench.possible(document)
    clean = session.clean
    result = session.run(edits, cancelled=cancelled)
    unit, rows = prediction_rows(session, clean, result, document.pinned, bench.kept.setdefault("pin keys", {}))
    send(
        Ran(
            number=request.number,
            edits=edits,
            unit=unit,
            rows=rows,
            metric_name=session.metric.name,
            before=float(clean.metric.mean()),
            after=float(result.metric.mean()),
            words=run_words(result, bench.forward_milliseconds, bool(edits)),
            megabytes=session.engine.megabytes,
        )
    )


def measure_edits(request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    edits = bench.possible(request.document)
    key = ("deltas", edits, bench.metric_key)
    if key not in bench.kept:
        after = bench.metric(edits, cancelled)
        values: dict[Target, float] = {}
        for target in list(dict.fromkeys(edit.target for edit in edits))[:MEASURED_EDITS]:
            others = [edit for edit in edits if edit.target != target]
            assert not isinstance(target, str)
            values[target] = after - bench.metric(others, cancelled)  # type: ignore[index]
        bench.kept[key] = values
    send(Deltas(request.number, bench.kept[key]))


def inspect(request: Request, bench: Bench, target: Target, send: Send, cancelled: Cancel) -> None:
    session = bench.session
    document, positions = request.document, request.positions
    edits = bench.possible(document)
    present = document.edit_of(target, positions)
    waits = present is not None and present not in edits
    kind: EditKind = present.kind if present is not None else bench.cut_kind(document)
    attention = None
    if isinstance(target, Node) and target.kind == "head":
        result = session.run(edits, positions="all", cancelled=cancelled)
        attention = attention_pattern(result, target.layer, target.head)
    measured = None
    if not waits and not (isinstance(target, Node) and target.kind == "logits"):
        others = [edit for edit in edits if edit is not present and (positions or edit.target != target)]
        own = present if present is not None else Edit(target, kind, positions or None)
        measured = bench.metric([*others, own], cancelled) - bench.metric(others, cancelled)
    send(Inspected(request.number, target, kind, measured, attention, positions))


def score(request: Request, bench: Bench, send: Send, cancelled: Cancel) -> Scores:
    session = bench.session
    key = bench.scores_key(request.document)
    _, kind, method = key
    if key not in bench.scores:
        send(Working(request.number, f"Estimating {session.graph.n_edges:,} edges"))
        bench.scores[key] = trace(session, method, replacement=kind, cancelled=cancelled)
        bench.kept["ranking", key] = Ranking(bench.scores[key].values).sort()
    send(Scored(request.number, bench.kept["ranking", key], kind, method))
    return bench.scores[key]


def recover(request: Request, bench: Bench, scores: Scores, send: Send, cancelled: Cancel) -> None:
    """The smallest circuit, at MIB's fractions, that recovers most of the metric, and as many random edges."""
    session = bench.session
    graph = session.graph
    send(Working(request.number, "Running circuits", 0.0))

    def metric(circuit: Circuit) -> float:
        return float(session.run_circuit(circuit, scores.replacement, cancelled).metric.mean())

    nothing = metric(Circuit(graph, np.empty(0, dtype=np.int64)))
    whole = float(session.clean.metric.mean())
    if abs(whole - nothing) < FLAT:
        raise InputError(ALIKE, ANOTHER)
    for step, size in enumerate(sizes_of(graph.n_edges, FRACTIONS)):
        share = (metric(scores.top(size)) - nothing) / (whole - nothing)
        send(Working(request.number, "Running circuits", (step + 1) / len(FRACTIONS)))
        if share >= MOST:
            break
    order = np.random.default_rng(0).permutation(graph.n_edges)[:size].astype(np.int64)
    random = (metric(Circuit(graph, order)) - nothing) / (whole - nothing)
    send(Recovered(request.number, size, graph.n_edges, share, random, scores.method, scores.replacement))
