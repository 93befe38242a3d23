"""Cuts of a model's tasks, and what each of them loses. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace

from app.features.trust.queries import COMPARING, TasksQuery, TasksReply
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.presenters.telling import Telling
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.evaluation.cuts import Cut
from core.evaluation.dissociation import dissociate
from core.evaluation.dissociation_words import sentences
from views.panels.trust.data import TasksMatrix


def handle_tasks(query: TasksQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Cut edges of every task. Raises InputError for a model of fewer than two tasks, Cancelled."""
    told = Telling(lambda share: send(ProgressReply(request.number, COMPARING, share)))
    same = replace(query, serial=0)
    chosen: dict[str, Cut] = cache.kept.setdefault(("cuts", *cache.reply_key(same, request)), {})  # goes on

    def find() -> TasksMatrix:
        result = dissociate(cache.session.model, choose=query.choose, progress=lambda _, share: told(share),
                            cancelled=cancelled, memory=chosen)  # type: ignore[arg-type]  # fmt: skip
        return TasksMatrix(
            result.titles,
            tuple(len(cut) for cut in result.cuts),
            tuple(tuple(float(share) for share in row) for row in result.kept),
            tuple(tuple(float(share) for share in row) for row in result.random.mean(axis=1)),
            tuple(sentences(replace(result, tasks=result.titles))),
        )

    send(TasksReply(request.number, query, cache.answer(same, request, find)))


HANDLERS: Handlers = {TasksQuery: Handler(handle_tasks, turn="last")}
