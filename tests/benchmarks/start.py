"""From the command to the window, to the first live circuit, and to the end of a run in the terminal, each in a process
of its own, after a warm start and in turn. The processor's time tells a slow start from a busy machine; against that of
torch's import alone it tells how much of it could be saved."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from core.models import packs
from core.models.bundled import bundled_models
from tests.benchmarks.table import Table

RUNS = 3
PROGRAM = """
import json, sys, time
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
said = {"shown": time.perf_counter() - started, "shown_processor": time.process_time()}
model, *prompts = sys.argv[1:]
bench = window.workbench
bench.failed.connect(lambda reply: (print(reply, file=sys.stderr), app.exit(1)))
if prompts:
    from core.project.document import Document, Source
    bench.models.open(Document(model, *(Source("text", prompt) for prompt in prompts)))
else:
    bench.models.start(model)

def look():
    if "first" not in said and bench.ran is not None:
        said["first"] = time.perf_counter() - started
    if bench.scored is not None and not bench.busy:
        app.quit()

# A look now and then: one without pause would count as the program's time.
timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
code = app.exec()
said |= {"live": time.perf_counter() - started, "live_processor": time.process_time()}
from tests.process_memory import peak
print(json.dumps(said | {"peak": peak() / 2**30, "tokens": len(bench.labels)}), flush=True)
window.close()
sys.exit(code)
"""


SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"
CLEAN = {
    "bundled:names": "When Mary and John went to the store, John gave a drink to",
    "bundled:shapes": str(SAMPLES / "shapes" / "circle.png"),
}


@dataclass(frozen=True)
class Opened:
    """What a window took: seconds until it is shown, until the first predictions, and until the first live circuit;
    those of the processor with them. peak: gigabytes of the process at most. tokens: of A."""

    shown: float
    first: float
    live: float
    shown_processor: float
    live_processor: float
    peak: float
    tokens: int


def tables() -> Iterator[Table]:
    models = [f"bundled:{name}" for name in bundled_models()]
    models += [f"pack:{name}" for name in packs.PACKS if packs.is_installed(name)]
    turns = [_turn(models) for _ in range(RUNS + 1)][1:]  # the first one warms the files
    torch, runs, windows = zip(*turns, strict=True)
    of_torch = statistics.median(processor for _, processor in torch)

    def cells(seconds: Sequence[Sequence[float]], processor: int) -> list[str]:
        """processor: which of the seconds are the processor's."""
        medians = [statistics.median(values) for values in zip(*seconds, strict=True)]
        ratios = [f"{value / of_torch:.2f}" for value in medians[-processor:]]
        return [f"{value:.2f}" for value in medians] + ratios

    heads = [
        *("model", "window on screen", "first predictions", "first live circuit"),
        *("processor: window", "processor: all", "window against torch's import", "all against it"),
    ]
    opened = {model: [astuple(turn[model])[:5] for turn in windows] for model in models}
    rows = [[model, *cells(seconds, 2)] for model, seconds in opened.items()]
    title = f"Start (seconds, medians of {RUNS}; of the processor, torch's import takes {of_torch:.2f})"
    yield Table(title, heads, rows)
    heads = ["model", "to its end", "processor time of all", "against torch's import"]
    rows = [[model, *cells([turn[model] for turn in runs], 1)] for model in CLEAN]
    yield Table(f"`wirescope run` (seconds, medians of {RUNS})", heads, rows)


Seconds = tuple[float, float]


def _turn(models: Sequence[str]) -> tuple[Seconds, dict[str, Seconds], dict[str, Opened]]:
    """Torch's import, runs in the terminal, windows."""
    runs = {model: _timed("-m", "app", "run", "--model", model, "--clean", clean) for model, clean in CLEAN.items()}
    return _timed("-c", "import torch"), runs, {model: opened_window(model) for model in models}


def opened_window(model: str, *prompts: str) -> Opened:
    """prompts: A and B, in place of the model's example."""
    return Opened(**json.loads(_said("-c", PROGRAM, model, *prompts)))


def _timed(*arguments: str) -> Seconds:
    """Seconds of a program, and those of the processor."""
    started, before = time.perf_counter(), os.times()
    _said(*arguments)
    seconds, after = time.perf_counter() - started, os.times()
    return seconds, after.children_user + after.children_system - before.children_user - before.children_system


def _said(*arguments: str) -> str:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HF_HUB_OFFLINE": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a start after the first one compiles nothing
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
