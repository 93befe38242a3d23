"""One request runs, one waits, the newest wins; and what goes wrong comes back as an answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from app.messages.request import FailureReply, ProgressReply, Reply, Request, RequestDone
from app.workbench.worker_thread import LOADING, WorkerThread
from core.errors import Cancelled, ModelError
from core.project.document import Document

PATIENCE = 30.0


class Server:
    """Serves a request when the test lets it, and says when it was told to stop."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.cancelled: list[int] = []
        self.ended: list[int] = []
        self.threads: set[threading.Thread] = set()
        self.change = threading.Condition()
        self.free: set[int] = set()
        self.raises: dict[int, BaseException] = {}

    def serve(self, request: Request, send: Callable[[Reply], None], cancelled: Callable[[], bool]) -> None:
        self.threads.add(threading.current_thread())
        self._note(self.begun, request.number)
        while request.number not in self.free:
            if cancelled():
                self._note(self.cancelled, request.number)
                send(ProgressReply(request.number, "too late"))
                raise Cancelled
            with self.change:
                self.change.wait(0.005)
        if request.number in self.raises:
            raise self.raises[request.number]
        send(ProgressReply(request.number, f"answer {request.number}"))
        self._note(self.ended, request.number)

    def _note(self, where: list[int], number: int) -> None:
        with self.change:
            where.append(number)
            self.change.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self.change:
            assert self.change.wait_for(condition, PATIENCE)

    def let(self, number: int) -> None:
        with self.change:
            self.free.add(number)
            self.change.notify_all()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def engine(qapp, server: Server) -> Iterator[WorkerThread]:
    thread = WorkerThread(lambda: server)
    thread.answers = answers_of(thread)
    thread.start()
    yield thread
    assert thread.stop()


def request(number: int) -> Request:
    return Request(number, Document("m"))


def answers_of(engine: WorkerThread) -> list[Reply]:
    """Filled as they come, but for what the thread itself says before its server is made."""
    answers: list[Reply] = []

    def take(answer: Reply) -> None:
        if not (isinstance(answer, ProgressReply) and answer.words == LOADING):
            answers.append(answer)

    engine.replied.connect(take)
    return answers


def heard(engine: WorkerThread) -> list[tuple[int, str]]:
    return [(answer.number, answer.words) for answer in engine.answers if isinstance(answer, ProgressReply)]


def test_answers_come_in_the_windows_thread_and_end_with_done(engine, server, qtbot) -> None:
    threads = []
    engine.replied.connect(lambda _answer: threads.append(threading.current_thread()))
    server.let(1)
    engine.ask(request(1))
    qtbot.waitUntil(lambda: engine.answers[-1:] == [RequestDone(1)], timeout=30_000)
    assert heard(engine) == [(1, "answer 1")]
    assert set(threads) == {threading.main_thread()}
    assert threading.main_thread() not in server.threads


def test_the_newest_of_the_waiting_requests_runs_and_the_running_one_is_cancelled(engine, server, qtbot) -> None:
    engine.ask(request(1))
    server.wait(lambda: server.begun == [1])
    for number in (2, 3, 4):
        engine.ask(request(number))
    server.wait(lambda: server.cancelled == [1])
    server.let(4)
    qtbot.waitUntil(lambda: engine.answers[-1:] == [RequestDone(4)], timeout=30_000)
    assert server.begun == [1, 4]
    assert heard(engine) == [(4, "answer 4")]  # not the answer that 1 gave too late
    assert {answer.number for answer in engine.answers} == {4}


def test_a_cancelled_request_gives_no_answers_and_the_next_one_runs(engine, server, qtbot) -> None:
    engine.ask(request(1))
    server.wait(lambda: server.begun == [1])
    engine.cancel()
    server.wait(lambda: server.cancelled == [1])
    server.let(2)
    engine.ask(request(2))
    qtbot.waitUntil(lambda: engine.answers[-1:] == [RequestDone(2)], timeout=30_000)
    assert heard(engine) == [(2, "answer 2")]
    assert {answer.number for answer in engine.answers} == {2}


def test_a_waiting_request_is_cancelled_too(engine, server, qtbot) -> None:
    engine.ask(request(1))
    server.wait(lambda: server.begun == [1])
    engine.ask(request(2))
    engine.cancel()
    server.wait(lambda: server.cancelled == [1])
    server.let(3)
    engine.ask(request(3))
    qtbot.waitUntil(lambda: engine.answers[-1:] == [RequestDone(3)], timeout=30_000)
    assert 2 not in server.begun


def test_failures_are_answers(engine, server, qtbot, caplog) -> None:
    server.raises = {1: ModelError("It does not fit.", "Take another."), 2: ZeroDivisionError("by zero")}
    for number in (1, 2, 3):
        server.let(number)
        engine.ask(request(number))
        qtbot.waitUntil(lambda number=number: RequestDone(number) in engine.answers, timeout=30_000)
    expected, unexpected = (answer for answer in engine.answers if isinstance(answer, FailureReply))
    assert (expected.message, expected.hint, expected.details) == ("It does not fit.", "Take another.", "")
    assert "by zero" in unexpected.message
    assert "Traceback" in unexpected.details
    assert "ZeroDivisionError" in unexpected.details
    assert heard(engine) == [(3, "answer 3")]  # the thread goes on
    assert [record.message for record in caplog.records] == ["a request failed"]


def test_a_server_that_cannot_be_made_is_tried_again(qapp, qtbot, caplog) -> None:
    good = Server()
    good.let(2)
    makers = [lambda: 1 / 0, lambda: good]
    engine = WorkerThread(lambda: makers.pop(0)())
    answers = answers_of(engine)
    engine.start()
    try:
        engine.ask(request(1))
        qtbot.waitUntil(lambda: RequestDone(1) in answers, timeout=30_000)
        engine.ask(request(2))
        qtbot.waitUntil(lambda: RequestDone(2) in answers, timeout=30_000)
    finally:
        assert engine.stop()
    assert [type(answer) for answer in answers] == [FailureReply, RequestDone, ProgressReply, RequestDone]


def test_stop_ends_a_running_request_and_drops_the_waiting_one(qapp, server, qtbot) -> None:
    engine = WorkerThread(lambda: server)
    answers = answers_of(engine)
    engine.start()
    engine.ask(request(1))
    server.wait(lambda: server.begun == [1])
    engine.ask(request(2))
    assert engine.stop()
    assert server.cancelled == [1]
    assert server.begun == [1]
    qapp.processEvents()  # what was on its way would come now
    assert answers == []


def test_stop_tells_when_the_thread_does_not_end_in_time(qapp, server) -> None:
    held = threading.Event()

    class Deaf:
        def serve(self, *_arguments) -> None:
            server._note(server.begun, 1)
            held.wait(PATIENCE)

    engine = WorkerThread(Deaf)
    engine.start()
    engine.ask(request(1))
    server.wait(lambda: server.begun == [1])
    assert not engine.stop(0.01)
    held.set()
    assert engine.stop()


def test_a_thread_that_was_never_started_stops_at_once(qapp) -> None:
    assert WorkerThread(Server).stop()
