"""Checks what the user wants to pin. Runs in the engine's thread."""

from __future__ import annotations

from app.answers import pin_key, pinned_index
from app.bench import Bench
from app.engine_thread import Cancel, Send
from app.messages import Request
from app.pin_wants import CheckPin, PinChecked
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
