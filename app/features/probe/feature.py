"""*Classes from Folders…*: a probe that gives a vision model without classes those of labelled folders. It is part of
the model's name: the project keeps it, and undo takes it back."""

from __future__ import annotations

from app.features.probe.controller import ProbeController, why_not
from app.services.actions import Action
from app.services.context import Feature

FEATURE = Feature(
    key="probe",
    actions=(
        Action(
            "probe",
            "Classes from Folders…",
            (),
            "Give a vision model that names no classes those of your folders of pictures",
            why_not=why_not,
            run=ProbeController.show,
        ),
    ),
    files={".probe": ProbeController.open_path},
    handlers="app.features.probe.handlers",
    build=lambda context, _panel: ProbeController(
        context.workbench, context.settings, context.notifier, context.dialogs
    ),
)
