"""*File > Serve This Session to Programs*: a door through which programs drive what the window shows."""

from __future__ import annotations

from app.features.programs.controller.serving import ServingController
from app.services.actions import Action
from app.services.context import Feature, FeatureContext


def _build(context: FeatureContext, panel: None) -> ServingController:
    made = ServingController(context.workbench, context.panels, context.notifier, context.dialogs, context.jobs)
    context.closing.closed.connect(made.stop)
    return made


FEATURE = Feature(
    key="programs",
    actions=(
        Action(
            "serve_programs",
            "Serve This Session to Programs…",
            (),
            "Programs on this machine drive this session by JSON-RPC or MCP, with a token",
            run=ServingController.show,
        ),
    ),
    build=_build,
)
