"""A worker elsewhere as the window has it: over a link that is cut, and with workers that die, without a cluster."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.features.console.queries import ConsoleQuery
from app.messages.links import LinkCut, PlaceGone, WorkerDied
from app.messages.request import FailureReply, ProgressReply, Query, QueryRefusal, Reply, Request, RequestDone
from app.messages.request_loop import LOADING
from app.workbench.files_to_send import MOST_BYTES
from app.workbench.remote_worker import MOST_DEATHS, RemoteWorker
from app.worker.remote_side import RemoteSide
from app.worker.sent_files import SentFiles
from core.errors import ArgumentError, InputError
from core.project.document import Document, Source
from core.sent.data_files import DataFile
from tests.app.workbench.test_worker_thread import Server, request


class TestLink:
    """To a worker in this process. cut: nothing passes. gone: no worker can be started. The end of a worker is told to
    who calls it."""

    __test__ = False
    place = "node-7"

    def __init__(self, server: Server) -> None:
        self.server, self.cut, self.gone, self.lives = server, False, False, 0
        self.side: RemoteSide | None = None
        self.sent: list[str] = []  # names of files
        self.model_parts: list[tuple[int, int]] = []  # of files of models, where each begins and its bytes
        self.parts_sent: list[int] = []  # bytes of each large value of a request, as of each request and each reply:
        self.bytes_asked: list[int] = []
        self.bytes_replied: list[int] = []
        self.parts_fetched: list[str] = []
        self.restart()

    def restart(self) -> None:
        self._pass()
        if self.gone:
            raise PlaceGone("It is off.")
        self.side = RemoteSide(lambda: self.server)
        self.lives += 1

    def die(self) -> None:
        side, self.side = self.side, None
        side.close(0.0)

    def reconnect(self) -> None:
        self._pass()

    def close(self) -> None:
        self._there().close()

    def missing(self, digests: list[str]) -> list[str]:
        return self._there().missing(digests)

    def put(self, digest: str, name: str, data: bytes) -> None:
        self.sent.append(name)
        self._there().put(digest, name, data)

    def put_part(self, digest: str, data: bytes) -> None:
        self.parts_sent.append(len(data))
        self._there().put_part(digest, data)

    def has_model(self, folder: str, sizes: dict[str, int]) -> bool:
        return self._there().has_model(folder, sizes)

    def begun(self, files: dict[str, DataFile]) -> tuple[dict[str, int], int]:
        return self._there().begun(files)

    def put_model_part(self, file: DataFile, begin: int, data: bytes) -> int:
        self._there()
        self.model_parts.append((begin, len(data)))
        return self._there().put_model_part(file, begin, data)

    def model_folder(self, name: str, files: dict[str, DataFile]) -> str:
        return self._there().model_folder(name, files)

    def ask(self, data: bytes, files: dict[str, str], named: dict[str, str]) -> list[str]:
        self.bytes_asked.append(len(data))
        missing = self._there().ask(data, files, named)
        self._pass()  # it has come, and nobody hears of it
        return missing

    def cancel(self, up_to: int) -> None:
        self._there().cancel(up_to)

    def give(self, name: str) -> None:
        self._there().give(name)

    def replies(
        self, life: str, after: int, seconds: float
    ) -> tuple[str, Sequence[tuple[int, bytes, dict[str, bytes]]]]:
        told = self._there().replies(life, after, min(seconds, 0.02))
        self._there()
        self.bytes_replied += [len(data) + sum(map(len, parts.values())) for _, data, parts in told[1]]
        return told

    def parts(self, digests: list[str]) -> dict[str, bytes]:
        self.parts_fetched += digests
        return self._there().parts(digests)

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
    assert told.args[0] > 0
    assert worker.latency > 0  # perhaps of a later request: the link is asked again and again


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


def test_a_link_that_cannot_be_mended_at_once_is_tried_again_whatever_it_says(worker, link, server, qtbot) -> None:
    failures = [ArgumentError("It is connected already."), LinkCut("Not yet.")]

    def reconnect() -> None:
        if failures:
            raise failures.pop(0)

    link.reconnect = reconnect
    worker.ask(request(1))
    server.wait(lambda: server.begun == [1])
    link.cut = True
    qtbot.waitUntil(lambda: bool(worker.troubles), timeout=30_000)
    link.cut = False
    server.let(1)
    wait_for(qtbot, worker, 1)
    assert failures == []
    assert heard(worker) == [(1, "answer 1")]


def test_a_call_that_does_not_come_back_is_said(qapp, link, qtbot, monkeypatch) -> None:
    monkeypatch.setattr("app.workbench.remote_worker.POLL", 0.02)
    monkeypatch.setattr("app.workbench.remote_worker.SILENCE", 0.05)
    held, replies, ask = threading.Event(), link.replies, link.ask
    monkeypatch.setattr(link, "replies", lambda *told: (held.wait(30), replies(*told))[1])
    monkeypatch.setattr(link, "ask", lambda *told: (held.wait(30), ask(*told))[1])
    worker, said = RemoteWorker(link), []
    worker.link_changed.connect(said.append)
    worker.start()
    worker.ask(request(1))  # nor does the call that sends it
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    assert said[0].startswith("No word from node-7 for ")
    held.set()
    qtbot.waitUntil(lambda: said[-1] == "", timeout=30_000)
    assert link.lives == 1
    assert worker.stop()


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


def test_a_machine_that_has_gone_is_said_and_waited_for_and_nothing_is_given_up(
    worker, link, server, qtbot, monkeypatch
) -> None:
    monkeypatch.setattr("app.workbench.remote_worker.LONGEST_PAUSE", 0.05)
    tries, restart, gone = [], link.restart, []
    link.restart = lambda: (tries.append(link.cut), restart())
    worker.place_gone.connect(lambda: gone.append(worker.place))
    worker.ask(request(1))
    server.wait(lambda: server.begun == [1])
    link.gone = True
    link.die()
    qtbot.waitUntil(lambda: len(tries) > MOST_DEATHS, timeout=30_000)
    assert worker.troubles[-1] == "node-7 has left the cluster: it is waited for"
    worker.ask(request(2))  # another edit, meanwhile
    link.cut = True  # and the way to the cluster
    qtbot.waitUntil(lambda: worker.troubles[-1] == "The link is cut: trying again", timeout=30_000)
    link.cut = False
    qtbot.waitUntil(lambda: worker.troubles[-1].startswith("node-7 has left"), timeout=30_000)
    assert worker.answers == []
    link.gone = False
    server.let(2)
    wait_for(qtbot, worker, 2)
    assert heard(worker) == [(2, "answer 2")]
    assert (gone, worker.troubles[-1], link.lives) == (["node-7"], "", 2)


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


@dataclass(frozen=True)
class PluginQuery(Query):
    """As a feature of another package has it."""


def test_a_query_of_a_plugin_is_refused_in_words_and_all_else_is_answered(worker, link, server, qtbot) -> None:
    asked = replace(request(1), queries=(PluginQuery(), ConsoleQuery(code="1")))
    worker.ask(asked)
    server.wait(lambda: server.begun == [1])
    link.die()  # it is said once, however often the request is sent
    server.let(1)
    wait_for(qtbot, worker, 1)
    refusals = [answer for answer in worker.answers if isinstance(answer, QueryRefusal)]
    assert [refusal.query for refusal in refusals] == [PluginQuery()]
    assert refusals[0].words == (
        "PluginQuery is answered in the window's own process only, and the work is done at node-7. "
        "Choose Disconnect in the File menu to ask it."
    )
    assert refusals[0].details  # so that it is not asked again by itself
    assert heard(worker)[-1] == (1, "answer 1")


class Reader(Server):
    """Notes what it is asked and where its picture lies, and says so."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[Document] = []

    def serve(self, request: Request, send: Callable[[Reply], None], cancelled: Callable[[], bool]) -> None:
        self.documents.append(request.document)
        send(ProgressReply(request.number, request.document.clean.path))


