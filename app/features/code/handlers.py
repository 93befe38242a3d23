"""Scripts that are written with the model at hand. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from app.features.code.queries import TorchScriptQuery, TorchScriptReply
from app.messages.request import Cancel, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.scripts.torch_script import torch_script


def write_torch_script(
    query: TorchScriptQuery, request: Request, cache: SessionCache, send: Send, _cancelled: Cancel
) -> None:
    """Write the present state as a script. Raises WirescopeError for what none can express."""
    text = torch_script(cache.session, cache.possible(request.document))
    send(TorchScriptReply(request.number, query, text))


HANDLERS: Handlers = {
    TorchScriptQuery: Handler(write_torch_script),
}
