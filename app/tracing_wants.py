"""What the window asks about tracing beyond the scores themselves, and the answers. `tracing_parts` serves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.costs import Estimates
from app.messages import Want
from views.data import Target
from views.trace_data import MethodData


@dataclass(frozen=True)
class WantMethods(Want):
    """The methods of the table, and which of them fit the model, the replacement and the inputs."""


@dataclass(frozen=True)
class MethodsFound:
    number: int
    methods: tuple[MethodData, ...]
    estimates: Estimates  # of how long each would take


@dataclass(frozen=True)
class WantMeasured(Want):
    """The real effect of edges, each edited alone on top of the document's edits. edges: by their numbers in the
    graph. serial tells one asking from the next."""

    serial: int
    edges: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class EdgesMeasured:
    """values: change of the metric by editing an edge. More follow until `done` is `of`."""

    number: int
    want: WantMeasured
    values: Mapping[Target, float]
    done: int
    of: int


@dataclass(frozen=True)
class Untraced:
    """The trace that was asked for cannot be made, and why."""

    number: int
    message: str
    hint: str = ""
