"""Writes a project of the present version as a window saves it, with something of all that a user can make. Later
versions have to read the one that lies there: a new one is written beside it, where the file holds something new.

    QT_QPA_PLATFORM=offscreen python -m tests.app.features.projects.write_fixture NAME.wire
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import torch
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication

from app.__main__ import make_worker_service
from app.window.application import make_window
from app.workbench.notes import PROJECT, of_circuit, of_step, of_target
from core.graph import Node
from core.project.document import Document, PairSource, Source
from core.project.metric_choice import MetricChoice
from core.project.schema import VERSION
from core.project.wire_file import save_project
from tests.screenshots.screenshot_acts import Actor

FILES = Path(__file__).parents[3] / "core" / "project" / "files"
A = "When Mary and John went to the store, John gave a drink to"
B = A.replace("Mary", "Tom")


def write(path: Path) -> None:
    app = QApplication.instance() or QApplication([])
    window = make_window(make_worker_service)
    window.resize(1440, 900)
    window.show()
    actor = Actor(app, window)
    workbench, commands = window.workbench, window.commands
    metric = MetricChoice("logit_difference", " Mary", " Tom")
    workbench.models.open(Document("bundled:names", Source("text", A), Source("text", B), metric))
    actor.rest()
    row = PairSource(Source("text", A), Source("text", B), " Mary", " Tom")
    window.controllers["dataset"]._commit("Add rows", (row, row))
    actor.rest()
    menu = window.top_bar.method_menu
    menu.over[True].trigger()
    actor.trace(12)
    window.panels["trust"].evaluate.click()
    actor.wait(lambda: bool(workbench.records.evaluations))
    actor.rest()
    menu.levels["positions"].trigger()
    actor.rest()
    commands["trace"].trigger()
    actor.wait(lambda: any(each.level == "positions" for each in workbench.records.traces))
    actor.rest()
    head = Node("head", 0, 1)
    workbench.editing.toggle(head, "cut")
    actor.rest()
    actor.press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    workbench.editing.toggle(Node("mlp", 1), "cut")
    actor.rest()
    notes, step, opened = workbench.records.notes, workbench.history.current, workbench.opened
    assert opened is not None
    name, graph = opened.name, opened.graph
    notes.write(PROJECT, text="which heads move the name")
    notes.write(of_target(head, name), text="looks at the first name", name="name mover")
    notes.write(of_target(graph.edge(graph.n_edges - 1), name), text="the last way out")
    notes.write(of_step(step), text="the turning point")
    circuit = of_circuit(step)
    assert circuit is not None
    notes.write(circuit, text="small enough to draw")
    workbench.select((head,))
    workbench.set_positions((2,))
    commands["show_plots"].trigger()
    docks = window.docks
    window.desk.resizeDocks([docks["inspector"], docks["history"]], [380, 160], Qt.Orientation.Horizontal)
    actor.rest()
    window.desk.pulled.emit()  # as the mouse does
    save_project(path, window.controllers["projects"].project.project())
    window.close()


if __name__ == "__main__":
    torch.set_num_threads(1)
    place = FILES / sys.argv[1]
    with tempfile.TemporaryDirectory() as home:  # the user's own settings and work are left alone
        os.environ |= {"XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
        for form in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
            QSettings.setPath(form, QSettings.Scope.UserScope, home)
        write(place)
    print(place, f"version {VERSION}")
