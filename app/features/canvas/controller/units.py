"""MLPs that are open on the canvas: which, and the strongest neurons in each."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from app.features.canvas.queries import UnitsQuery, UnitsReply
from app.workbench.workbench import Workbench
from core.edits import Target
from core.graph import Node
from views.canvas.canvas import Canvas


def why_no_units(workbench: Workbench) -> str:
    """Which MLPs of those selected could open."""
    if why := why_no_ranking(workbench):
        return why
    return "" if selected_mlps(workbench) else "Select an MLP first"


def why_no_ranking(workbench: Workbench) -> str:
    """Why no neurons of all MLPs can be shown."""
    if workbench.opened is None:
        return "Open a model first"
    return "Neurons are shown where a tower is open alone" if workbench.opened.graph.towers else ""


def selected_mlps(workbench: Workbench) -> tuple[Node, ...]:
    """The MLPs that are selected, or of which a neuron is."""
    nodes = (target.whole for target in workbench.selection if isinstance(target, Node))
    return tuple(dict.fromkeys(node for node in nodes if node.kind == "mlp"))


def _whole(target: Target) -> Target:
    return target.whole if isinstance(target, Node) else target


class UnitsController(QObject):
    """Of one window."""

    def __init__(self, workbench: Workbench, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._workbench = workbench
        self._open: tuple[Node, ...] = ()
        self._ranked = False  # those open are of the strongest neurons of all
        canvas.open_requested.connect(lambda _node: self.toggle())
        workbench.on(UnitsReply, self._take)
        workbench.model_opened.connect(lambda _: self._set(()))

    def toggle(self) -> None:
        """Open the selected MLPs; close them where all are open."""
        if why_no_units(self._workbench):
            return
        chosen = selected_mlps(self._workbench)
        if all(node in self._open for node in chosen):
            left = tuple(node for node in self._open if node not in chosen)
            self._workbench.select(chosen)  # a neuron is no longer shown
            self._set(left)
        else:
            self._set(tuple(dict.fromkeys((*self._open, *chosen))))

    def show_strongest(self) -> None:
        """Open the MLPs that hold the strongest neurons of all, with these alone; close them where they are."""
        if why_no_ranking(self._workbench):
            return
        if self._ranked:
            self._workbench.select(tuple(dict.fromkeys(_whole(target) for target in self._workbench.selection)))
            self._set(())
        else:
            self._ranked = True
            self._workbench.set_query("units", UnitsQuery((), ranked=True))

    def _set(self, nodes: tuple[Node, ...]) -> None:
        self._open, self._ranked = nodes, False
        self._workbench.set_query("units", UnitsQuery(nodes) if nodes else None)
        extent = self._workbench.extent
        opened = {node: units for node, units in extent.opened.items() if node in nodes}
        if opened != extent.opened:
            self._workbench.set_extent(replace(extent, opened=opened))

    def _take(self, reply: UnitsReply) -> None:
        if reply.ranked != self._ranked:
            return
        if reply.ranked:
            self._open = tuple(reply.opened)
        opened = {node: units for node, units in reply.opened.items() if node in self._open}
        self._workbench.set_extent(replace(self._workbench.extent, opened=opened))
        if reply.why:
            self._workbench.message.emit(reply.why)
