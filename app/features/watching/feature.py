"""*Watch This Circuit*: each card says whether its input makes the circuit carry more than the dataset's inputs do."""

from __future__ import annotations

from app.features.watching.controller import WatchingController
from app.services.actions import Action
from app.services.context import Feature
from app.workbench.workbench import Workbench

LEAST_ROWS = 20
NO_MODEL = "Open a model first"


def why_no_watch(workbench: Workbench) -> str:
    """Why nothing can be learned of what is usual."""
    if workbench.opened is None or workbench.ready is None:
        return NO_MODEL
    rows = len(workbench.document.dataset)
    if rows >= LEAST_ROWS:
        return ""
    return f"The dataset says what is usual: it has {rows} inputs, and {LEAST_ROWS} are the least"


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
