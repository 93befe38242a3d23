"""What a person does with jobs, and what stands in the dock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QPushButton

from app.services.job_queue.shown import Shown
from core.graph import Graph
from core.interchange.scores_files import scores_to_json
from core.sharded.asked import AskedFolder
from core.tracing.scores import Scores
from tests.app.person import Person

ENTRIES = {
    "trace": "Trace Many Pairs",
    "evaluate": "Evaluate Over Many Pairs",
    "heads": "Measure Heads Over Many Pairs",
    "study": "Study In-Context Learning",
    "modalities": "Study Modalities",
}


def run_folder(folder: Path, graph: Graph) -> Path:
    """A folder that a run has begun in, with what is to come out of it."""
    values = np.random.default_rng(0).normal(size=graph.n_edges)
    about = {"pairs": "3", "metric": "logit difference of each pair's own answers", "model": "m"}
    folder.mkdir()
    AskedFolder(folder).begin({})
    (folder / "scores").write_text(scores_to_json(Scores(graph, values, "eap-ig", "patch", about, direction=1)))
    return folder


def queue_a_file(person: Person, pairs: Path, folder: Path, kind: str = "trace") -> None:
    person.choose("Edit", ENTRIES[kind])
    dialog = person.controller("jobs").dialogs[kind].dialog
    dialog.set_file(str(pairs))
    dialog.set_folder(str(folder))
    person.click(dialog.add)
    person.wait(lambda: not dialog.isVisible())


def only(person: Person) -> Shown:
    (shown,) = person.controller("jobs").queue.jobs
    return shown


def only_of(person: Person, kind: str) -> Shown:
    (shown,) = (each for each in person.controller("jobs").queue.jobs if each.job.kind == kind)
    return shown


def is_at_work(person: Person) -> Callable[[], bool]:
    return lambda: only(person).job.state == "running" and only(person).progress is not None


def line(person: Person) -> list[str]:
    lines = person.panel("jobs").view.lines
    return [lines.index(0, place).data() for place in range(lines.columnCount())]


def press(person: Person, words: str) -> None:
    panel = person.panel("jobs")
    panel.view.selectRow(0)
    person.click(next(button for button in panel.findChildren(QPushButton) if button.text() == words))
