"""A worker elsewhere over a link that is cut, and with workers that die, without a cluster."""

from __future__ import annotations

import threading
from dataclasses import replace

from app.features.console.queries import ConsoleQuery
from app.messages.links import LinkCut, NotStarted
from app.messages.request import FailureReply, QueryRefusal, RequestDone
from app.messages.wire.versions import versions
from app.workbench.remote_worker import MOST_DEATHS, MOST_STARTS, RemoteWorker
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


def test_code_of_the_console_is_not_run_again_by_a_worker_that_is_started_in_the_place_of_another(
    worker, link, server, qtbot
) -> None:
    asked: list[tuple[int, int]] = []  # the number of a request, and of its queries
    serve = server.serve
    server.serve = lambda request, *told: (asked.append((request.number, len(request.queries))), serve(request, *told))
    code = ConsoleQuery(code="runs_for_hours()", serial=1)
    worker.ask(replace(request(1), queries=(code,)))
    server.wait(lambda: server.begun == [1])
    link.cut = True  # of the same worker, which has it, all is heard
    qtbot.waitUntil(lambda: bool(worker.troubles), timeout=30_000)
    link.cut = False
    qtbot.waitUntil(lambda: worker.troubles[-1] == "", timeout=30_000)
    assert worker.answers == []
    link.die()
    server.wait(lambda: server.begun == [1, 1])
    worker.ask(replace(request(2), queries=(code,)))  # another edit, before the window has heard of it
    server.wait(lambda: server.begun == [1, 1, 2])
    server.let(2)
    wait_for(qtbot, worker, 2)
    assert asked == [(1, 1), (1, 0), (2, 0)]
    refusals = [answer for answer in worker.answers if isinstance(answer, QueryRefusal)]
    assert [(each.number, each.query) for each in refusals] == [(1, code), (2, code)]
    assert refusals[0].message.startswith("The worker at node-7 ended while this ran, or just before")
    assert "Names set before are gone" in refusals[0].hint
    server.let(3)
    worker.ask(replace(request(3), queries=(replace(code, serial=2),)))  # typed once more
    wait_for(qtbot, worker, 3)
    assert asked[-1] == (3, 1)


def test_a_new_worker_hears_of_what_was_stopped_before_and_the_window_that_it_is_new(
    worker, link, server, qtbot, monkeypatch
) -> None:
    given: list[tuple[int, str]] = []
    give, restarted = link.give, []
    monkeypatch.setattr(link, "give", lambda name: (given.append((link.lives, name)), give(name)))
    worker.restarted.connect(lambda: restarted.append(link.lives))
    query = ConsoleQuery(code="while True: pass")
    worker.ask(request(1))
    server.wait(lambda: server.begun == [1])
    query.interrupt.set()
    qtbot.waitUntil(lambda: given == [(1, query.interrupt.name)], timeout=30_000)
    assert restarted == []
    link.die()
    qtbot.waitUntil(lambda: given[1:] == [(2, query.interrupt.name)], timeout=30_000)
    qtbot.waitUntil(lambda: restarted == [2], timeout=30_000)


def test_a_worker_that_dies_at_its_start_is_started_a_few_times_with_growing_pauses_and_given_up_in_words(
    worker, link, server, qtbot, monkeypatch
) -> None:
    monkeypatch.setattr("app.workbench.remote_worker.PAUSE", 0.01)
    pauses, wait, restart, dies = [], worker._wait, link.restart, [True]
    worker._pause = 0.01
    monkeypatch.setattr(worker, "_wait", lambda seconds: (pauses.append(seconds), wait(seconds)))

    def fail() -> None:
        restart()
        if dies:
            link.die()

    monkeypatch.setattr(link, "restart", fail)
    worker.ask(request(1))
    server.wait(lambda: server.begun == [1])
    link.die()
    wait_for(qtbot, worker, 1)
    failure = worker.answers[-2]
    assert isinstance(failure, FailureReply)
    assert failure.message.startswith(f"The worker at node-7 was started {MOST_STARTS} times, and ended before")
    assert worker.troubles[-1] == "The worker at node-7 cannot be started"
    assert link.lives == MOST_STARTS  # with the first one
    assert pauses == [0.01, 0.02, 0.04]
    dies.clear()
    server.let(2)
    worker.ask(request(2))  # tries again
    wait_for(qtbot, worker, 2)
    assert worker.troubles[-1] == ""


def test_a_worker_that_comes_back_with_other_messages_is_told_nothing(worker, link, server, qtbot, monkeypatch) -> None:
    monkeypatch.setattr("app.workbench.remote_worker.LONGEST_PAUSE", 0.05)
    hello, other, asked = link.hello, {"protocol": "4-of another clone"}, []
    ask = link.ask
    monkeypatch.setattr(link, "hello", lambda: hello() | other)
    monkeypatch.setattr(link, "ask", lambda *told: (asked.append(link.lives), ask(*told))[1])
    worker.ask(request(1))
    server.wait(lambda: server.begun == [1])
    link.die()
    wait_for(qtbot, worker, 1)
    failure = worker.answers[-2]
    assert isinstance(failure, FailureReply)
    assert failure.message.startswith(
        f"The versions do not fit: protocol is 4-of another clone there and {versions()['protocol']} here."
    )
    assert worker.troubles[-1].startswith("The versions do not fit")
    assert set(asked) == {1}
    link.cut = True
    qtbot.waitUntil(lambda: worker.troubles[-1] == "The link is cut: trying again", timeout=30_000)
    link.cut = False
    worker.ask(request(2))
    wait_for(qtbot, worker, 2)  # it is asked after a link that was cut too
    assert set(asked) == {1}
    other.clear()  # the same was installed there
    server.let(3)
    worker.ask(request(3))
    wait_for(qtbot, worker, 3)
    assert heard(worker) == [(3, "answer 3")]
    assert worker.troubles[-1] == ""


def test_a_worker_that_waits_to_be_started_is_said_so_and_is_not_looked_for_elsewhere(
    worker, link, server, qtbot, monkeypatch
) -> None:
    hello, waits, sought = link.hello, [True], []

    def wait() -> dict[str, str]:
        if waits:
            raise NotStarted("The worker at node-7 has not started.", "All of its processors may be reserved.")
        return hello()

    monkeypatch.setattr(link, "hello", wait)
    monkeypatch.setattr(link, "reconnect", lambda: sought.append(link.lives))
    worker.ask(request(1))
    server.wait(lambda: server.begun == [1])
    link.die()
    words = "The worker at node-7 has not started. All of its processors may be reserved."
    qtbot.waitUntil(lambda: worker.troubles[-1:] == [words], timeout=30_000)
    waits.clear()
    server.let(1)
    wait_for(qtbot, worker, 1)
    assert (sought, link.lives, heard(worker)) == ([], 2, [(1, "answer 1")])
