"""Both levels of the canvas and the workbench: what is shown on them, selected, cut and patched."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.services.panels import Panels
from app.workbench.workbench import Workbench
from views.canvas.levels import Levels
from views.panels.toolbar.panel import TopBar


class BoardsController(QObject):
    """Of one window. What the user does on the second level is its own controller's."""

    def __init__(self, workbench: Workbench, levels: Levels, panels: Panels, top_bar: TopBar) -> None:
        super().__init__(levels)
        self._levels, self._panels = levels, panels
        components = levels.components
        components.selection_changed.connect(workbench.select)
        workbench.selection_changed.connect(components.set_selection)
        workbench.canvas_changed.connect(components.set_data)
        components.edit_requested.connect(workbench.editing.toggle)
        components.patch_dropped.connect(workbench.editing.patch)
        for board in (components, levels.positions):
            board.selection_changed.connect(self._bring_inspector)
        top_bar.tool_changed.connect(self._set_tool)

    def zoom_by(self, factor: float) -> None:
        self._levels.board.zoom_by(factor)

    def frame_selection(self) -> None:
        self._levels.board.frame_selection()

    def frame_all(self) -> None:
        self._levels.board.frame_all()

    def switch(self) -> None:
        """Go from one level to the other."""
        self._levels.toggle()

    def _bring_inspector(self, picked: object) -> None:
        """What was picked can be read, whatever lies in front of the inspector; a closed one stays closed."""
        if picked:
            self._panels.bring_docked("inspector")

    def _set_tool(self, name: str) -> None:
        self._levels.components.tool = self._levels.positions.tool = name  # type: ignore[assignment]
