"""Keys of queries: no two kinds of question share one, or one of them would never be asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.features.find.queries import HeadsReadingQuery
from app.features.score_files.queries import ScoresFileQuery
from app.messages.request import Reply, Request
from app.workbench.worker_client import WorkerClient
from app.workbench.worker_thread import WorkerThread


def serve(request: Request, send: Callable[[Reply], None], cancelled: Callable[[], bool]) -> None:
    raise AssertionError("nothing is asked here")


def test_a_key_of_queries_is_taken_once(qtbot: object) -> None:
    client = WorkerClient(WorkerThread(lambda: serve))
    client.claim_key("continuation")
    with pytest.raises(ValueError, match="'continuation' of queries is taken"):
        client.claim_key("continuation")
    assert client.set_query("continuation", ScoresFileQuery(path="scores.json"))
    with pytest.raises(ValueError, match="of one-shot queries"):
        client.set_query("continuation", HeadsReadingQuery((1,)))
    assert client.set_query("heads reading", HeadsReadingQuery((1,)))
    with pytest.raises(ValueError, match="'heads reading' of queries is taken"):
        client.claim_key("heads reading")
    client.stop()
