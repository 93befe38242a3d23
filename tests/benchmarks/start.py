"""From the command to the window, to the first live circuit, and to the end of a run in the terminal, each in a process
of its own, after a warm start and in turn. The processor's time tells a slow start from a busy machine; against that of
torch's import alone it tells how much of it could be saved."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from core.models import packs
from core.models.bundled import bundled_models
from tests.benchmarks.table import Table

RUNS = 3
PROGRAM = """
import sys, time
started = time.perf_counter()
from app.window.plain_imports import import_plainly
import_plainly()
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from views import theme
app = QApplication([])
theme.apply(app)
from app.__main__ import make_worker_service
from app.window.application import make_window
from app.window.garbage_collector import Collector
window = make_window(make_worker_service)
Collector(window.workbench)
window.show()
app.processEvents()
shown = time.perf_counter() - started
window.workbench.models.start(sys.argv[1])
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
print(shown, first, time.perf_counter() - started, time.process_time(), flush=True)
window.close()
"""


SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"
CLEAN = {
    "bundled:names": "When Mary and John went to the store, John gave a drink to",
    "bundled:shapes": str(SAMPLES / "shapes" / "circle.png"),
}


def tables() -> Iterator[Table]:
    windows = [f"bundled:{name}" for name in bundled_models()]
    windows += [f"pack:{name}" for name in packs.PACKS if packs.is_installed(name)]
    what = [("import torch", ""), *(("window", model) for model in windows), *(("run", model) for model in CLEAN)]
    rounds = [{key: measure(*key) for key in what} for _ in range(RUNS + 1)][1:]  # the first one warms the files
    taken = {key: [statistics.median(values) for values in zip(*(r[key] for r in rounds), strict=True)] for key in what}
    torch = taken["import torch", ""][-1]

    def row(kind: str, model: str) -> list[str]:
        seconds = taken[kind, model]
        return [model, *(f"{value:.2f}" for value in seconds), f"{seconds[-1] / torch:.2f}"]

    processor = ["processor time of all", "against torch's import"]
    heads = ["model", "window on screen", "first predictions", "first live circuit", *processor]
    yield Table(f"Start (seconds, medians of {RUNS})", heads, [row("window", model) for model in windows])
    heads = ["model", "to its end", *processor]
    yield Table(f"`wirescope run` (seconds, medians of {RUNS})", heads, [row("run", model) for model in CLEAN])


def measure(what: str, model: str = "") -> list[float]:
    """Seconds; the last one is the processor's."""
    programs = {
        "import torch": ("-c", "import torch"),
        "window": ("-c", PROGRAM, model),
        "run": ("-m", "app", "run", "--model", model, "--clean", CLEAN.get(model, "")),
    }
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HF_HUB_OFFLINE": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a start after the first one compiles nothing
    started, before = time.perf_counter(), os.times()
    done = subprocess.run(
        [sys.executable, *programs[what]], env=environment, capture_output=True, text=True, check=True
    )
    seconds, after = time.perf_counter() - started, os.times()
    if what == "window":  # which is closed afterwards
        return [float(value) for value in done.stdout.split()]
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return [seconds, processor]
