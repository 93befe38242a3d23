"""A worker elsewhere as the window has it: over a link that is cut, and with workers that die, without a cluster."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest

from app.features.console.queries import ConsoleQuery
from app.messages.links import LinkCut, WorkerDied
from app.messages.request import FailureReply, ProgressReply, Reply, Request, RequestDone
from app.messages.request_loop import LOADING
from app.workbench.remote_worker import MOST_DEATHS, RemoteWorker
from app.worker.remote_side import RemoteSide
from core.project.document import Document
from tests.app.workbench.test_worker_thread import Server, request


class TestLink:
    """To a worker in this process. cut: nothing passes. The end of a worker is told to who calls it."""

    __test__ = False
    place = "node-7"

    def __init__(self, server: Server) -> None:
        self.server, self.cut, self.lives = server, False, 0
        self.side: RemoteSide | None = None
        self.restart()

    def restart(self) -> None:
        self._pass()
        self.side = RemoteSide(lambda: self.server)
        self.lives += 1

    def die(self) -> None:
        side, self.side = self.side, None
        side.close(0.0)

    def reconnect(self) -> None:
        self._pass()

    def close(self) -> None:
        self._there().close()

    def ask(self, data: bytes) -> None:
        self._there().ask(data)
        self._pass()  # it has come, and nobody hears of it

    def cancel(self, up_to: int) -> None:
        self._there().cancel(up_to)

    def give(self, name: str) -> None:
        self._there().give(name)

    def replies(self, life: str, after: int, seconds: float) -> tuple[str, Sequence[tuple[int, bytes]]]:
        told = self._there().replies(life, after, min(seconds, 0.02))
        self._there()
        return told

    def _there(self) -> RemoteSide:
        self._pass()
        if self.side is None:
            raise WorkerDied("It is no more.")
        return self.side

    def _pass(self) -> None:
        if self.cut:
            raise LinkCut("It is cut.")


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


def is_loading(reply: Reply) -> bool:
    return isinstance(reply, ProgressReply) and reply.words == LOADING


def heard(worker: RemoteWorker) -> list[tuple[int, str]]:
    return [(answer.number, answer.words) for answer in worker.answers if isinstance(answer, ProgressReply)]


def wait_for(qtbot, worker: RemoteWorker, number: int) -> None:
    qtbot.waitUntil(lambda: worker.answers[-1:] == [RequestDone(number)], timeout=30_000)


def test_answers_come_in_the_windows_thread_with_how_long_a_request_took_there(worker, server, qtbot) -> None:
    threads: list[threading.Thread] = []
    worker.replied.connect(lambda _reply: threads.append(threading.current_thread()))
    server.let(1)
    with qtbot.waitSignal(worker.latency_changed, timeout=30_000) as told:
        worker.ask(request(1))
    wait_for(qtbot, worker, 1)
    assert heard(worker) == [(1, "answer 1")]
    assert set(threads) == {threading.main_thread()}
    assert 0 < told.args[0] == worker.latency


def test_the_newest_request_wins_and_a_cancelled_one_gives_no_answers(worker, server, qtbot) -> None:
    worker.ask(request(1))
    server.wait(lambda: server.begun == [1])
    server.let(2)
    worker.ask(request(2))
    wait_for(qtbot, worker, 2)
    assert server.cancelled == [1]
    worker.ask(request(3))
    server.wait(lambda: server.begun == [1, 2, 3])
    worker.cancel()
    server.wait(lambda: server.cancelled == [1, 3])
    server.let(5)
    worker.ask(request(5))
    wait_for(qtbot, worker, 5)
    assert heard(worker) == [(2, "answer 2"), (5, "answer 5")]


def test_a_link_that_is_cut_in_the_middle_loses_no_answer_and_asks_nothing_twice(worker, link, server, qtbot) -> None:
    worker.ask(request(1))
    server.wait(lambda: server.begun == [1])
    link.cut = True
    qtbot.waitUntil(lambda: worker.troubles[-1:] == ["The link is cut: trying again"], timeout=30_000)
    server.let(1)
    server.wait(lambda: server.ended == [1])
    assert heard(worker) == []
    link.cut = False
    wait_for(qtbot, worker, 1)
    assert heard(worker) == [(1, "answer 1")]
    assert worker.troubles[-1] == ""
    assert (server.begun, link.lives) == ([1], 1)


def test_what_is_asked_while_the_link_is_cut_is_asked_when_it_is_back(worker, link, server, qtbot) -> None:
    link.cut = True
    qtbot.waitUntil(lambda: bool(worker.troubles), timeout=30_000)
    for number in (1, 2):
        server.let(number)
        worker.ask(request(number))
    link.cut = False
    wait_for(qtbot, worker, 2)
    assert heard(worker)[-1] == (2, "answer 2")


def test_a_worker_that_dies_in_the_middle_is_started_again_and_asked_again(worker, link, server, qtbot) -> None:
    worker.ask(request(1))
    server.wait(lambda: server.begun == [1])
    link.die()
    server.wait(lambda: server.begun == [1, 1])
    server.let(1)
    wait_for(qtbot, worker, 1)
    assert heard(worker) == [(1, "answer 1")]
    assert link.lives == 2
    server.let(2)
    worker.ask(request(2))
    wait_for(qtbot, worker, 2)
    assert heard(worker) == [(1, "answer 1"), (2, "answer 2")]


def test_a_request_that_kills_its_workers_is_given_up_in_words(worker, link, server, qtbot) -> None:
    worker.ask(request(1))
    for death in range(1, MOST_DEATHS + 1):
        server.wait(lambda death=death: server.begun == [1] * death)
        link.die()
    qtbot.waitUntil(lambda: worker.answers[-1:] == [RequestDone(1)], timeout=30_000)
    failure = worker.answers[-2]
    assert isinstance(failure, FailureReply)
    assert failure.message == "The worker at node-7 ended 3 times over this request."
    server.let(2)
    worker.ask(request(2))
    wait_for(qtbot, worker, 2)
    assert heard(worker) == [(2, "answer 2")]


def test_a_signal_of_the_window_reaches_the_worker(worker, link, server, qtbot, monkeypatch) -> None:
    given: list[str] = []
    monkeypatch.setattr(link, "give", given.append)
    query = ConsoleQuery(code="while True: pass")
    query.interrupt.set()
    qtbot.waitUntil(lambda: given == [query.interrupt.name], timeout=30_000)


def test_what_cannot_be_sent_is_said_and_ends(worker, server, qtbot) -> None:
    worker.ask(Request(1, Document("m", size=1 << 80)))
    wait_for(qtbot, worker, 1)
    assert isinstance(worker.answers[0], FailureReply)
    assert worker.answers[0].message.startswith("Request cannot be sent to a worker elsewhere")
