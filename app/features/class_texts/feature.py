"""*Class Texts…*: what CLIP or SigLIP tells apart. The texts are part of the model's name: the project keeps them, and
undo brings earlier ones back."""

from __future__ import annotations

from app.features.class_texts.controller import ClassTextsController, why_not
from app.services.actions import Action
from app.services.context import Feature

FEATURE = Feature(
    key="class_texts",
    actions=(
        Action(
            "class_texts",
            "Class Texts…",
            (),
            "Write what CLIP or SigLIP tells apart",
            why_not=why_not,
            run=ClassTextsController.show,
        ),
    ),
    build=lambda context, _panel: ClassTextsController(context.workbench, context.dialogs),
)
