"""Traces that take long: by a slow method, or over a dataset. Edges appear as they are scored; what is scored stays
when something else comes in between, or when the user gives it up. Runs in the worker's thread; imports torch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from app.messages.replies import ScoresReply
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.presenters.telling import Telling
from app.worker.method_titles import method_title
from app.worker.pairs import dataset_of
from app.worker.rule_needs import can_be_found_out
from app.worker.score_files import share_done
from app.worker.session_cache import SessionCache, rule_problem
from app.worker.session_scores import ScoresKey, name_of
from core.edits import EditKind
from core.formatting import pairs_words
from core.progress import watched
from core.project.document import PairSource
from core.project.trace_choice import TraceChoice
from core.tracing.method import METHODS
from core.tracing.scores import Scores
from core.tracing.selection import CHOSEN_BY, RULES, USUAL
from core.tracing.told_options import Options
from core.tracing.trace import Tracing

EVERY = 0.2  # seconds between two parts that are shown


def options_of(choice: TraceChoice) -> Options:
    """What the method is told. Raises ArgumentError."""
    return Options(**dict(choice.options))


def pairs_told(scores: Scores) -> int:
    """Over how many pairs scores say that they are; 0 where they say nothing, or no number: a file may say anything."""
    told = scores.about.get("pairs", "")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0


def scored_reply(number: int, cache: SessionCache, key: ScoresKey) -> ScoresReply:
    told = pairs_told(cache.scores[key])
    method = cache.scores[key].method
    title = method_title(method, key.choice.file)
    share = share_done(cache.scores[key]) if key.choice.file else key.share
    ranking = cache.rankings[key]
    pairs, of_file = told if key.rows else 0, (bool(key.choice.file), told if key.choice.file else 0)
    count = len(key.rows)
    problems = {name: rule_problem(name, cache.scores[key], can_be_found_out(name, method, count)) for name in RULES}
    scores = cache.scores.at_spans.get(replace(key, rule=USUAL), cache.scores[key])
    title += " at each position" if scores.spans and not key.choice.file else ""
    about = {**scores.about, **({CHOSEN_BY: key.rule} if key.rule != USUAL else {})}
    asked = key.choice, key.rows
    return ScoresReply(
        number,
        ranking,
        key.kind,
        method,
        title,
        pairs,
        share,
        *of_file,
        name_of(key),
        about,
        key.rule,
        problems,
        scores,
        *asked,
    )


def trace_in_parts(request: Request, cache: SessionCache, key: ScoresKey, send: Send, cancelled: Cancel) -> None:
    """Score what is missing, and send what there is now and then. Raises WirescopeError, Cancelled."""
    title = METHODS[key.choice.method].title
    reading = f"{title}: reading the dataset" if key.rows else title
    send(ProgressReply(request.number, reading))
    begun = ("tracing", key) in cache.heavy  # else there are only scores of it, of before the inputs were changed
    with watched(Telling(lambda share: send(ProgressReply(request.number, reading, share))), cancelled):
        tracing = _tracing(request, cache, key)
    over = pairs_words(tracing.pairs) if key.rows else f"{cache.session.graph.n_edges:,} edges"
    words = f"{title}, {over}"
    done = cache.partial[key].share if begun and key in cache.partial else 0.0
    told = told_of(cache, request, key.choice, key.kind, key.rows, words, done, send)
    sent = time.monotonic()
    for scores, share in tracing.parts(cancelled, told):
        cache.take_scores(key, scores, min(share, 1.0))
        if time.monotonic() - sent > EVERY and share < 1:
            sent = time.monotonic()
            send(scored_reply(request.number, cache, cache.partial[key]))
    told(1.0)
    cache.heavy.pop(("tracing", key), None)


def told_of(
    cache: SessionCache,
    request: Request,
    choice: TraceChoice,
    kind: EditKind,
    rows: tuple[PairSource, ...],
    words: str,
    done: float,
    send: Send,
) -> Callable[[float], None]:
    """What is to be told of a trace that begins, or goes on when a share of it is done: it goes to the status strip,
    with how long it was to take, and to what is known of the speed of such traces."""
    work, estimates = cache.work(choice, kind, rows), cache.estimates(request.document)
    seconds = estimates.seconds(work)
    watch = cache.costs.watch(work, done, estimates.reckoned(work))
    send(ProgressReply(request.number, words, done, seconds))
    show = Telling(lambda share: send(ProgressReply(request.number, words, share, seconds)))

    def told(share: float) -> None:
        watch.at(share)
        if share < 1:
            show(share)

    return told


def _tracing(request: Request, cache: SessionCache, key: ScoresKey) -> Tracing:
    """The trace, as far as it has come."""
    name = "tracing", key
    if name not in cache.heavy:
        dataset = dataset_of(cache, request.document, key.rows) if key.rows else None
        cache.heavy[name] = Tracing(
            cache.session,
            key.choice.method,
            replacement=key.kind,
            level=key.choice.level,
            dataset=dataset,
            options=options_of(key.choice),
        )
    tracing: Tracing = cache.heavy[name]
    return tracing
