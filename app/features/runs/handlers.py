"""Making a run anew: what is kept of it goes. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace

from app.features.runs.queries import ForgetQuery, ForgetReply
from app.messages.request import Cancel, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.tracing.selection import USUAL


def handle_forget(query: ForgetQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Drop the replies that are kept of this state, and its scores where that is asked."""
    cache.kept.clear()
    cache.heavy.clear()
    if query.scores:
        asked = cache.asked_key(request.document)
        for key in [key for key in cache.scores if replace(key, rule=USUAL, share=1.0) == asked]:
            del cache.scores[key]
    send(ForgetReply(request.number, query))


HANDLERS: Handlers = {
    ForgetQuery: Handler(handle_forget, turn="first"),  # before all that it makes anew
}
