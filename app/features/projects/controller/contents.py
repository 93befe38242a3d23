"""What a project holds of a workbench, and the way back."""

from __future__ import annotations

from app.presenters.exported_circuit import circuit_shown
from app.workbench.workbench import Workbench
from core.formatting import counted
from core.project.history import steps_below
from core.project.project import CircuitRecord, Project, View, records_of, steps_of
from core.towers_graph import sizes_of


def project_of(workbench: Workbench, view: View) -> Project:
    """All of a workbench, as it is now. view: how the window shows it."""
    _keep_circuit(workbench)
    steps = [step for step, _ in workbench.history.steps()]
    records, current = records_of(workbench.history)
    runs = workbench.runs.records(steps)
    return workbench.records.into(Project(records, current, view=view, runs=runs), steps)


def take_project(workbench: Workbench, project: Project, locked: str) -> None:
    """Have a project in a workbench. locked: why it must not be changed; empty where it may."""
    root, current = steps_of(project.steps, project.current)
    steps = [step for step, _ in steps_below(root)]
    workbench.records.take_project(project, steps)
    workbench.runs.take(project.runs, steps)
    workbench.take_history(root, current, locked)


def _keep_circuit(workbench: Workbench) -> None:
    """The circuit that is shown, where one is chosen: for those who read the file without the model."""
    snapshot, document = workbench.presenter.snapshot(), workbench.document
    if snapshot is None or snapshot.scored is None or document.size is None:
        return
    if not workbench.history.takes_figures:
        return
    circuit, step = circuit_shown(snapshot), workbench.history.current
    if not circuit.spans:
        graph, about = sizes_of(circuit.graph), {str(key): str(value) for key, value in circuit.about.items()}
        name = counted(len(circuit), "edge")
        workbench.records.take_circuit(step, CircuitRecord(name, 0, graph, circuit.edges, circuit.values, about))
