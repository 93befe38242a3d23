"""Learns what parts of the model carry on the dataset's inputs, says of the cards' inputs whether they carry more, and
writes the monitor. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from app.features.watching.queries import ExportMonitorQuery, ExportMonitorReply, Verdict, WatchQuery, WatchReply
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.worker.handler_table import Handler, Handlers
from app.worker.session_cache import SessionCache
from core.detection.watch import FALSE_ALARMS, Watch, least_false_alarms, watch
from core.errors import InputError
from core.inputs.pair import Dataset, Pair, Side

LEARNING = "Learning what is usual"
FARTHEST = 3  # parts that are named


def handle_watch(query: WatchQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Raises InputError where no row fits the model, WirescopeError as `ws.watch` does, Cancelled."""
    learnt = _learnt(query, request, cache, send, cancelled)
    pair = cache.session.pair
    a, b = cache.answer(
        query,
        request,
        lambda: (_verdict(learnt, pair.clean), pair.counterfactual and _verdict(learnt, pair.counterfactual)),
    )
    send(WatchReply(request.number, query, a, b, learnt.fitted, learnt.calibrated, learnt.false_alarms))


def _learnt(query: WatchQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> Watch:
    """As it was learnt before, or now."""
    if query not in cache.of_model:
        cache.of_model[query] = _learn(query, request, cache, send, cancelled)
    learnt: Watch = cache.of_model[query]
    return learnt


def _learn(query: WatchQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> Watch:
    send(ProgressReply(request.number, LEARNING, 0.0))
    usual = cache.rows.dataset(query.rows)
    if usual is None:
        raise InputError("No row of the dataset fits the model.", "Fill the dataset with ordinary inputs first.")
    return watch(
        cache.session.model,
        usual,
        query.parts or None,
        false_alarms=max(FALSE_ALARMS, least_false_alarms(len(usual.pairs))),
        progress=lambda share: send(ProgressReply(request.number, LEARNING, share)),
        cancelled=cancelled,
    )


def _verdict(learnt: Watch, side: Side) -> Verdict:
    verdicts = learnt.verdicts(Dataset([Pair(side)]))
    row = verdicts.parts[0]
    strongest = row.topk(min(FARTHEST, len(row))).indices.tolist()
    return Verdict(
        bool(verdicts.alarms[0]),
        float(learnt.carry_more(verdicts.scores)[0]),
        tuple((learnt.parts[part], float(row[part])) for part in strongest),
    )


def handle_export(
    query: ExportMonitorQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    """Write it, once: the reply is kept where a newer request overtakes this one. Raises WirescopeError."""

    def write() -> bool:
        _learnt(query.watched, request, cache, send, cancelled).export(query.folder)
        return True

    cache.answer(query, request, write)
    send(ExportMonitorReply(request.number, query))


HANDLERS: Handlers = {
    WatchQuery: Handler(handle_watch, turn="last"),
    ExportMonitorQuery: Handler(handle_export, turn="last"),
}
