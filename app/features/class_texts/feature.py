"""*Class Texts…*: what CLIP or SigLIP tells apart. The texts are part of the model's name: the project keeps them, and
undo brings earlier ones back."""

from __future__ import annotations

from app.features.class_texts.controller import ClassTextsController
from app.services.actions import Action
from app.services.context import Feature
from app.workbench.workbench import Workbench


def why_no_class_texts(workbench: Workbench) -> str:
    """Why there are no class texts to write."""
    if workbench.opened is None:
        return "Open a model first"
    return "" if workbench.opened.takes_class_texts else "Only CLIP and SigLIP with both towers read class texts"


FEATURE = Feature(
    key="class_texts",
    actions=(
        Action(
            "class_texts",
            "Class Texts…",
            (),
            "Write what CLIP or SigLIP tells apart",
            why_not=why_no_class_texts,
            run=ClassTextsController.show,
        ),
    ),
    build=lambda context, _panel: ClassTextsController(context.workbench, context.dialogs),
)
