"""*File > Export the Edited Model*: the model with the edits inside, as a folder for other programs."""

from __future__ import annotations

from app.features.edited_model.controller import EditedModelController
from app.services.actions import Action
from app.services.context import Feature
from app.workbench.workbench import Workbench


def why_no_edited_model(workbench: Workbench) -> str:
    if workbench.opened is None or workbench.ready is None:
        return "Open a model first"
    document = workbench.document
    if not document.edits:
        return "Nothing is edited: cut, scale or patch something first"
    waiting = next((edit for edit in document.edits if workbench.usable().waits(edit)), None)
    return "" if waiting is None else f"{waiting.name} waits for B: fill card B, or take the edit back"


FEATURE = Feature(
    key="edited_model",
    actions=(
        Action(
            "export_model",
            "Export the Edited &Model…",
            (),
            "The model with the edits inside, as a folder that transformers or timm opens without Wirescope",
            why_not=why_no_edited_model,
            run=EditedModelController.export,
        ),
    ),
    handlers="app.features.edited_model.handlers",
    build=lambda context, _panel: EditedModelController(
        context.workbench, context.settings, context.notifier, context.dialogs
    ),
)
