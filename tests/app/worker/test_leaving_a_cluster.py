"""How a window leaves a cluster, and a worker there: with a stand-in for Ray."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from app.messages.links import LinkCut, NotStarted
from app.messages.places import Place
from app.worker import ray_home
from app.worker.ray_home import Cluster
from app.worker.ray_link import CLOSE_SECONDS, RayLink
from core import local_cluster
from core.errors import WirescopeError

ADDRESS = "ray://localhost:1"
PLACE = Place("n1", "node-7", 8, 1 << 30, 1 << 30)


class GetTimeoutError(Exception):
    """As Ray has it."""


class Ray(SimpleNamespace):
    """A cluster that is joined as `init` ends, and actors whose calls `call` answers."""

    def __init__(self, call: Callable[..., Any] = lambda *_: {}) -> None:
        self.joined, self.done = False, []
        self.may_join, self.is_joining = threading.Event(), threading.Event()
        self.may_join.set()
        self.call = call
        self.exceptions = SimpleNamespace(
            GetTimeoutError=GetTimeoutError,
            **{
                name: type(name, (Exception,), {})
                for name in ("RayTaskError", "ActorUnavailableError", "RayActorError", "ActorUnschedulableError")
            },
        )

    def is_initialized(self) -> bool:
        return self.joined

    def init(self, **_told: object) -> None:
        self.is_joining.set()
        assert self.may_join.wait(30)
        self.joined = True

    def shutdown(self) -> None:
        self.joined = False

    def remote(self, _kind: object) -> Any:
        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=lambda *_, **__: Actor()))

    def get(self, asked: tuple[str, tuple[object, ...]], timeout: float) -> Any:
        self.done.append((*asked, timeout))
        return self.call(asked[0])

    def kill(self, _actor: object) -> None:
        self.done.append("kill")


class Actor:
    def __getattr__(self, method: str) -> Any:
        return SimpleNamespace(remote=lambda *told: (method, told))


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Ray:
    ray = Ray()
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setitem(sys.modules, "ray.exceptions", ray.exceptions)
    monkeypatch.setattr(ray_home, "why_not", lambda: "")
    monkeypatch.setattr(ray_home, "set_environment", lambda _address: None)
    monkeypatch.setattr(local_cluster, "join_options", lambda *_: {})
    return ray


def link_of(device: str = "cpu") -> RayLink:
    cluster: Any = SimpleNamespace(is_local=True, options=lambda _node: {})
    return RayLink(cluster, PLACE, device)


def test_a_cluster_that_is_left_while_it_is_joined_again_is_left_after_all(ray: Ray) -> None:
    cluster, said = Cluster(ADDRESS), []
    ray.may_join.clear()
    ray.is_joining.clear()

    def rejoin() -> None:
        try:
            cluster.rejoin()
        except LinkCut as error:
            said.append(error.message)

    threads = [threading.Thread(target=rejoin)]
    threads[0].start()
    assert ray.is_joining.wait(30)
    threads.append(threading.Thread(target=cluster.leave))  # as Disconnect does
    threads[1].start()
    threads[1].join(0.05)
    ray.may_join.set()
    for thread in threads:
        thread.join(30)
    assert not ray.joined
    with pytest.raises(LinkCut, match="has left the cluster"):
        cluster.rejoin()
    assert not ray.joined
    assert Cluster(ADDRESS).address == ADDRESS  # another one can be joined
    assert ray.joined


def test_a_cluster_that_was_left_does_not_end_the_next_one(ray: Ray) -> None:
    first = Cluster(ADDRESS)
    first.leave()
    Cluster("ray://localhost:2")
    with pytest.raises(LinkCut):
        first.rejoin()  # of a link that is still being mended
    assert ray.joined


def test_a_worker_removes_what_it_was_sent_before_it_is_ended(ray: Ray) -> None:
    link = link_of()
    link.close()
    assert ray.done == ["kill"], "it has not started, and would be waited for"
    link = link_of()
    link.hello()
    ray.done.clear()
    link.close()
    assert ray.done == [("close", (0.0,), CLOSE_SECONDS), "kill"]


def test_a_worker_that_does_not_answer_is_ended_all_the_same(ray: Ray) -> None:
    link = link_of()
    link.hello()

    def fail(_method: str) -> None:
        raise GetTimeoutError("Get timed out")

    ray.call = fail
    link.close()
    assert ray.done[-1] == "kill"


@pytest.mark.parametrize(
    ("device", "hint"),
    [("cpu", "All of its processors that Ray lends may be reserved"), ("cuda", "Its GPUs, or all of its processors")],
)
def test_a_worker_that_waits_for_what_others_have_reserved_says_so(ray: Ray, device: str, hint: str) -> None:
    def fail(_method: str) -> None:
        raise GetTimeoutError("Get timed out: some object(s) not ready.")

    link = link_of(device)
    ray.call = fail
    for call in (link.hello, lambda: link.replies("", 0, 0.0)):
        with pytest.raises(NotStarted, match=r"^The worker at node-7 has not started\.") as waits:
            call()
        assert waits.value.hint.startswith(hint)
    ray.call = lambda _method: {}
    link.hello()
    ray.call = fail
    with pytest.raises(WirescopeError, match="cannot be reached: Get timed out") as slow:
        link.hello()
    assert not isinstance(slow.value, NotStarted)
