"""The weights of the open model. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from app.features.projects.queries import WeightsFirstQuery, WeightsQuery, WeightsReply
from app.messages.request import Cancel, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.models.fingerprint import weights_hash


def handle_weights(query: WeightsQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Say which weights the model has. Raises Cancelled."""
    weights = weights_hash(cache.session.model.adapter.module, cancelled)
    send(WeightsReply(request.number, *request.document.opens, weights))


HANDLERS: Handlers = {
    WeightsFirstQuery: Handler(handle_weights, turn="last"),
    WeightsQuery: Handler(handle_weights, after_scores=True, turn="last"),
}
