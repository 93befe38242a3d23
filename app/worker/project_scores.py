"""Scores that a project brings, for the window and for the terminal. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from app.messages.project_scores import ProjectScoresQuery
from app.messages.request import Cancel, Request, Send
from app.worker.session_cache import SessionCache
from app.worker.session_scores import ScoresKey
from core.edit_kinds import EditKind
from core.graph import Graph
from core.models.fingerprint import weights_hash
from core.project.document import Document, PairSource
from core.project.project import ModelRecord, TraceOrigin, TraceRecord
from core.project.trace_choice import TraceChoice
from core.towers_graph import graph_of
from core.tracing.options import CIRCUITS
from core.tracing.scores import Scores


def handle_project_scores(
    query: ProjectScoresQuery, request: Request, cache: SessionCache, send: Send, cancelled: Cancel
) -> None:
    """Give the cache what the project has of its inputs, where it is of these weights. Raises Cancelled."""
    document = request.document
    fitting = [trace for trace in query.traces if _is_of(trace.of, document)]
    if not fitting:
        return
    weights = weights_hash(cache.session.model.adapter.module, cancelled)
    if ModelRecord(*document.opens, weights) not in query.models:
        return
    graph = cache.session.graph
    for trace in fitting:
        of = trace.of
        key = ScoresKey(cache.metric_key, of.kind, of.choice, of.rows)
        if graph_of(trace.graph) != graph:
            continue
        if trace.level not in CIRCUITS:
            if trace.level != of.choice.level or trace.values.shape[1:] not in ((), (cache.session.pair.length,)):
                continue  # they are not what is asked for by their name
            cache.kept[node_scores_key(cache, of.kind, of.choice, of.rows)] = scores_of(trace, graph), trace.share
        elif key not in cache.scores and key not in cache.partial:
            cache.take_scores(key, scores_of(trace, graph), trace.share)


def node_scores_key(
    cache: SessionCache, kind: EditKind, choice: TraceChoice, rows: tuple[PairSource, ...]
) -> tuple[object, ...]:
    """Where the cache has scores of nodes that a project brings, with the share of the work that was done."""
    return "node scores", ScoresKey(cache.metric_key, kind, choice, rows)


def _is_of(of: TraceOrigin, document: Document) -> bool:
    """Whether scores are of a document's model, metric and inputs; those over rows are, whatever is on the cards."""
    same = (of.model, of.precision) == document.opens and of.metric == document.metric
    pair = (of.clean, of.counterfactual) == (document.clean, document.counterfactual)
    return same and (of.population, of.one_mean) == document.means and (bool(of.rows) or pair)


def scores_of(trace: TraceRecord, graph: Graph) -> Scores:
    """Scores as a project holds them."""
    return Scores(
        graph,
        trace.values,
        trace.method,
        trace.of.kind,
        dict(trace.about),
        trace.level,
        trace.direction,
        trace.kept,
        trace.agreement,
        trace.constants,
        trace.measured,
        trace.balance,
        trace.spans,
    )
