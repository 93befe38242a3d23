"""Which methods of tracing fit, and the real effects of edges. Runs in the worker's thread;
imports torch."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import Field, fields, replace
from typing import Any

import numpy as np

from app.features.tracing.queries import MeasuredQuery, MeasuredReply, MethodsQuery, MethodsReply
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.presenters.telling import Telling
from app.worker.pairs import sessions_of
from app.worker.session_cache import SessionCache
from app.worker.traces import EVERY
from core.edits import Target
from core.errors import WirescopeError
from core.formatting import counted, pairs_words
from core.progress import within
from core.project.document import Document
from core.scan import Scan
from core.tracing.method import METHODS, Method
from views.panels.tracing.data import MethodData, OptionData


def handle_methods(query: MethodsQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Send the table, with what does not fit and why, and what the time of each is reckoned from."""
    document = request.document
    methods = tuple(_method(method, cache, document) for method in METHODS.values())
    send(MethodsReply(request.number, methods, cache.estimates(document)))


def _method(method: Method, cache: SessionCache, document: Document) -> MethodData:
    told = dict(document.choice.options)
    level = document.choice.level if document.choice.level in method.levels else "edges"
    options = tuple(_option(each, told) for each in fields(method.takes))
    problem = ""
    try:
        method.check(cache.session, cache.cut_kind(document), level)
    except WirescopeError as error:
        problem = error.message
    return MethodData(method.name, method.title, method.words, options, problem, levels=method.levels)


def _option(option: Field[Any], told: Mapping[str, float]) -> OptionData:
    form, usual = option.metadata, option.default
    title = form["title"] or option.name.replace("_", " ").capitalize()
    value = told.get(option.name, usual)
    return OptionData(option.name, title, value, usual, form["least"], form["most"], form["digits"])


def handle_measured(query: MeasuredQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Really edit edges, one at a time, over what the scores are over; send the effects as they come. What was measured
    stays when something else comes in between. Raises Cancelled."""
    document = request.document
    sessions = sessions_of(cache, document, cache.scores_key(document).rows)
    edits, kind = cache.possible(document), cache.cut_kind(document)
    key = cache.reply_key(replace(query, serial=0), request)
    if key not in cache.heavy:
        graph = cache.session.graph
        targets = [graph.edge(index) for index in query.edges]
        cache.heavy[key] = [Scan(session, targets, kind, edits=edits) for session in sessions]
    scans: list[Scan] = cache.heavy[key]
    total = sum(len(scan) for scan in scans)
    pairs = sum(session.pair.batch for session in sessions)
    words = f"Measuring {counted(len(query.edges), 'edge')}" + (f", {pairs_words(pairs)}" if pairs > 1 else "")

    def tell() -> None:
        done = sum(scan.done for scan in scans)
        send(MeasuredReply(request.number, query, _means(scans), done, total))

    told = Telling(lambda share: send(ProgressReply(request.number, words, share)))
    send(ProgressReply(request.number, words, sum(scan.done for scan in scans) / max(total, 1)))
    sent = 0.0
    for number, scan in enumerate(scans):
        for _ in within(scan.parts(cancelled), number / len(scans), (number + 1) / len(scans), told):
            if time.monotonic() - sent > EVERY:
                sent = time.monotonic()
                tell()
    tell()


def _means(scans: list[Scan]) -> dict[Target, float]:
    """The mean over all pairs, of the edges that are measured on all of them."""
    weights: Any = [scan.session.pair.batch for scan in scans]
    means = np.average([scan.effects for scan in scans], axis=0, weights=weights)
    known = np.flatnonzero(np.isfinite(means)).tolist()
    return {scans[0].targets[place]: float(means[place]) for place in known}  # type: ignore[misc]
