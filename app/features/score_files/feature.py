"""*File > Open Scores or a Circuit*: files of scores and circuits, taken up in place of a trace."""

from __future__ import annotations

from app.features.score_files.controller import ScoreFilesController
from app.services.actions import Action
from app.services.context import Feature

OPEN_SCORES = Action(
    "open_scores",
    "Open Scores or a &Circuit…",
    (),
    "A JSON file of Wirescope or EAP-IG, in place of a trace; cards of heads (heads.json) open in the dock Heads",
    run=ScoreFilesController.choose,
)


FEATURE = Feature(
    key="score_files",
    actions=(OPEN_SCORES,),
    handlers="app.features.score_files.handlers",
    build=lambda context, _panel: ScoreFilesController(
        context.workbench, context.settings, context.notifier, context.dialogs
    ),
)