def test_files_that_the_other_machine_does_not_have_are_sent_once(qapp, qtbot, tmp_path) -> None:
    picture, server = tmp_path / "cat.png", Reader()
    picture.write_bytes(b"a picture")
    link, replies = TestLink(server), []
    worker = RemoteWorker(link, sends_files=True)
    worker.replied.connect(replies.append)
    worker.start()
    document = Document("m", Source("image", path=str(picture)), Source("image", path="/not/here.png"))

    def ask(number: int) -> Path:
        worker.ask(Request(number, document))
        qtbot.waitUntil(lambda: replies[-1:] == [RequestDone(number)], timeout=30_000)
        return Path(server.documents[-1].clean.path)

    there = ask(1)
    assert there != picture
    assert (there.name, there.read_bytes()) == ("cat.png", b"a picture")
    assert server.documents[-1].counterfactual == document.counterfactual  # left to the other side
    assert ProgressReply(1, str(picture)) in replies  # as it is called here
    assert ask(2) == there
    assert link.sent == ["cat.png"]
    picture.write_bytes(b"another picture")
    assert ask(3).read_bytes() == b"another picture"
    link.die()
    qtbot.waitUntil(lambda: link.lives == 2, timeout=30_000)
    assert ask(4).read_bytes() == b"another picture"
    assert link.sent == ["cat.png"] * 3
    with picture.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    worker.ask(Request(5, document))
    qtbot.waitUntil(lambda: replies[-1:] == [RequestDone(5)], timeout=30_000)
    assert replies[-2].message == "cat.png has 256 MB, and 256 MB are the most that is sent to another machine."
    assert worker.stop()


