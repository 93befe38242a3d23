"""What answers the inspector's queries. Runs in the worker's thread; imports torch."""

from __future__ import annotations

from app.features.inspector.handlers.arrow import handle_arrow
from app.features.inspector.handlers.lenses import (
    handle_average,
    handle_by_position,
    handle_node,
    handle_paths,
    handle_repair,
    handle_several,
    handle_steering,
)
from app.features.inspector.handlers.neurons import handle_neurons
from app.features.inspector.queries import (
    ArrowQuery,
    AverageQuery,
    ByPositionQuery,
    NeuronsQuery,
    NodeQuery,
    PathsQuery,
    RepairQuery,
    SeveralQuery,
    SteeringQuery,
)
from app.worker.handler_table import Handler, Handlers

HANDLERS: Handlers = {
    ArrowQuery: Handler(handle_arrow, turn="last"),
    SteeringQuery: Handler(handle_steering),
    SeveralQuery: Handler(handle_several),
    RepairQuery: Handler(handle_repair),
    AverageQuery: Handler(handle_average),
    NodeQuery: Handler(handle_node),
    NeuronsQuery: Handler(handle_neurons, after_scores=True),
    PathsQuery: Handler(handle_paths, after_scores=True),
    ByPositionQuery: Handler(handle_by_position, after_scores=True),
}
