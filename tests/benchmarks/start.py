"""From the command to the window, and to the first live circuit, each in a process of its own, after a warm
start. The processor's time tells a slow start from a busy machine."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator

from core.models import packs
from core.models.bundled import bundled_models
from tests.benchmarks.table import Table

RUNS = 3
PROGRAM = """
import sys, time
started = time.perf_counter()
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from views import theme
app = QApplication([])
theme.apply(app)
from app.window.application import make_window
from app.window.garbage_collector import Collector
window = make_window()
Collector(window.workbench)
window.show()
app.processEvents()
shown = time.perf_counter() - started
window.opener.start(sys.argv[1])
bench = window.workbench
first = None

def look():
    global first
    if first is None and bench.ran is not None:
        first = time.perf_counter() - started
    if bench.scored is not None and not bench.busy:
        app.quit()

# A look now and then: one without pause would count as the program's time.
timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
app.exec()
print(shown, first, time.perf_counter() - started, time.process_time())
window.close()
"""


def tables() -> Iterator[Table]:
    models = [f"bundled:{name}" for name in bundled_models()]
    models += [f"pack:{name}" for name in packs.PACKS if packs.is_installed(name)]
    heads = ("model", "window on screen", "first predictions", "first live circuit", "processor time of all")
    yield Table("Start (seconds, medians of three)", heads, [measure(model) for model in models])


def measure(model: str) -> list[str]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HF_HUB_OFFLINE": "1"}
    runs = []
    for number in range(RUNS + 1):
        found = subprocess.run(
            [sys.executable, "-c", PROGRAM, model], env=environment, capture_output=True, text=True, check=True
        )
        if number:  # the first warms the files
            runs.append([float(value) for value in found.stdout.split()])
    return [model, *(f"{statistics.median(values):.2f}" for values in zip(*runs, strict=True))]