def test_files_of_the_same_bytes_stay_two_with_the_names_that_they_have(qapp, qtbot, tmp_path) -> None:
    """By its name a file's kind is known, and by its path a row of a dataset."""
    paths = [tmp_path / name for name in ("a.txt", "b.csv", "more/b.csv")]
    paths[-1].parent.mkdir()
    for path in paths:
        path.write_bytes(b"the same")
    server, replies = Reader(), []
    link = TestLink(server)
    worker = RemoteWorker(link, sends_files=True)
    worker.replied.connect(replies.append)
    worker.start()
    for number, path in enumerate(paths, 1):
        beside = Source("image", path=str(paths[0]))
        worker.ask(Request(number, Document("m", Source("image", path=str(path)), beside)))
        qtbot.waitUntil(lambda number=number: replies[-1:] == [RequestDone(number)], timeout=30_000)
        assert Path(server.documents[-1].clean.path).name == path.name
        assert ProgressReply(number, str(path)) in replies
    assert len(link.sent) == 1
    assert worker.stop()


def test_a_file_that_goes_between_two_looks_at_it_is_said_and_ends(qapp, qtbot, tmp_path, monkeypatch) -> None:
    picture, server = tmp_path / "cat.png", Reader()
    picture.write_bytes(b"a picture")
    link, replies = TestLink(server), []
    missing = link.missing
    monkeypatch.setattr(link, "missing", lambda digests: (picture.unlink(), missing(digests))[1])
    worker = RemoteWorker(link, sends_files=True)
    worker.replied.connect(replies.append)
    worker.start()
    worker.ask(Request(1, Document("m", Source("image", path=str(picture)))))
    qtbot.waitUntil(lambda: replies[-1:] == [RequestDone(1)], timeout=30_000)
    assert replies[-2].message == "cat.png cannot be read: No such file or directory."
    worker.ask(Request(2, Document("m", Source("text", "x"))))
    qtbot.waitUntil(lambda: replies[-1:] == [RequestDone(2)], timeout=30_000)
    assert len(server.documents) == 1
    assert worker.stop()


@pytest.mark.parametrize("call", ["ask", "replies"])
def test_what_nobody_has_foreseen_ends_the_request_in_words_and_no_thread(
    call: str, worker, link, server, qtbot, monkeypatch, caplog
) -> None:
    left, right = [1], getattr(link, call)

    def fail(*told: object) -> object:
        if left and worker._last is not None:
            left.clear()
            raise KeyError("a field of Ray's")
        return right(*told)

    monkeypatch.setattr(link, call, fail)
    worker.ask(request(1))
    wait_for(qtbot, worker, 1)
    failure = worker.answers[-2]
    assert isinstance(failure, FailureReply)
    assert failure.message == 'The link to node-7 failed: KeyError: "a field of Ray\'s"'
    assert "KeyError" in caplog.text
    server.let(2)
    worker.ask(request(2))
    wait_for(qtbot, worker, 2)
    assert heard(worker) == [(2, "answer 2")]


def test_a_file_that_is_not_what_it_says_is_not_taken() -> None:
    files = SentFiles()
    with pytest.raises(InputError, match="other bytes"):
        files.put("0" * 64, "../../cat.png", b"a picture")
    with pytest.raises(InputError, match="was not sent"):
        files.paths({"/a/cat.png": "0" * 64})
    digest = hashlib.sha256(b"a picture").hexdigest()
    files.put(digest, "../../cat.png", b"a picture")
    assert Path(files.paths({"/a/cat.png": digest})["/a/cat.png"]).parents[1].name == digest
    for path, name in (("C:\\a\\b.csv", "b.csv"), ("/a/..", "file"), ("/b/cat.png", "cat.png")):
        place = Path(files.paths({path: digest})[path])
        assert (place.name, place.parents[1].name, place.read_bytes()) == (name, digest, b"a picture")
    files.close()


def test_a_worker_that_is_started_as_the_window_leaves_is_ended_too(qapp, link, server, qtbot, monkeypatch) -> None:
    restart, began, goes_on = link.restart, threading.Event(), threading.Event()

    def slowly() -> None:
        began.set()
        assert goes_on.wait(30)
        restart()

    monkeypatch.setattr(link, "restart", slowly)
    worker = RemoteWorker(link)
    worker.start()
    link.die()
    assert began.wait(30)
    assert not worker.stop(0.1)
    goes_on.set()
    qtbot.waitUntil(lambda: not any(each.is_alive() for each in worker._threads), timeout=30_000)
    assert link.lives == 2
    assert not link.side._loop._thread.is_alive()
