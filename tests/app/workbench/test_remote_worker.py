"""A worker elsewhere as the window has it: what it answers, and the files that it is sent, without a cluster."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.features.console.queries import CompleteQuery, ConsoleQuery
from app.messages.request import FailureReply, ProgressReply, Query, QueryRefusal, Request, RequestDone
from app.workbench.files_to_send import MOST_BYTES, FilesToSend
from app.workbench.remote_worker import RemoteWorker
from core.errors import InputError
from core.project.document import Document, Source
from tests.app.workbench.remote_stand_ins import Reader, TestLink, heard, wait_for, working
from tests.app.workbench.test_worker_thread import request


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
    asked = replace(request(1), queries=(PluginQuery(), CompleteQuery(text="s")))
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


def test_files_go_in_parts_that_are_shown_and_another_edit_or_cancel_ends_that(
    qapp, qtbot, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr("app.workbench.files_to_send.PART", 10)
    picture, server = tmp_path / "cat.png", Reader()
    picture.write_bytes(bytes(35))
    link, began, goes_on, parts = TestLink(server), threading.Event(), threading.Event(), []
    put = link.put

    def slowly(digest: str, name: str, size: int, begin: int, data: bytes) -> None:
        parts.append((begin, len(data)))
        began.set()
        assert goes_on.wait(30)
        put(digest, name, size, begin, data)

    monkeypatch.setattr(link, "put", slowly)
    document = Document("m", Source("image", path=str(picture)))
    with working(link) as worker:
        worker.ask(Request(1, document))
        assert began.wait(30)
        worker.ask(Request(2, Document("m", Source("text", "x"))))
        goes_on.set()
        wait_for(qtbot, worker, 2)
        assert parts == [(0, 10)]
        goes_on.clear()
        began.clear()
        worker.ask(Request(3, document))
        assert began.wait(30)
        worker.cancel()
        goes_on.set()
        worker.ask(Request(4, Document("m", Source("text", "y"))))
        wait_for(qtbot, worker, 4)
        assert parts == [(0, 10)] * 2
        assert [each.clean.text for each in server.documents] == ["x", "y"]
        worker.ask(Request(5, document))
        wait_for(qtbot, worker, 5)
        assert parts[2:] == [(0, 10), (10, 10), (20, 10), (30, 5)]
        progress = [each for each in worker.answers if isinstance(each, ProgressReply) and each.number == 5]
        said = [each.fraction for each in progress if each.words.startswith("Sending 1 file to node-7: ")]
        assert said == [0, 10 / 35, 20 / 35, 30 / 35]


def test_large_values_of_a_request_that_is_wanted_no_more_are_not_sent_to_their_end(qapp, qtbot, monkeypatch) -> None:
    monkeypatch.setattr("app.workbench.request_sending.SHOWN_FROM", 1)
    server = Reader()
    link, began, goes_on, sent = TestLink(server), threading.Event(), threading.Event(), []
    put = link.put_part

    def slowly(digest: str, data: bytes) -> None:
        sent.append(len(data))
        began.set()
        assert goes_on.wait(30)
        put(digest, data)

    monkeypatch.setattr(link, "put_part", slowly)
    pasted = Document("m", *(Source("image", data=bytes([n]) * (1 << 20), name="a.png") for n in (1, 2)))
    with working(link, sends_files=False) as worker:
        worker.ask(Request(1, pasted))
        assert began.wait(30)
        worker.ask(Request(2, Document("m", Source("text", "x"))))
        goes_on.set()
        wait_for(qtbot, worker, 2)
        assert len(sent) == 1
        assert len(server.documents) == 1
        assert any(words.startswith("Sending the request to node-7: ") for _, words in heard(worker))


def test_more_files_than_are_kept_there_are_refused_before_any_is_sent(tmp_path) -> None:
    pictures = [tmp_path / f"{name}.png" for name in "ab"]
    for number, picture in enumerate(pictures):
        picture.write_bytes(bytes([number]) * 6)
    link = TestLink(Reader())
    document = Document("m", *(Source("image", path=str(picture)) for picture in pictures))
    with pytest.raises(InputError, match="are the most that is sent to another machine") as refused:
        FilesToSend(link, most=10).send(Request(1, document), lambda _words, _share: None)
    assert refused.value.hint.startswith("Choose File > Disconnect")
    assert link.sent == []
    link.close()


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


def test_a_worker_that_is_found_again_as_the_window_leaves_is_ended_too(qapp, link, server, qtbot, monkeypatch) -> None:
    began, goes_on = threading.Event(), threading.Event()

    def slowly() -> None:
        began.set()
        assert goes_on.wait(30)

    monkeypatch.setattr(link, "reconnect", slowly)
    worker = RemoteWorker(link)
    worker.start()
    link.cut = True
    assert began.wait(30)
    worker.stop(0.1)  # it does not reach the worker
    assert link.side._loop._thread.is_alive()
    link.cut = False
    goes_on.set()
    qtbot.waitUntil(lambda: not any(each.is_alive() for each in worker._threads), timeout=30_000)
    assert link.lives == 1
    assert not link.side._loop._thread.is_alive()
