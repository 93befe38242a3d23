"""What a request asks beyond the run itself: one row for each kind of query, the most urgent first. Runs in the
worker's thread.

A new feature adds two files to its folder and a row here: `queries.py`, the query and its reply (frozen dataclasses,
no torch, the window imports them), and `handlers.py`, the function that handles it (imports torch, only this table
imports it). A query comes again with every request: what a handler has found it keeps in `cache.kept`, under a key that
names all it depends on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.features.canvas.handlers import handle_changes, handle_positions
from app.features.canvas.queries import ChangesQuery, PositionsQuery
from app.features.circuit.handlers import handle_curve, handle_find_smallest, handle_kept
from app.features.circuit.queries import CircuitRunQuery, CurveQuery, SmallestQuery
from app.features.code.handlers import write_torch_script
from app.features.code.queries import TorchScriptQuery
from app.features.console.handlers.console import complete_name, run_code
from app.features.console.queries import CompleteQuery, ConsoleQuery
from app.features.dataset.handlers.rows import make_rows, measure_rows, save_rows
from app.features.dataset.queries import RowFiguresQuery, RowsQuery, SaveRowsQuery
from app.features.edited_model.handlers import handle_edited_model
from app.features.edited_model.queries import EditedModelQuery
from app.features.find.handlers import handle_heads_reading, handle_traits
from app.features.find.queries import HeadsReadingQuery
from app.features.inputs.handlers import make_b
from app.features.inputs.queries import CounterfactualQuery
from app.features.inspector.handlers.lenses import (
    handle_average,
    handle_by_position,
    handle_node,
    handle_paths,
    handle_repair,
    handle_several,
    handle_steering,
)
from app.features.inspector.queries import (
    AverageQuery,
    ByPositionQuery,
    NodeQuery,
    PathsQuery,
    RepairQuery,
    SeveralQuery,
    SteeringQuery,
)
from app.features.predictions.handlers import check_pin
from app.features.predictions.queries import PinQuery
from app.features.projects.handlers import handle_known_scores, handle_weights
from app.features.projects.queries import WeightsQuery
from app.features.score_files.handlers import handle_read_scores
from app.features.score_files.queries import ScoresFileQuery
from app.features.tracing.handlers.edges import handle_measured, handle_methods
from app.features.tracing.handlers.node_scores import handle_node_scores
from app.features.tracing.queries import MeasuredQuery, MethodsQuery, NodeScoresQuery
from app.features.trust.handlers import handle_trust
from app.features.trust.queries import TrustQuery
from app.messages.known_scores import KnownScoresQuery
from app.messages.request import Cancel, Query, QueryRefusal, Request, Send
from app.messages.traits import TraitsQuery
from app.worker.session_cache import SessionCache
from core.errors import Cancelled, WirescopeError

Handle = Callable[[Any, Request, SessionCache, Send, Cancel], None]


@dataclass(frozen=True)
class Handler:
    """handle: (query, request, cache, send, cancelled). after_scores: it takes long, or needs the scores of edges."""

    handle: Handle
    after_scores: bool = False


HANDLERS: dict[type[Query], Handler] = {
    KnownScoresQuery: Handler(handle_known_scores),
    CounterfactualQuery: Handler(make_b),
    RowsQuery: Handler(make_rows),
    SaveRowsQuery: Handler(save_rows),
    HeadsReadingQuery: Handler(handle_heads_reading),
    TraitsQuery: Handler(handle_traits, after_scores=True),
    SteeringQuery: Handler(handle_steering),
    SeveralQuery: Handler(handle_several),
    RepairQuery: Handler(handle_repair),
    AverageQuery: Handler(handle_average),
    NodeQuery: Handler(handle_node),
    ChangesQuery: Handler(handle_changes),
    CircuitRunQuery: Handler(handle_kept, after_scores=True),
    PositionsQuery: Handler(handle_positions, after_scores=True),
    PathsQuery: Handler(handle_paths, after_scores=True),
    ByPositionQuery: Handler(handle_by_position, after_scores=True),
    CurveQuery: Handler(handle_curve, after_scores=True),
    SmallestQuery: Handler(handle_find_smallest, after_scores=True),
    RowFiguresQuery: Handler(measure_rows, after_scores=True),
    PinQuery: Handler(check_pin),
    TorchScriptQuery: Handler(write_torch_script),
    CompleteQuery: Handler(complete_name),
    ConsoleQuery: Handler(run_code),
    ScoresFileQuery: Handler(handle_read_scores),
    EditedModelQuery: Handler(handle_edited_model),
    MethodsQuery: Handler(handle_methods),
    NodeScoresQuery: Handler(handle_node_scores, after_scores=True),
    MeasuredQuery: Handler(handle_measured, after_scores=True),
    TrustQuery: Handler(handle_trust, after_scores=True),
    WeightsQuery: Handler(handle_weights, after_scores=True),
}


def handle_queries(request: Request, cache: SessionCache, send: Send, cancelled: Cancel, after_scores: bool) -> None:
    """Handle a request's queries, those of before or after the scores. One that cannot be answered says so alone."""
    order = list(HANDLERS)
    for query in sorted(request.queries, key=lambda query: order.index(type(query))):
        handler = HANDLERS[type(query)]
        if handler.after_scores == after_scores:
            try:
                handler.handle(query, request, cache, send, cancelled)
            except Cancelled:
                raise
            except WirescopeError as error:
                send(QueryRefusal(request.number, query, error.message, error.hint))
