"""The canvas with its two levels: what it shows beside the circuit, and figures and files of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from app.features.canvas.controller.boards import BoardsController
from app.features.canvas.controller.export import ExportController
from app.features.canvas.controller.graph import GraphController
from app.features.canvas.controller.positions import PositionsController
from app.features.canvas.controller.units import UnitsController, why_no_ranking, why_no_units
from app.services.actions import Action
from app.services.context import Feature, FeatureContext
from app.workbench.workbench import Workbench
from views.canvas.levels import Levels

if TYPE_CHECKING:
    from app.features.canvas.controller.figures import FiguresController


def why_no_level(workbench: Workbench) -> str:
    """There is nothing to unfold before a model is open."""
    return "" if workbench.opened is not None else "Open a model first"


@dataclass
class CanvasControllers:
    """Of one window. make_figures: the exporters and what draws for paper are imported at the first figure, not at the
    start of the window."""

    boards: BoardsController
    graph: GraphController
    positions: PositionsController
    units: UnitsController
    export: ExportController
    make_figures: Callable[[], FiguresController]

    @cached_property
    def figures(self) -> FiguresController:
        return self.make_figures()


def _build(context: FeatureContext, levels: Levels) -> CanvasControllers:
    workbench, actions = context.workbench, context.actions
    positions = PositionsController(workbench, levels, actions["level"])
    export = ExportController(workbench, context.settings, context.notifier, context.dialogs)

    def figures() -> FiguresController:
        from app.features.canvas.controller.figures import FiguresController

        narrow = context.settings, context.notifier, context.jobs, context.dialogs
        return FiguresController(workbench, positions, export.report_of, *narrow)

    return CanvasControllers(
        BoardsController(workbench, levels, context.panels, context.toolbar),
        GraphController(
            workbench, levels.components, context.settings, context.menus["around"], actions["show_changes"]
        ),
        positions,
        UnitsController(workbench, levels.components),
        export,
        figures,
    )


VIEW_ACTIONS = (
    Action(
        "level",
        "U&nfold over Tokens",
        ("Ctrl+T",),
        "The circuit over tokens or patches, and back",
        checkable=True,
        why_not=why_no_level,
        run=lambda made: made.boards.switch(),
    ),
    Action(
        "open_mlp",
        "Sho&w or Hide Neurons",
        ("O",),
        "Show the strongest neurons of the selected MLP in its place, or hide them again",
        why_not=why_no_units,
        run=lambda made: made.units.toggle(),
    ),
    Action(
        "strongest_neurons",
        "Strongest Neurons of All MLPs",
        (),
        "Open the MLPs that hold the strongest neurons of the model, by attribution from B to A; or close them again",
        why_not=why_no_ranking,
        run=lambda made: made.units.show_strongest(),
    ),
    Action(
        "zoom_in",
        "Zoom &In",
        ("Ctrl++", "Ctrl+="),
        "See the middle of the canvas nearer",
        "zoom-in",
        run=lambda made: made.boards.zoom_by(1.25),
    ),
    Action(
        "zoom_out",
        "&Zoom Out",
        ("Ctrl+-",),
        "See more of the canvas, smaller",
        "zoom-out",
        run=lambda made: made.boards.zoom_by(0.8),
    ),
    Action(
        "frame",
        "&Frame Selection",
        ("F",),
        "Show the selection, or all",
        "frame",
        run=lambda made: made.boards.frame_selection(),
    ),
    Action(
        "frame_all",
        "Frame &All",
        ("Shift+F", "Ctrl+0"),
        "Show the whole graph",
        run=lambda made: made.boards.frame_all(),
    ),
    Action(
        "show_changes",
        "Colour Nodes by Chan&ge",
        (),
        "Fill what an edit changes downstream",
        checkable=True,
        run=lambda made: made.graph.set_colored(),
    ),
)
EXPORT_ACTIONS = (
    Action(
        "export_figure",
        "&Figure…",
        ("Ctrl+E",),
        "For a paper or a slide: the circuit or the canvas as SVG, PDF, PNG or TikZ, with a preview",
        run=lambda made: made.figures.show(),
    ),
    Action(
        "copy_figure",
        "Cop&y Figure",
        (),
        "The circuit, compact, in the width, colours and form chosen last",
        run=lambda made: made.figures.copy(),
    ),
    Action(
        "export_html",
        "Report as &HTML…",
        (),
        "The story in one file for any browser: question, steps, circuit, curve, trust and notes",
        run=lambda made: made.export.report(),
    ),
    Action(
        "export_json",
        "Circuit as &JSON…",
        ("Ctrl+Shift+E",),
        "The circuit's edges, and what it was made of",
        run=lambda made: made.export.circuit_as_json(),
    ),
    Action(
        "export_circuit",
        "Circuit for Other Pro&grams…",
        (),
        "Its edges, for programs that draw or measure",
        run=lambda made: made.export.circuit(),
    ),
    Action(
        "export_scores_json",
        "Sc&ores as JSON…",
        (),
        "Of all edges, for `wirescope evaluate` and `compare`",
        run=lambda made: made.export.scores(".json"),
    ),
    Action(
        "export_scores_csv",
        "Scores as &CSV…",
        (),
        "Of all edges, a row each, for a spreadsheet",
        run=lambda made: made.export.scores(".csv"),
    ),
    Action(
        "export_predictions_json",
        "P&redictions as JSON…",
        (),
        "Before and after the edits, with what they are of",
        run=lambda made: made.export.predictions(".json"),
    ),
    Action(
        "export_predictions_csv",
        "Predictio&ns as CSV…",
        (),
        "Before and after the edits, a row an answer",
        run=lambda made: made.export.predictions(".csv"),
    ),
)
FEATURE = Feature(
    key="canvas",
    panel=Levels,
    actions=(*VIEW_ACTIONS, *EXPORT_ACTIONS),
    menus={"around": "&Edges of the Selection"},
    handlers="app.features.canvas.handlers",
    build=_build,
)
