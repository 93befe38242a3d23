"""What the output of a model without classes is compared with: a picture, or the part of A that is brushed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app.features.inputs.controller.sources import IMAGE_FILTER
from app.services.actions import Action
from app.services.settings import Settings
from app.workbench.workbench import Workbench
from core.project.metric_choice import MetricChoice
from views.panels.inputs.panel import InputsPanel

KIND = "cosine_reference"


class ReferenceController(QObject):
    """Makes the metric the cosine to a reference."""

    def __init__(self, workbench: Workbench, panel: InputsPanel, settings: Settings) -> None:
        super().__init__(panel)
        self._workbench, self._panel, self._settings = workbench, panel, settings

    def choose(self) -> None:
        """Ask for the picture."""
        title, folder = "Open a picture that others are compared with", self._settings.folder()
        path, _ = QFileDialog.getOpenFileName(self._panel.window(), title, folder, IMAGE_FILTER)
        if path:
            self._settings.set_folder(str(Path(path).parent))
            self._workbench.question.set_metric(MetricChoice(KIND, path))

    def take_part(self) -> None:
        """The box around the brushed patches of A."""
        workbench = self._workbench
        if not why_no_part(workbench) and workbench.opened is not None:
            patches = ",".join(str(place - workbench.opened.prefix) for place in workbench.positions)
            target = f"{workbench.document.clean.path}@patches={patches}"
            workbench.question.set_metric(MetricChoice(KIND, target))


def why_no_reference(workbench: Workbench) -> str:
    """Why no picture can be compared with."""
    opened = workbench.opened
    if opened is None or opened.is_text:
        return "Open a vision model without classes, such as DINOv2"
    return "This model has classes: choose one of them as the metric's target" if opened.has_head else ""


def why_no_part(workbench: Workbench) -> str:
    """Why no part of A can be compared with."""
    opened, clean = workbench.opened, workbench.document.clean
    why = why_no_reference(workbench)
    if why or opened is None:
        return why
    if not workbench.positions or min(workbench.positions) < opened.prefix:
        return "Brush patches of picture A first"
    if not clean.path or clean.corruption is not None:
        return "A was pasted or changed: save it as a file and open that"
    return ""


REFERENCE = Action(
    "reference_picture",
    "Compare with a Picture…",
    (),
    "Make the metric the cosine of the model's output to that for another picture",
    why_not=why_no_reference,
    run=lambda made: made.reference.choose(),
)
REFERENCE_PART = Action(
    "reference_part",
    "Compare with the Brushed Part of A",
    (),
    "Make the metric the cosine of the model's output to that for the box around the brushed patches of A",
    why_not=why_no_part,
    run=lambda made: made.reference.take_part(),
)
