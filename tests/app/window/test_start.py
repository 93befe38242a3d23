"""The program as it is started: `wirescope MODEL` in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

# Starts the window as the program does, and writes down what is seen of it.
WATCHED = """
import gc, json, os, signal, sys
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from app.__main__ import make_worker_service
from app.window import application
from app.window.garbage_collector import Collector
from app.window.main_window import Window

heavy = {"torch", "transformers", "timm", "pyqtgraph", "networkx"}
facts = {"imported": sorted(heavy & set(sys.modules))}
app = QApplication(sys.argv[:1])
app.setQuitOnLastWindowClosed(True)

class Watch(QObject):
    def eventFilter(self, thing, event):
        if isinstance(thing, Window) and event.type() == QEvent.Type.Paint and "painted" not in facts:
            facts["painted"] = sorted(heavy & set(sys.modules))
        return False

watch = Watch()
app.installEventFilter(watch)

def steps():
    window = None
    while window is None:
        window = next((w for w in app.topLevelWidgets() if isinstance(w, Window) and w.isVisible()), None)
        yield
    collector = window.workbench.findChild(Collector)
    facts["rests"] = [collector.rests]
    while window.workbench.scored is None or window.workbench.busy:
        if window.panels["status"].work.text().startswith("Loading the libraries") and "loading" not in facts:
            facts["loading"] = window.panels["status"].cancel.isVisible()
        yield
    facts["rests"].append(collector.rests)
    facts["by itself"] = gc.isenabled()
    facts["left alone"] = gc.get_freeze_count()
    facts["torch later"] = "torch" in sys.modules
    facts["predictions"] = len(window.panels["predictions"].table.row_texts())
    facts["chips"] = window.panels["inputs"].card_a.chips.chip_texts()
    QTimer.singleShot(0, window, lambda: {}["oops"])
    while not any(box.isVisible() for box in window.findChildren(QMessageBox)):
        yield
    (box,) = (box for box in window.findChildren(QMessageBox) if box.isVisible())
    facts["said"] = box.text()
    facts["details"] = "KeyError: 'oops'" in box.detailedText()
    box.accept()
    yield
    os.kill(os.getpid(), signal.SIGINT)  # Ctrl+C in the terminal
    while window.isVisible():
        yield
    facts["closed"] = True

go_on = steps()
timer = QTimer()
timer.timeout.connect(lambda: next(go_on, None))
timer.start(5)
facts["code"] = application.run(sys.argv[1], make_worker_service)
print(json.dumps(facts))
"""


@pytest.fixture(scope="module")
def facts(models, tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("start")
    environment = {**os.environ, "XDG_CONFIG_HOME": str(folder), "WIRESCOPE_DATA": str(folder)}
    command = [sys.executable, "-W", "error", "-c", WATCHED, str(models.gpt2)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    found["stderr"] = done.stderr
    return found


def test_the_window_is_on_the_screen_before_torch_and_other_large_libraries_are_imported(facts: dict) -> None:
    assert facts["imported"] == []
    assert facts["painted"] == []
    assert facts["torch later"]


def test_the_collector_rests_until_the_first_circuit_and_leaves_the_libraries_alone(facts: dict) -> None:
    assert facts["rests"] == [True, False]
    assert not facts["by itself"]
    assert facts["left alone"] > 200_000


def test_while_the_libraries_load_the_window_says_so(facts: dict) -> None:
    assert facts["loading"], "and it can be given up"


def test_a_circuit_comes_by_itself(facts: dict) -> None:
    assert facts["predictions"] > 3
    assert facts["chips"][:2] == ["When", "Mary"]


def test_an_exception_in_a_slot_is_shown_with_its_details(facts: dict) -> None:
    assert "oops" in facts["said"]
    assert facts["details"]
    assert "an exception reached the event loop" in facts["stderr"]


def test_ctrl_c_in_the_terminal_closes_the_window_and_ends_with_0(facts: dict) -> None:
    assert facts["closed"]
    assert facts["code"] == 0
