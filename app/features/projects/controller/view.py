"""How the window shows a project: which panels, how large; the level of the canvas, what of it; what is selected. Kept
with it, and brought back when it is opened."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from app.messages.replies import ModelReply
from app.presenters.notes import target_in
from app.services.panels import Panels
from app.workbench.workbench import Workbench
from core.project.project import View
from views.canvas.levels import Levels


class ViewController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, panels: Panels, parent: QObject) -> None:
        super().__init__(parent)
        self._workbench, self._panels = workbench, panels
        self._levels: Levels = panels["canvas"]
        self._awaits_model: View | None = None  # what is selected, once its model is open
        self._awaits_graph: View | None = None  # what is looked at, once there is something to be seen
        workbench.model_opened.connect(self._select)
        workbench.canvas_changed.connect(lambda _: self._look())

    def view(self) -> View:
        """As it is now."""
        workbench, panels = self._workbench, self._panels
        return View(
            tuple(target.name for target in workbench.selection),
            workbench.positions,
            panels.shown(),
            panels.in_front(),
            panels.sizes(),
            self._levels.level,
            self._levels.components.eye(),
        )

    def show(self, view: View) -> None:
        """Bring it back, as far as it can be by now; the rest when the model is open."""
        self._panels.show_only(view.docks)
        QTimer.singleShot(0, self, lambda: self._panels.arrange(view.front, view.sizes))  # the docks are there by then
        if view.docks:  # else it says nothing of the window: a new one
            self._levels.show_level(view.level)
        self._awaits_model = self._awaits_graph = view
        if self._workbench.opened is not None:
            self._select(self._workbench.opened)
            self._look()

    def _select(self, opened: ModelReply) -> None:
        """What was selected, as far as the model has it."""
        view, self._awaits_model = self._awaits_model, None
        if view is not None:
            targets = (target_in(opened.graph, name) for name in view.selection)
            self._workbench.set_positions(tuple(view.positions))
            self._workbench.select(tuple(target for target in targets if target is not None))

    def _look(self) -> None:
        if self._awaits_model is None:  # else the graph is that of another model
            view, self._awaits_graph = self._awaits_graph, None
            if view is not None and view.eye is not None:
                self._levels.components.set_eye(view.eye)
