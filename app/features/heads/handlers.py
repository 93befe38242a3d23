"""Measures what heads do. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from app.features.heads.queries import MEASURING, HeadScores, HeadsQuery, HeadsReply, TestScores
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.presenters.telling import Telling
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.heads.identity import HeadIdentities
from core.progress import watched
from core.studies.head_corpus import PIECES, corpus_of, identities_over, kept_identities
from core.towers_graph import check_one_tower


def handle_heads(query: HeadsQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Over the bundled corpus; what was measured before is read. Raises WirescopeError as `identities_over` does,
    Cancelled."""
    model = cache.session.model
    check_one_tower(cache.session.graph, "Measuring heads")
    telling = Telling(lambda share: send(ProgressReply(request.number, MEASURING, share)))
    if not query.kept:
        send(ProgressReply(request.number, MEASURING, 0.0))
    with watched(None if query.kept else telling, cancelled):
        corpus, words = corpus_of(model, None, PIECES)
        found = kept_identities(model, corpus) if query.kept else identities_over(model, corpus)
    send(HeadsReply(request.number, query, None if found is None else plain_scores(found, words)))


def plain_scores(found: HeadIdentities, corpus: str) -> HeadScores:
    """The same for the window. corpus: in words."""
    passes = found.passes
    tests = (
        TestScores(
            test.name,
            test.words,
            test.threshold,
            found.generated[place],
            found.corpus[place],
            found.covers[place],
            float(found.rare[place]),
            float(found.rare_corpus[place]),
            passes[place],
        )
        for place, test in enumerate(found.tests)
    )
    return HeadScores(found.heads, tuple(tests), corpus)


HANDLERS: Handlers = {HeadsQuery: Handler(handle_heads, after_scores=True, turn="last")}
