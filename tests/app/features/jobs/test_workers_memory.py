"""Before a job is queued whose workers do not fit into memory beside each other, that is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.features.jobs.controller import queueing
from tests.app.features.jobs.job_steps import ENTRIES
from tests.app.person import Person

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("stand_in")]


def test_workers_that_do_not_fit_are_asked_about(reader: Person, pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    each = reader.workbench.ready.worker_bytes
    monkeypatch.setattr(queueing, "is_installed", lambda _name: True)
    monkeypatch.setattr(queueing.os, "cpu_count", lambda: 4)
    monkeypatch.setattr(queueing, "free_bytes", lambda: 2 * each)
    reader.choose("Edit", ENTRIES["trace"])
    dialog = reader.controller("jobs").dialogs["trace"].dialog
    dialog.set_file(str(pairs))

    def press(workers: int, words: str) -> None:
        dialog.workers.setValue(workers)
        reader.click(dialog.add)
        reader.wait(reader.dialogs)
        (box,) = reader.dialogs()
        assert box.text().startswith(f"{workers} workers hold about ")
        reader.click(next(each for each in box.buttons() if each.text().replace("&", "") == words))
        reader.wait(lambda: not reader.dialogs())

    press(4, "Cancel")
    assert dialog.isVisible()
    assert reader.controller("jobs").queue.jobs == ()
    press(3, "Use 2 Workers")
    reader.wait(lambda: not dialog.isVisible())
    assert workers_of(reader) == "2"
    reader.choose("Edit", ENTRIES["trace"])
    dialog.set_file(str(pairs))
    press(4, "Queue All the Same")
    reader.wait(lambda: not dialog.isVisible())
    assert workers_of(reader) == "4"


def workers_of(person: Person) -> str:
    command = person.controller("jobs").queue.jobs[-1].job.command
    return command[command.index("--workers") + 1]
