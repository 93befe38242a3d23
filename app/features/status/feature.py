"""What the window says of itself: in the status strip, and to a screen reader."""

from __future__ import annotations

from dataclasses import dataclass

from app.features.status.controller.screen_reader import ScreenReaderController
from app.features.status.controller.strip import StatusController
from app.services.context import Feature, FeatureContext
from views.panels.status.panel import StatusStrip


@dataclass(frozen=True)
class StatusControllers:
    """Of one window."""

    strip: StatusController
    screen_reader: ScreenReaderController


def _build(context: FeatureContext, panel: StatusStrip) -> StatusControllers:
    return StatusControllers(
        StatusController(context.workbench, panel), ScreenReaderController(context.workbench, panel)
    )


FEATURE = Feature(key="status", panel=StatusStrip, build=_build)
