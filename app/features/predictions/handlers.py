"""Checks what the user wants to pin. Runs in the worker's thread."""

from __future__ import annotations

from app.features.predictions.queries import PinQuery, PinReply
from app.messages.request import Cancel, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.pinned_answers import pin_key, pinned_index
from app.worker.session_cache import SessionCache
from core.errors import WirescopeError


def check_pin(query: PinQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    session = cache.session
    answers = session.clean.answer.shape[-1]
    try:
        index = pinned_index(session.model, query.text, answers)
    except WirescopeError as error:
        send(PinReply(request.number, query.text, "", str(error)))
    else:
        send(PinReply(request.number, query.text, pin_key(session.model, index)))


HANDLERS: Handlers = {
    PinQuery: Handler(check_pin),
}
