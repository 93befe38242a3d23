"""Where a model's weights go is said of the machine that the worker is on."""

from __future__ import annotations

from collections.abc import Callable

from app.messages.request import Reply, Request
from app.workbench.worker_client import WorkerClient
from app.workbench.worker_thread import WorkerThread
from core.project.document import Document


def serve(request: Request, send: Callable[[Reply], None], cancelled: Callable[[], bool]) -> None:
    raise AssertionError("nothing is asked here")


def test_another_worker_is_not_told_what_was_answered_for_the_one_before(qtbot: object) -> None:
    document, client = Document("m"), WorkerClient(WorkerThread(lambda: serve))
    client.weights[document.opens] = "disk"
    assert client.place_of(document) == "disk"
    client.use(WorkerThread(lambda: serve))
    assert client.place_of(document) == "auto"
    client.stop()
