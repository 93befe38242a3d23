"""A worker elsewhere over a link that is cut, and with workers that die, without a cluster."""

from __future__ import annotations

import threading

from app.messages.links import LinkCut
from app.messages.request import FailureReply, RequestDone
from app.workbench.remote_worker import MOST_DEATHS, RemoteWorker
from core.errors import ArgumentError
from tests.app.workbench.remote_stand_ins import heard, wait_for
from tests.app.workbench.test_worker_thread import request


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
