"""The edited model as a folder, for the window. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from dataclasses import replace

from app.features.edited_model.queries import EditedModelQuery, EditedModelReply
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.edited.export import export_model


def handle_edited_model(
    query: EditedModelQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    """Write it, once: the reply is kept where a newer request overtakes this one. Raises WirescopeError."""

    def write() -> EditedModelReply:
        send(ProgressReply(request.number, "Writing the edited model"))
        exported = export_model(cache.session.model, query.edits, query.folder, cache.session)
        return EditedModelReply(request.number, query, exported.form, exported.reasons)

    send(replace(cache.answer(query, request, write), number=request.number))


HANDLERS: Handlers = {
    EditedModelQuery: Handler(handle_edited_model, turn="last"),
}
