"""The parts of a request beyond the run itself: one row for each kind of want, the most urgent first. Runs in the
engine's thread.

A new feature adds two files to its folder and a row here: `queries.py`, the want and its answer (frozen dataclasses, no
torch, the window imports them), and `handlers.py`, the function that serves it (imports torch, only this table imports
it). A want comes again with every request: what a part has found it keeps in `bench.kept`, under a key that names all
it depends on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.features.canvas.handlers import serve_changes, serve_unfolded
from app.features.canvas.queries import WantChanges, WantUnfolded
from app.features.circuit.handlers import serve_curve, serve_find_smallest, serve_kept
from app.features.circuit.queries import FindSmallest, WantCurve, WantKept
from app.features.dataset.handlers.rows import make_rows, measure_rows, save_rows
from app.features.dataset.queries import MakeRows, RowFigures, SaveRows
from app.features.find.handlers import serve_heads_reading, serve_traits
from app.features.find.queries import HeadsReading, WantTraits
from app.features.inputs.handlers import make_b
from app.features.inputs.queries import MakeB
from app.features.inspector.handlers.lenses import (
    serve_average,
    serve_node,
    serve_paths,
    serve_positions,
    serve_repair,
    serve_several,
    serve_steering,
)
from app.features.inspector.queries import (
    WantAverage,
    WantNode,
    WantPaths,
    WantPositions,
    WantRepair,
    WantSeveral,
    WantSteering,
)
from app.features.predictions.handlers import check_pin
from app.features.predictions.queries import CheckPin
from app.features.score_files.handlers import serve_read_scores
from app.features.score_files.queries import ReadScores
from app.features.tracing.handlers.edges import serve_measured, serve_methods
from app.features.tracing.handlers.node_scores import serve_node_scores
from app.features.tracing.queries import WantMeasured, WantMethods, WantNodeScores
from app.features.trust.handlers import serve_trust
from app.features.trust.queries import WantTrust
from app.messages.request import Cancel, Request, Send, Unanswered, Want
from app.worker.session_cache import Bench
from core.errors import Cancelled, WirescopeError

Serve = Callable[[Any, Request, Bench, Send, Cancel], None]


@dataclass(frozen=True)
class Part:
    """serve: (want, request, bench, send, cancelled). after_scores: it takes long, or needs the scores of all edges."""

    serve: Serve
    after_scores: bool = False


PARTS: dict[type[Want], Part] = {
    MakeB: Part(make_b),
    MakeRows: Part(make_rows),
    SaveRows: Part(save_rows),
    HeadsReading: Part(serve_heads_reading),
    WantTraits: Part(serve_traits, after_scores=True),
    WantSteering: Part(serve_steering),
    WantSeveral: Part(serve_several),
    WantRepair: Part(serve_repair),
    WantAverage: Part(serve_average),
    WantNode: Part(serve_node),
    WantChanges: Part(serve_changes),
    WantKept: Part(serve_kept, after_scores=True),
    WantUnfolded: Part(serve_unfolded, after_scores=True),
    WantPaths: Part(serve_paths, after_scores=True),
    WantPositions: Part(serve_positions, after_scores=True),
    WantCurve: Part(serve_curve, after_scores=True),
    FindSmallest: Part(serve_find_smallest, after_scores=True),
    RowFigures: Part(measure_rows, after_scores=True),
    CheckPin: Part(check_pin),
    ReadScores: Part(serve_read_scores),
    WantMethods: Part(serve_methods),
    WantNodeScores: Part(serve_node_scores, after_scores=True),
    WantMeasured: Part(serve_measured, after_scores=True),
    WantTrust: Part(serve_trust, after_scores=True),
}


def serve_wants(request: Request, bench: Bench, send: Send, cancelled: Cancel, after_scores: bool) -> None:
    """Serve the wants of a request, those of before or after the scores. One that cannot be answered says so alone."""
    order = list(PARTS)
    for want in sorted(request.wants, key=lambda want: order.index(type(want))):
        part = PARTS[type(want)]
        if part.after_scores == after_scores:
            try:
                part.serve(want, request, bench, send, cancelled)
            except Cancelled:
                raise
            except WirescopeError as error:
                send(Unanswered(request.number, want, error.message, error.hint))
