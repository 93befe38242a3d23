"""Searches among circuits. Runs in the engine's thread; imports torch."""

from __future__ import annotations

from app.bench import Bench
from app.engine_thread import Cancel, Send
from app.features.circuit.queries import FindSmallest, SmallestFound
from app.inspection import ALIKE, ANOTHER
from app.messages import Request, Working
from app.presenters.telling import Telling
from app.trace_pairs import measure_over, sessions_of
from core.errors import InputError, NothingToRecoverError
from core.evaluation.smallest import part_of_search, smallest_circuit
from core.formatting import percent
from core.progress import stage, watched


def serve_find_smallest(want: FindSmallest, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    """Run circuits until the smallest is found. What was run stays when something else comes in between. Raises
    InputError where there is nothing to recover, Cancelled."""
    document, key = request.document, bench.scores_key(request.document)
    scores, graph = bench.scores[key], bench.session.graph
    shares: dict[int, float] = bench.kept.setdefault(("shares", key), {})
    sessions = sessions_of(bench, document, key.rows)
    words = f"Looking for the smallest circuit that recovers {percent(want.share)}"

    told = Telling(lambda done: send(Working(request.number, words, done)))
    asked: list[int] = []

    def share_of(size: int) -> float:
        asked.append(size)
        if size not in shares:
            circuit = scores.select(size).pruned()
            try:
                with watched(told, cancelled), stage(*part_of_search(len(asked), graph.n_edges)):
                    (share,) = measure_over(sessions, [circuit], scores.replacement, cancelled).recovered()
            except NothingToRecoverError:
                raise InputError(ALIKE, ANOTHER) from None
            shares[size] = float(share)
        return shares[size]

    send(Working(request.number, words, 0.0))
    found = smallest_circuit(share_of, graph.n_edges, want.share)
    if found is None:
        send(SmallestFound(request.number, want, None, 0.0, 0.0, graph.n_edges))
    else:
        send(SmallestFound(request.number, want, found.size, found.share, found.before, graph.n_edges))
