"""The parts of a request beyond the run itself: one row for each kind of want, the most urgent first. Runs in the
engine's thread.

A new feature adds two files and a row here: `NAME_wants.py`, the want and its answer (frozen dataclasses, no torch, the
window imports them), and `NAME_parts.py`, the function that serves it (imports torch, only this table imports it). A
want comes again with every request: what a part has found it keeps in `bench.kept`, under a key that names all it
depends on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app import input_parts
from app.bench import Bench
from app.circuit_parts import serve_changes, serve_curve, serve_kept
from app.circuit_wants import WantChanges, WantCurve, WantKept
from app.engine_thread import Cancel, Send
from app.features.circuit.handlers import serve_find_smallest
from app.features.circuit.queries import FindSmallest
from app.find_parts import serve_heads_reading, serve_traits
from app.find_wants import HeadsReading, WantTraits
from app.input_wants import MakeB, MakeRows, RowFigures, SaveRows
from app.inspector_parts import (
    serve_average,
    serve_node,
    serve_paths,
    serve_positions,
    serve_repair,
    serve_several,
    serve_steering,
)
from app.inspector_wants import (
    WantAverage,
    WantNode,
    WantPaths,
    WantPositions,
    WantRepair,
    WantSeveral,
    WantSteering,
)
from app.messages import Request, Unanswered, Want
from app.node_scores_parts import serve_node_scores
from app.node_scores_wants import WantNodeScores
from app.pin_parts import check_pin
from app.pin_wants import CheckPin
from app.scores_parts import serve_read_scores
from app.scores_wants import ReadScores
from app.tracing_parts import serve_measured, serve_methods
from app.tracing_wants import WantMeasured, WantMethods
from app.trust_parts import serve_trust
from app.trust_wants import WantTrust
from app.unfolded_parts import serve_unfolded
from app.unfolded_wants import WantUnfolded
from core.errors import Cancelled, WirescopeError

Serve = Callable[[Any, Request, Bench, Send, Cancel], None]


@dataclass(frozen=True)
class Part:
    """serve: (want, request, bench, send, cancelled). after_scores: it takes long, or needs the scores of all edges."""

    serve: Serve
    after_scores: bool = False


PARTS: dict[type[Want], Part] = {
    MakeB: Part(input_parts.make_b),
    MakeRows: Part(input_parts.make_rows),
    SaveRows: Part(input_parts.save_rows),
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
    RowFigures: Part(input_parts.measure_rows, after_scores=True),
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
