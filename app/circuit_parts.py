"""Parts of a request that run circuits, and that measure what edits change downstream. Runs in the engine's thread;
imports torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.bench import Bench
from app.circuit_wants import ChangesFound, CurveFound, Kept, WantChanges, WantCurve, WantKept
from app.engine_thread import Cancel, Send
from app.inspection import ALIKE, ANOTHER
from app.messages import Request, Working
from core.circuit import Circuit
from core.downstream import downstream
from core.errors import InputError
from core.evaluation.faithfulness import FLAT, faithfulness
from core.evaluation.node_changes import node_changes


def serve_kept(want: WantKept, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    """Run the circuit of the document's size beside one of as many random edges and, the first time, one of none."""
    size, scores_key = request.document.size, bench.scores_key(request.document)
    if size is None:
        return
    session, scores = bench.session, bench.scores[scores_key]
    graph, kind = session.graph, scores.replacement
    size = min(size, graph.n_edges)
    key = "kept", scores_key, size
    if key not in bench.kept:
        whole = float(session.clean.metric.mean())
        random = np.random.default_rng(0).permutation(graph.n_edges)[:size].astype(np.int64)
        kept = scores.top(size).pruned()
        circuits = [kept, Circuit(graph, random).pruned(), Circuit(graph, np.empty(0, dtype=np.int64))]
        metric, by_chance, nothing = (
            float(result.metric.mean()) for result in session.run_circuits(circuits, kind, cancelled)
        )
        if abs(whole - nothing) < FLAT:
            raise InputError(ALIKE, ANOTHER)
        share, chance = ((value - nothing) / (whole - nothing) for value in (metric, by_chance))
        bench.kept[key] = Kept(0, size, len(kept), share, chance, metric, whole, nothing, kind)
    send(replace(bench.kept[key], number=request.number))


def serve_curve(want: WantCurve, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    scores_key = bench.scores_key(request.document)
    key = "curve", scores_key
    if key not in bench.kept:
        send(Working(request.number, "Running circuits of all sizes"))
        scores = bench.scores[scores_key]
        curve = faithfulness(bench.session, scores, cancelled=cancelled)
        bench.kept[key] = CurveFound(
            0,
            curve.sizes,
            curve.recovered,
            curve.random_band,
            curve.cpr,
            curve.cmd,
            curve.replacement,
            scores.method,
        )
    send(replace(bench.kept[key], number=request.number))


def serve_changes(want: WantChanges, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    edits = bench.possible(request.document)
    if not edits:
        send(ChangesFound(request.number, None, None))
        return
    key = "changes", edits
    if key not in bench.kept:
        targets = [edit.target for edit in edits if not isinstance(edit.target, str)]
        values = node_changes(bench.session, edits, cancelled)
        bench.kept[key] = ChangesFound(0, downstream(bench.session.graph, targets), values)
    send(replace(bench.kept[key], number=request.number))
