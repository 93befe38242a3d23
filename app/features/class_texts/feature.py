"""*Class Texts…*: what CLIP or SigLIP tells apart, and whether the tower that reads it is on the canvas too. The texts
are part of the model's name: the project keeps them, and undo brings earlier ones back."""

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


def why_no_towers(workbench: Workbench) -> str:
    """Why the text tower cannot stand beside the vision tower."""
    opened = workbench.opened
    if opened is None or not opened.takes_class_texts:
        return why_no_class_texts(workbench)
    return "" if opened.class_names else "Write class texts first: the two towers meet in them"


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
        Action(
            "both_towers",
            "Both Towers or One",
            (),
            "Put the text tower of CLIP or SigLIP beside the vision tower, or take it away",
            why_not=why_no_towers,
            run=ClassTextsController.switch_towers,
        ),
    ),
    build=lambda context, _panel: ClassTextsController(context.workbench, context.dialogs),
)
