"""What answers the queries of traces. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from app.features.tracing.handlers.edges import handle_measured, handle_methods
from app.features.tracing.handlers.node_scores import handle_node_scores
from app.features.tracing.queries import MeasuredQuery, MethodsQuery, NodeScoresQuery
from app.worker.handler_table import Handler, Handlers

HANDLERS: Handlers = {
    MethodsQuery: Handler(handle_methods),
    NodeScoresQuery: Handler(handle_node_scores, after_scores=True, turn="last"),
    MeasuredQuery: Handler(handle_measured, after_scores=True, turn="last"),
}
