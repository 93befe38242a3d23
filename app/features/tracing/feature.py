"""Tracing: scores of edges and nodes by a method that the tool bar's menu chooses, and real effects of the edges
shown."""

from __future__ import annotations

from dataclasses import dataclass

from app.features.tracing.controller.measure import MeasureController, left_to_measure
from app.features.tracing.controller.node_scores import NodeScoresController
from app.features.tracing.controller.trace import TraceController
from app.services.actions import Action
from app.services.context import Feature, FeatureContext
from app.workbench.workbench import Workbench


def why_no_measure(workbench: Workbench) -> str:
    """Asked often, so of what is drawn already."""
    shown = workbench.presenter.canvas_feed.sent if workbench.opened is not None else None
    return "" if left_to_measure(shown) else "No edge shown is left to measure"


@dataclass(frozen=True)
class TracingControllers:
    """Of one window."""

    trace: TraceController
    node_scores: NodeScoresController
    measure: MeasureController


def _build(context: FeatureContext, _panel: None) -> TracingControllers:
    workbench = context.workbench
    return TracingControllers(
        TraceController(workbench, context.toolbar), NodeScoresController(workbench), MeasureController(workbench)
    )


ACTIONS = (
    Action(
        "trace",
        "&Trace",
        ("T",),
        "Score all edges and measure what the strongest recover",
        "trace",
        run=lambda made: made.trace.trace(),
    ),
    Action(
        "measure",
        "&Measure the Edges Shown",
        ("M",),
        "Really edit every edge of the circuit, one at a time: dashed edges become solid",
        why_not=why_no_measure,
        run=lambda made: made.measure.measure(),
    ),
)
FEATURE = Feature(key="tracing", actions=ACTIONS, build=_build, handlers="app.features.tracing.handlers")
