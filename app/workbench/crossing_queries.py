"""Which queries of a request do not go to a worker elsewhere: those of other packages, and those that an earlier worker
may have begun and that are not done twice."""

from __future__ import annotations

from dataclasses import replace

from app.messages.request import Query, QueryRefusal, Request
from app.messages.wire.forms import forms


def without_plugins(request: Request, place: str) -> tuple[Request, list[QueryRefusal]]:
    """A request without the queries of other packages: what they hold is not known on the other side."""
    unknown = [query for query in request.queries if type(query) not in forms().by_class]
    hint = "Choose Disconnect in the File menu to ask it."
    refused = []
    for query in unknown:
        kind = type(query)
        words = f"{kind.__name__} is answered in the window's own process only, and the work is done at {place}."
        about = f"{words} {hint} It is of {kind.__module__}, and only queries of Wirescope itself cross."
        refused.append(QueryRefusal(request.number, query, words, hint, about))
    return _without(request, unknown), refused


class QueriesDoneOnce:
    """Of one worker, and of those that are started in its place."""

    def __init__(self) -> None:
        self._sent: frozenset[Query] = frozenset()  # to the present worker, with the last request
        self._lost: frozenset[Query] = frozenset()  # with a worker that has died

    def note(self, request: Request) -> None:
        """It is about to be sent."""
        self._sent = frozenset(query for query in request.queries if query.once)

    def lose(self) -> None:
        """The worker has died; another one is there."""
        self._lost, self._sent = self._lost | self._sent, frozenset()

    def without_lost(self, request: Request, place: str) -> tuple[Request, list[QueryRefusal]]:
        """A request without the queries that a worker has died with."""
        lost = [query for query in request.queries if query.once and query in self._lost]
        self._lost = frozenset(lost)  # what is asked no more does not come again
        words = f"The worker at {place} ended while this ran, or just before, and has been started again."
        hint = "It is not run a second time by itself: run it again where that is right. Names set before are gone."
        return _without(request, lost), [QueryRefusal(request.number, query, words, hint) for query in lost]


def _without(request: Request, queries: list[Query]) -> Request:
    if not queries:
        return request
    return replace(request, queries=tuple(query for query in request.queries if query not in queries))
