"""What a request asks beyond the run itself: each query is handed to its handler. Runs in the worker's thread.

A feature whose panel asks something adds two files to its folder: `queries.py`, the query and its reply (frozen
dataclasses, no torch, the window imports them), and `handlers.py`, the functions that handle them (it imports torch),
with the rows `HANDLERS = {MyQuery: Handler(handle_mine)}`. Its `FEATURE` names that module by `handlers`; so does the
feature of another package. A query comes again with every request: what a handler has found, `SessionCache.answer`
keeps by what the query depends on.
"""

from __future__ import annotations

import importlib
import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.messages.project_scores import ProjectScoresQuery
from app.messages.recovered import RecoveredQuery
from app.messages.request import Cancel, Query, QueryRefusal, Request, Send
from app.messages.trust import TrustQuery
from app.worker.project_scores import handle_project_scores
from app.worker.recovered import handle_recovered
from app.worker.session_cache import SessionCache
from app.worker.trust import handle_trust
from core.errors import ArgumentError, Cancelled, WirescopeError

log = logging.getLogger(__name__)

Handle = Callable[[Any, Request, SessionCache, Send, Cancel], None]


@dataclass(frozen=True)
class Handler:
    """handle: (query, request, cache, send, cancelled). after_scores: it needs the scores of edges, or is no hurry.
    turn: of those before or after the scores; last come those that take long."""

    handle: Handle
    after_scores: bool = False
    turn: Literal["first", "usual", "last"] = "usual"


TURNS = ("first", "usual", "last")
Handlers = Mapping[type[Query], Handler]

OF_NO_FEATURE: Handlers = {  # the terminal asks them too
    ProjectScoresQuery: Handler(handle_project_scores, turn="first"),
    RecoveredQuery: Handler(handle_recovered, after_scores=True),
    TrustQuery: Handler(handle_trust, after_scores=True, turn="last"),
}


class HandlerTable:
    """Handlers by the kind of query. modules: gives the names of the modules that have them, in their order; it is
    asked again for a query that none of them handles, for features of other packages come later."""

    def __init__(self, modules: Callable[[], Iterable[str]] = tuple) -> None:
        self._modules = modules
        self._rows: dict[type[Query], Handler] = dict(OF_NO_FEATURE)
        self._foreign: dict[type[Query], str] = {}  # of other packages, with the module that handles them
        self._failed: dict[str, tuple[str, str]] = {}  # their modules that are no good: why, and the traceback
        self._seen: set[str] = set()
        self._load()

    @property
    def kinds(self) -> tuple[type[Query], ...]:
        """The kinds of queries that are handled."""
        return tuple(self._rows)

    def handle(self, request: Request, cache: SessionCache, send: Send, cancelled: Cancel, after_scores: bool) -> None:
        """Handle a request's queries, those of before or after the scores: in their turns, and in the order of the
        features. One that cannot be answered says so alone."""
        for query in self._in_order(request, send, after_scores):
            try:
                self._rows[type(query)].handle(query, request, cache, send, cancelled)
            except Cancelled:
                raise
            except WirescopeError as error:
                send(QueryRefusal(request.number, query, error.message, error.hint))
            except Exception as error:
                if type(query) not in self._foreign:
                    raise
                log.exception("%s of another package could not be answered", type(query).__name__)
                handlers = self._foreign[type(query)]
                send(_refusal(request, query, handlers, _in_a_line(error), traceback.format_exc()))

    def _in_order(self, request: Request, send: Send, after_scores: bool) -> list[Query]:
        """Also says of those that nobody handles that it is so."""
        if not self._rows.keys() >= set(map(type, request.queries)):
            self._load()
        order, known = list(self._rows), []
        for query in request.queries:
            if type(query) in self._rows:
                known.append(query)
            elif not after_scores:
                send(self._no_handler(request, query))
        known = [query for query in known if self._rows[type(query)].after_scores == after_scores]
        return sorted(known, key=lambda query: (TURNS.index(self._rows[type(query)].turn), order.index(type(query))))

    def _no_handler(self, request: Request, query: Query) -> QueryRefusal:
        package = _package(type(query).__module__)
        for name, (why, details) in self._failed.items():
            if _package(name) == package:
                return _refusal(request, query, name, why, details)
        words = f"No feature has a handler for {type(query).__name__}."
        return _refusal(request, query, "", words, words)

    def _load(self) -> None:
        """Import the modules that are named by now. One of another package that fails is left out."""
        for name in self._modules():
            if name in self._seen:
                continue
            self._seen.add(name)
            foreign = _package(name) != _package(__name__)
            try:
                rows: Handlers = importlib.import_module(name).HANDLERS
                _check(rows, self._rows)
            except Exception as error:
                if not foreign:
                    raise
                log.exception("the handlers %s of another package are left out", name)
                self._failed[name] = _in_a_line(error), traceback.format_exc()
            else:
                self._rows |= rows
                self._foreign |= dict.fromkeys(rows, name) if foreign else {}


def _check(rows: Handlers, present: Handlers) -> None:
    """Raises ArgumentError for what is no row of handlers, or is there already."""
    for kind, handler in rows.items():
        if not (isinstance(kind, type) and issubclass(kind, Query) and isinstance(handler, Handler)):
            raise ArgumentError(f"HANDLERS has {kind!r}: {handler!r}.", "Write MyQuery: Handler(function).")
        if kind in present:
            raise ArgumentError(f"{kind.__name__} has a handler already.", "Ask a query of your own.")


def _refusal(request: Request, query: Query, handlers: str, words: str, details: str) -> QueryRefusal:
    """Of a query of another package, whose code is at fault."""
    return QueryRefusal(request.number, query, words, "Tell those who wrote the plugin.", details, handlers)


def _package(module: str) -> str:
    return module.partition(".")[0]


def _in_a_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
