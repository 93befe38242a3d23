"""The dock *Checkpoints*: a model over the steps of its training."""

from __future__ import annotations

from app.features.checkpoints.controller import CheckpointsController, why_not
from app.services.actions import Action
from app.services.context import Feature
from views.panels.checkpoints.panel import CheckpointsPanel

FEATURE = Feature(
    key="checkpoints",
    panel=CheckpointsPanel,
    actions=(
        Action(
            "open_checkpoints",
            "Open C&heckpoints…",
            (),
            "A folder with one model at several steps of its training: move through them with a slider",
            run=CheckpointsController.choose,
        ),
        Action(
            "open_hub_checkpoints",
            "Open Checkpoints from the Hub…",
            (),
            "A model of the Hugging Face Hub at several revisions: move through them with a slider",
            run=CheckpointsController.choose_hub,
        ),
        Action(
            "earlier_checkpoint",
            "Earlier Checkpoint",
            ("Ctrl+Alt+Left",),
            "The model at the step before: inputs, metric and edits stay",
            why_not=why_not,
            run=lambda made: made.move(-1),
        ),
        Action(
            "later_checkpoint",
            "Later Checkpoint",
            ("Ctrl+Alt+Right",),
            "The model at the step after: inputs, metric and edits stay",
            why_not=why_not,
            run=lambda made: made.move(1),
        ),
        Action(
            "follow_checkpoints",
            "Follow the Checkpoints",
            (),
            "Ask every checkpoint: metric, heads and circuit as curves over the steps of training",
            why_not=why_not,
            run=CheckpointsController.follow,
        ),
    ),
    build=lambda context, panel: CheckpointsController(
        context.workbench, panel, context.panels, context.settings, context.notifier, context.jobs, context.dialogs
    ),
    handlers="app.features.checkpoints.handlers",
)
