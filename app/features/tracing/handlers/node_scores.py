"""Scores of nodes, at all positions together or at each. Runs in the worker's thread; imports
torch."""

from __future__ import annotations

import time

from app.features.tracing.queries import NodeScoresQuery, NodeScoresReply
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.presenters.telling import Telling
from app.worker.pairs import dataset_of
from app.worker.project_scores import node_scores_key
from app.worker.session_cache import SessionCache
from app.worker.traces import EVERY, options_of, pairs_told, told_of
from core.edits import EditKind
from core.formatting import pairs_words
from core.progress import watched
from core.project.trace_choice import TraceChoice
from core.tracing.method import METHODS
from core.tracing.scores import Scores
from core.tracing.trace import Tracing


def handle_node_scores(
    query: NodeScoresQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    """Send the scores of nodes that the document was traced for; what is scored stays when something else comes in
    between, or when the user gives it up. What takes long is only made when it is asked for. Raises WirescopeError,
    Cancelled."""
    document = request.document
    choice = document.traced_nodes
    if choice is None:
        send(NodeScoresReply(request.number))
        return
    kind = cache.cut_kind(document)
    rows = document.dataset if choice.over_dataset else ()
    key = cache.reply_key(query, request)
    brought = node_scores_key(cache, kind, choice, rows)  # by a project
    if key not in cache.kept and brought in cache.kept:
        cache.kept[key] = cache.kept[brought]
    known: tuple[Scores | None, float] = cache.kept.get(key, (None, 0.0))
    if known[1] == 1 or not (request.recover or not choice.takes_long):
        _send(request, send, choice, kind, known)
        return
    title = METHODS[choice.method].title
    send(ProgressReply(request.number, title))
    name = ("node tracing", key)
    if name not in cache.heavy:
        with watched(Telling(lambda share: send(ProgressReply(request.number, title, share))), cancelled):
            dataset = dataset_of(cache, document, rows) if rows else None
        cache.heavy[name] = Tracing(
            cache.session,
            choice.method,
            replacement=kind,
            level=choice.level,
            dataset=dataset,
            options=options_of(choice),
        )
    tracing: Tracing = cache.heavy[name]
    words = f"{title}, {pairs_words(tracing.pairs)}" if rows else f"{title}, nodes"
    told = told_of(cache, request, choice, kind, rows, words, known[1], send)
    sent = time.monotonic()
    for scores, share in tracing.parts(cancelled, told):
        cache.kept[key] = scores, min(share, 1.0)
        if time.monotonic() - sent > EVERY and share < 1:
            sent = time.monotonic()
            _send(request, send, choice, kind, cache.kept[key], goes_on=True)
    told(1.0)
    cache.heavy.pop(name, None)
    _send(request, send, choice, kind, cache.kept[key])


def _send(
    request: Request,
    send: Send,
    choice: TraceChoice,
    kind: EditKind,
    known: tuple[Scores | None, float],
    goes_on: bool = False,
) -> None:
    scores, share = known
    pairs = pairs_told(scores) if scores is not None else 0
    values = None if scores is None else scores.values
    direction = 1 if scores is None else scores.direction
    method = METHODS[choice.method]
    told = method.title, kind, method.meaning, pairs, share, goes_on, direction, scores
    send(NodeScoresReply(request.number, values, *told))
