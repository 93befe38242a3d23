"""*Watch This Circuit*: each card says whether its input makes the circuit carry more than the dataset's inputs do."""

from __future__ import annotations

from app.features.watching.controller import WatchingController, why_no_watch
from app.services.actions import Action
from app.services.context import Feature

FEATURE = Feature(
    key="watching",
    actions=(
        Action(
            "watch",
            "Watch Thi&s Circuit",
            (),
            "Learn from the dataset what the selection, or the circuit, usually carries; each card then says whether "
            "its input makes it carry more",
            why_not=why_no_watch,
            run=WatchingController.start,
        ),
    ),
    handlers="app.features.watching.handlers",
    build=lambda context, _panel: WatchingController(
        context.workbench, context.panels["inputs"], context.panels, context.settings, context.notifier, context.dialogs
    ),
)
