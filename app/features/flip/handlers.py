"""Looks for a minimal patch. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from typing import Any

from app.features.flip.queries import LOOKING, FlipGrown, FlipQuery, FlipReply
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.presenters.telling import Telling
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.evaluation.minimal_patch import minimal_patch
from core.evaluation.patched_set import Grown, square_groups
from core.progress import at, watched


def handle_flip(query: FlipQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Begin the search, or go on with it: what was measured stays, and each set is told once. Raises WirescopeError as
    `minimal_patch` does, Cancelled."""
    memory: dict[Any, Any] = cache.heavy.setdefault(cache.reply_key(query, request), {})
    told: set[frozenset[Any]] = memory.setdefault("told", set())
    session = cache.session

    def tell(grown: Grown) -> None:
        if frozenset(grown.edits) in told:
            return
        at()  # a cancel that nobody has heard yet: the window would not hear this
        told.add(frozenset(grown.edits))
        send(FlipGrown(request.number, query, grown))

    groups: list[tuple[int, ...]] | None = None
    if query.level == "regions":
        groups = list(dict.fromkeys(region.positions for region in query.regions))
    elif query.side > 1:
        groups = square_groups(session.pair, query.side)
    telling = Telling(lambda share: send(ProgressReply(request.number, LOOKING, share)))
    send(ProgressReply(request.number, LOOKING, 0.0))
    with watched(telling, cancelled):
        patch = minimal_patch(
            session,
            query.level,
            groups=groups,
            edits=query.standing,
            grown=tell,
            memory=memory,
        )
    send(FlipReply(request.number, query, patch))


HANDLERS: Handlers = {FlipQuery: Handler(handle_flip, after_scores=True, turn="last")}
