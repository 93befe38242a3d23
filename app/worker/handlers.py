"""What a request asks beyond the run itself: handing its queries to their handlers. Runs in the worker's thread.

A new feature adds two files to its folder and a row to `app.features.handlers`: `queries.py`, the query and its reply
(frozen dataclasses, no torch, the window imports them), and `handlers.py`, the function that handles it (imports torch,
only that table imports it). A query comes again with every request: what a handler has found, `SessionCache.answer`
keeps by what the query depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.messages.request import Cancel, Query, QueryRefusal, Request, Send
from app.worker.session_cache import SessionCache
from core.errors import Cancelled, WirescopeError

Handle = Callable[[Any, Request, SessionCache, Send, Cancel], None]


@dataclass(frozen=True)
class Handler:
    """handle: (query, request, cache, send, cancelled). after_scores: it takes long, or needs the scores of edges."""

    handle: Handle
    after_scores: bool = False


Handlers = Mapping[type[Query], Handler]


def handle_queries(
    handlers: Handlers, request: Request, cache: SessionCache, send: Send, cancelled: Cancel, after_scores: bool
) -> None:
    """Handle a request's queries, those of before or after the scores, in the order of the table. One that cannot be
    answered says so alone."""
    order = list(handlers)
    for query in sorted(request.queries, key=lambda query: order.index(type(query))):
        handler = handlers[type(query)]
        if handler.after_scores == after_scores:
            try:
                handler.handle(query, request, cache, send, cancelled)
            except Cancelled:
                raise
            except WirescopeError as error:
                send(QueryRefusal(request.number, query, error.message, error.hint))
