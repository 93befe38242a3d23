"""Fits a probe. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from app.features.probe.queries import FitProbeQuery, FitProbeReply
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.models.probe import Probe
from core.probing.fit import fit_probe
from core.progress import watched

FITTING = "Learning the classes"


def handle_fit(query: FitProbeQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Raises WirescopeError as `ws.fit_probe` does, Cancelled."""

    def fit() -> Probe:
        send(ProgressReply(request.number, FITTING, 0.0))
        folders = query.folders[0] if len(query.folders) == 1 else query.folders
        with watched(lambda share: send(ProgressReply(request.number, FITTING, share)), cancelled):
            return fit_probe(cache.session.model, folders, query.kind, reads=query.reads).probe

    probe = cache.answer(query, request, fit)
    send(FitProbeReply(request.number, query, probe.digest, probe.classes))


HANDLERS: Handlers = {FitProbeQuery: Handler(handle_fit, turn="first")}
