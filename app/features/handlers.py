"""Who answers what the window asks the worker: one row for each kind of query, the most urgent first. It takes torch
with it, so only what starts the worker imports it."""

from __future__ import annotations

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
from app.features.projects.handlers import handle_weights
from app.features.projects.queries import WeightsQuery
from app.features.runs.handlers import handle_forget
from app.features.runs.queries import ForgetQuery
from app.features.score_files.handlers import handle_read_scores
from app.features.score_files.queries import ScoresFileQuery
from app.features.tracing.handlers.edges import handle_measured, handle_methods
from app.features.tracing.handlers.node_scores import handle_node_scores
from app.features.tracing.queries import MeasuredQuery, MethodsQuery, NodeScoresQuery
from app.features.trust.handlers import handle_trust
from app.features.trust.queries import TrustQuery
from app.messages.known_scores import KnownScoresQuery
from app.messages.traits import TraitsQuery
from app.worker.handlers import Handler, Handlers
from app.worker.known_scores import handle_known_scores

HANDLERS: Handlers = {
    KnownScoresQuery: Handler(handle_known_scores),
    ForgetQuery: Handler(handle_forget),  # before all that it makes anew
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
