"""Checks what the user wants to pin. Runs in the engine's thread."""

from __future__ import annotations

from app.features.predictions.queries import CheckPin, PinChecked
from app.messages.request import Cancel, Request, Send
from app.worker.pinned_answers import pin_key, pinned_index
from app.worker.session_cache import Bench
from core.errors import WirescopeError


def check_pin(want: CheckPin, request: Request, bench: Bench, send: Send, cancelled: Cancel) -> None:
    session = bench.session
    answers = session.clean.answer.shape[-1]
    try:
        index = pinned_index(session.model, want.text, answers)
    except WirescopeError as error:
        send(PinChecked(request.number, want.text, "", str(error)))
    else:
        send(PinChecked(request.number, want.text, pin_key(session.model, index)))
