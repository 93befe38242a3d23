"""Makes maps of the logit lens, and reads tuned lenses. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.features.lens_map.queries import LensMapQuery, LensMapReply
from app.messages.request import Cancel, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.errors import WirescopeError
from core.lens.lens_array import logit_lens
from core.lens.tuned_lens import TunedLens, read_tuned_lens
from core.towers_graph import check_one_tower


def handle_lens_map(query: LensMapQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Raises WirescopeError as `logit_lens` does, Cancelled. What is wrong with a tuned lens is told with the map."""
    session, edits = cache.session, cache.possible(request.document)
    check_one_tower(session.graph, "A map of the logit lens")

    def find() -> LensMapReply:
        lens, problem = None, ""
        if query.lens:
            try:
                lens = _lens(query.lens, cache)
            except WirescopeError as error:
                problem = f"{error.message} {error.hint}".strip()
        result = session.run(edits, positions="all", cancelled=cancelled)
        asked = tuple(dict.fromkeys((*session.metric.target[:1], *session.metric.foil[:1])))
        lens_map = logit_lens(result, asked, tuned=lens, cancelled=cancelled)
        positions = session.pair.clean.labels
        return LensMapReply(
            0,
            query,
            lens_map.stages,
            positions,
            lens_map.best_probabilities,
            lens_map.labels,
            lens_map.answers,
            lens_map.probabilities,
            lens_map.to_csv(positions),
            lens_map.tuned,
            "" if lens is None else lens.trained_on,
            problem,
        )

    send(replace(cache.answer(query, request, find), number=request.number))


def _lens(path: str, cache: SessionCache) -> TunedLens:
    """Read once, while it is not written anew. Raises WirescopeError."""
    place = Path(path)
    files = [place, *sorted(place.glob("params.*"))] if place.is_dir() else [place]
    key = "tuned lens", path, tuple(file.stat().st_mtime_ns for file in files if file.exists())
    if key not in cache.heavy:
        cache.heavy[key] = read_tuned_lens(path, cache.session.model)
    lens: TunedLens = cache.heavy[key]
    return lens


HANDLERS: Handlers = {LensMapQuery: Handler(handle_lens_map)}
