"""What a project holds of a workbench, and the way back."""

from __future__ import annotations

from app.messages.replies import ModelReply
from app.workbench.findings import sizes_of
from app.workbench.workbench import Workbench
from core.edits import Target
from core.errors import WirescopeError
from core.formatting import counted
from core.graph import Graph, Node
from core.project.project import CircuitRecord, Project, View, records_of
from core.project.target_names import target_named


def project_of(workbench: Workbench) -> Project:
    """All of a workbench, as it is now."""
    steps, current = records_of(workbench.history)
    findings = workbench.findings
    view = View(tuple(target.name for target in workbench.selection), workbench.positions)
    found = findings.all_weights, findings.traces, _circuits(workbench, current), findings.evaluations
    return Project(steps, current, *found, view=view)


def _circuits(workbench: Workbench, current: int) -> tuple[CircuitRecord, ...]:
    """The circuit that is shown, where one is chosen: for those who read the file without the model."""
    snapshot, document = workbench.drawn.snapshot(), workbench.document
    if snapshot is None or snapshot.scored is None or document.size is None:
        return ()
    circuit = snapshot.circuit()
    if circuit.spans:
        return ()
    graph, about = sizes_of(circuit.graph), {str(key): str(value) for key, value in circuit.about.items()}
    return (CircuitRecord(counted(len(circuit), "edge"), current, graph, circuit.edges, circuit.values, about),)


def show_view(workbench: Workbench, view: View, opened: ModelReply) -> None:
    """Select what was selected, as far as the model has it."""
    found = [target for name in view.selection if (target := _target(name, opened.graph)) is not None]
    workbench.set_positions(tuple(view.positions))
    workbench.select(tuple(found))


def _target(name: str, graph: Graph) -> Target | None:
    try:
        target = target_named(name)
        if isinstance(target, Node):
            return target if target in graph.nodes else None
        graph.edge_index(target)
    except WirescopeError:
        return None
    return target
