"""What a circuit recovers beside random ones of its size. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.messages.recovered import RecoveredQuery, RecoveredReply
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.presenters.telling import Telling
from app.worker.pairs import measure_over, sessions_of
from app.worker.session_cache import SessionCache
from core.circuit import Circuit, circuit_of
from core.errors import ALIKE, ANOTHER, InputError, NothingToRecoverError
from core.formatting import counted
from core.progress import stage, watched


def handle_recovered(
    query: RecoveredQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    """Run the circuit and the random ones. Raises ArgumentError for a name that is no edge, InputError where there is
    nothing to recover, Cancelled."""
    key = cache.scores_key(request.document)
    scores, graph = cache.scores[key], cache.session.graph

    def find() -> RecoveredReply:
        listed = circuit_of(graph, list(query.edges)) if query.edges else scores.select(min(query.size, graph.n_edges))
        size = len(listed)
        rng = np.random.default_rng(query.seed)
        drawn = [Circuit(graph, rng.permutation(graph.n_edges)[:size].astype(np.int64)) for _ in range(query.draws)]
        kept = listed.pruned()
        words = f"Running the circuit of {counted(size, 'edge')}"
        with watched(Telling(lambda share: send(ProgressReply(request.number, words, share)), step=1.0), cancelled):
            with stage(0.0, 0.2):
                sessions = sessions_of(cache, request.document, key.rows)
            with stage(0.2, 1.0):
                circuits = [kept, *(each.pruned() for each in drawn)]
                over_rows = measure_over(sessions, circuits, scores.replacement, cancelled)
        try:
            share, *random = over_rows.recovered().tolist()
        except NothingToRecoverError:
            raise InputError(ALIKE, ANOTHER) from None
        band = over_rows.band() if key.rows else None
        return RecoveredReply(
            0,
            query,
            size,
            len(kept),
            graph.n_edges,
            share,
            tuple(random),
            metric=float(over_rows.circuits[0].mean()),
            whole=float(over_rows.whole.mean()),
            nothing=float(over_rows.nothing.mean()),
            kind=scores.replacement,
            pairs=over_rows.pairs if key.rows else 1,
            band=None if band is None else (float(band[0, 0]), float(band[1, 0])),
        )

    reply = cache.answer(replace(query, serial=0), request, find)
    send(replace(reply, number=request.number, query=query))
