"""A worker elsewhere, behind a link that can be cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.workbench.remote_worker import RemoteWorker
from tests.app.workbench.remote_stand_ins import TestLink, is_loading
from tests.app.workbench.test_worker_thread import Server


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def link(server: Server) -> TestLink:
    return TestLink(server)


@pytest.fixture
def worker(qapp, link: TestLink) -> Iterator[RemoteWorker]:
    worker = RemoteWorker(link)
    worker.answers, worker.troubles = [], []
    worker.replied.connect(lambda reply: None if is_loading(reply) else worker.answers.append(reply))
    worker.link_changed.connect(worker.troubles.append)
    worker.start()
    yield worker
    link.cut = False
    assert worker.stop()
