"""The dock *Repair*: find the parts that carry a fault, cut them, prove it, export the model."""

from __future__ import annotations

from app.features.repair.controller.examples import why_no_repair
from app.features.repair.controller.repair import RepairController
from app.services.actions import Action
from app.services.context import Feature, FeatureContext
from views.panels.repair.panel import RepairPanel


def _build(context: FeatureContext, panel: RepairPanel) -> RepairController:
    return RepairController(
        context.workbench,
        panel,
        context.panels,
        context.settings,
        context.closing,
        context.dialogs,
    )


FEATURE = Feature(
    key="repair",
    panel=RepairPanel,
    actions=(
        Action(
            "repair",
            "Repair t&he Model…",
            ("Ctrl+R",),
            "From examples of a fault: find which parts carry it, cut them, prove it, write the repaired model",
            why_not=why_no_repair,
            run=RepairController.open,
        ),
    ),
    files={".jsonl": RepairController.open_path, ".ndjson": RepairController.open_path},
    build=_build,
    handlers="app.features.repair.handlers",
)
