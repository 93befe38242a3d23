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
from app.method_titles import method_title
from app.presenters.telling import Telling
from app.trace_pairs import dataset_of, measure_over, sessions_of
from core.circuit import Circuit
from core.downstream import downstream
from core.errors import InputError, NothingToRecoverError
from core.evaluation.faithfulness import faithfulness
from core.evaluation.node_changes import node_changes
from core.progress import stage, watched


def serve_kept(want: WantKept, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    """Run the circuit of the document's size beside one of as many random edges and, the first time, one of none."""
    size, scores_key = request.document.size, bench.scores_key(request.document)
    if size is None:
        return
    document, scores = request.document, bench.scores[scores_key]
    graph, kind = bench.session.graph, scores.replacement
    size = min(size, graph.n_edges)
    key = "kept", scores_key, size
    if key not in bench.kept:
        random = np.random.default_rng(0).permutation(graph.n_edges)[:size].astype(np.int64)
        kept = scores.select(size).pruned()
        words = f"Running the circuit of {size:,} edges"
        with watched(Telling(lambda share: send(Working(request.number, words, share)), step=1.0), cancelled):
            with stage(0.0, 0.5):
                sessions = sessions_of(bench, document, scores_key.rows)
            with stage(0.5, 1.0):
                found = measure_over(sessions, [kept, Circuit(graph, random).pruned()], kind, cancelled)
        try:
            share, chance = (float(value) for value in found.recovered())
        except NothingToRecoverError:
            raise InputError(ALIKE, ANOTHER) from None
        band = found.band() if scores_key.rows else None
        bench.kept[key] = Kept(
            0,
            size,
            len(kept),
            share,
            chance,
            metric=float(found.circuits[0].mean()),
            whole=float(found.whole.mean()),
            nothing=float(found.nothing.mean()),
            kind=kind,
            pairs=found.pairs if scores_key.rows else 0,
            band=None if band is None else (float(band[0, 0]), float(band[1, 0])),
            accuracy=found.accuracy[0] if found.accuracy else None,
            whole_accuracy=found.whole_accuracy,
            of=scores_key,
        )
    send(replace(bench.kept[key], number=request.number))


def serve_curve(want: WantCurve, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    scores_key = bench.scores_key(request.document)
    key = "curve", scores_key
    if key not in bench.kept:
        memory = bench.kept.setdefault(("curve so far", scores_key), {})  # another request may come in between
        scores = bench.scores[scores_key]
        rows = scores_key.rows
        curve = faithfulness(
            bench.session,
            scores,
            dataset=dataset_of(bench, request.document, rows) if rows else None,
            progress=Telling(lambda share: send(Working(request.number, "Running circuits of all sizes", share))),
            cancelled=cancelled,
            memory=memory,
        )
        del bench.kept["curve so far", scores_key]
        bench.kept[key] = CurveFound(
            0,
            curve.sizes,
            curve.recovered,
            curve.random_band,
            curve.cpr,
            curve.cmd,
            curve.replacement,
            method_title(scores.method, scores_key.choice.file),
            curve.band if rows else None,
            curve.pairs if rows else 0,
            curve.rule,
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
