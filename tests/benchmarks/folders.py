"""A large folder of pictures opened in the window: until its rows are there, what holds the window up, what it keeps.

The hold-up is of the processor, which other work on the machine does not change; the memory is the process's own, more
than before the folder was opened."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
from PIL import Image
from PySide6.QtWidgets import QApplication

from app.__main__ import make_worker_service
from app.window.application import make_window
from app.window.main_window import Window
from app.worker.dataset_rows import DatasetRows, ReadRow
from core.project.document import PairSource
from tests.benchmarks.table import Table
from views import theme

COUNTS = (5_000, 50_000)
PLACES = 10  # that are scrolled to
SIDE = 256  # pixels of a picture
HEADS = (
    "pictures", "rows there after", "first figures after", "longest hold-up of the window", "pictures opened",
    "memory with the rows", f"after {PLACES} places",
)  # fmt: skip


def tables(counts: Sequence[int] = COUNTS) -> Iterator[Table]:
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app)
    title = "A folder of pictures in the dataset (`shapes`; links to one picture; seconds, ms of the processor, MB)"
    with tempfile.TemporaryDirectory() as folder:
        yield Table(title, HEADS, [_measured(app, Path(folder), count) for count in counts])


def _measured(app: QApplication, folder: Path, count: int) -> list[str]:
    pictures = folder / str(count)
    pictures.mkdir()
    Image.effect_noise((SIDE, SIDE), 40).convert("RGB").save(pictures / "0.png")
    for number in range(1, count):
        os.link(pictures / "0.png", pictures / f"{number}.png")
    window = make_window(make_worker_service)
    window.resize(1440, 900)
    window.show()
    window.workbench.models.start("bundled:shapes")
    held = [0.0]
    _wait(app, window, lambda: window.workbench.scored is not None and not window.workbench.busy, held)
    window.docks["dataset"].raise_()
    panel = window.panels["dataset"]
    _wait(app, window, panel.isVisible, held)
    opened: list[str] = []
    plain = DatasetRows._read_row

    def counting(self: DatasetRows, row: PairSource) -> ReadRow:
        opened.append(row.clean.path)
        return plain(self, row)

    before, held[0], started = _megabytes(), 0.0, time.perf_counter()
    DatasetRows._read_row = counting  # type: ignore[method-assign]
    try:
        window.controllers["dataset"].take_paths([str(pictures)])
        _wait(app, window, lambda: len(panel.rows()) == count, held)
        there = time.perf_counter() - started
        _wait(app, window, lambda: panel.rows()[0].before is not None, held)
        figures, with_rows = time.perf_counter() - started, _megabytes() - before
        for place in range(1, PLACES + 1):
            row = place * count // PLACES - 1
            panel.table.scrollTo(panel.table.lines.index(row, 0))
            _wait(app, window, lambda row=row: panel.rows()[row].before is not None, held)  # type: ignore[misc]
        after = _megabytes() - before
    finally:
        DatasetRows._read_row = plain  # type: ignore[method-assign]
        window.close()
        window.deleteLater()
        app.processEvents()
    hold_up = f"{1000 * held[0]:.0f}"
    return [
        f"{count:,}", f"{there:.1f}", f"{figures:.1f}", hold_up, f"{len(set(opened)):,}", f"{with_rows:.0f}",
        f"{after:.0f}",
    ]  # fmt: skip


def _wait(app: QApplication, window: Window, until: Callable[[], bool], held: list[float]) -> None:
    """held: the longest that one turn of the event loop took the processor. Raises TimeoutError."""
    deadline = time.monotonic() + 300
    while not until():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{window.workbench.busy}")
        started = time.thread_time()
        app.processEvents()
        held[0] = max(held[0], time.thread_time() - started)
        time.sleep(0.002)


def _megabytes() -> float:
    return float(psutil.Process().memory_info().rss / 2**20)
