"""The circuit: how many edges it keeps and what that recovers, in the strip under the canvas."""

from __future__ import annotations

from dataclasses import dataclass

from app.features.circuit.controller.circuit import CircuitController
from app.features.circuit.controller.smallest import SmallestController
from app.services.context import Feature, FeatureContext
from views.panels.circuit.panel import ThresholdStrip


@dataclass(frozen=True)
class CircuitControllers:
    """Of one window."""

    strip: CircuitController
    smallest: SmallestController


def _build(context: FeatureContext, panel: ThresholdStrip) -> CircuitControllers:
    return CircuitControllers(
        CircuitController(context.workbench, panel, context.actions), SmallestController(context.workbench, panel)
    )


FEATURE = Feature(key="circuit", panel=ThresholdStrip, build=_build, handlers="app.features.circuit.handlers")
