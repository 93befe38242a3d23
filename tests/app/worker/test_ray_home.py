"""A worker as a Ray actor: the same answers as in the thread, whatever is killed. One cluster for all of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from app.features.circuit.queries import CircuitRunQuery, CurveQuery
from app.features.inspector.queries import NodeQuery
from app.messages.replies import (
    CircuitRunReply,
    DeltasReply,
    InputsReply,
    InspectionReply,
    RecoveryReply,
    RunReply,
    ScoresReply,
)
from app.messages.request import FailureReply, ProgressReply, QueryRefusal, Reply, Request, RequestDone
from app.workbench.remote_worker import RemoteWorker
from app.worker.remote_side import make_service
from core.edits import Edit
from core.errors import WirescopeError
from core.graph import Edge, Node, Reader
from core.project.document import Document, PairSource, Source
from core.project.metric_choice import MetricChoice
from core.project.trace_choice import TraceChoice
from core.tracing.ranking import Ranking
from core.tracing.scores import Scores
from tests.app.messages.made_values import same
from tests.ray_cluster import ray_cluster  # noqa: F401

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")  # nor imported before its time

HEAD, MLP = Node("head", 1, 0), Node("mlp", 0)
CUT = Edge(MLP, Reader("logits"))
NAMES = Document(
    "bundled:names",
    Source("text", "When Mary and John went to the store, John gave a drink to"),
    Source("text", "When Tom and John went to the store, John gave a drink to"),
    MetricChoice("logit_difference", " Mary", " John"),
)
SCAN = TraceChoice("exact-scan")
ROWS = tuple(PairSource(Source("text", f"When Mary and number {n} went to the store")) for n in range(300))
OF_THE_MACHINE = {"words", "megabytes", "number"}  # fields that say how long a run took, and what is kept
FIGURES = (InputsReply, RunReply, DeltasReply, InspectionReply, ScoresReply, RecoveryReply, CircuitRunReply)


def told(reply: Reply) -> dict[str, Any]:
    return {each.name: getattr(reply, each.name) for each in fields(reply) if each.name not in OF_THE_MACHINE}


def of_thread(request: Request) -> list[Reply]:
    """What the worker of this process answers, new each time."""
    replies: list[Reply] = []
    make_service().serve(request, replies.append, lambda: False)
    return replies


@pytest.fixture(scope="module")
def cluster(ray_cluster) -> Any:  # noqa: F811
    from app.worker.ray_home import Cluster

    return Cluster()  # the one that this process has joined


@pytest.fixture(scope="module")
def link(cluster) -> Iterator[Any]:
    link = cluster.start(cluster.places()[0])
    yield link
    link.close()


@pytest.fixture
def worker(qapp, link, monkeypatch) -> Iterator[RemoteWorker]:
    """Over the one actor of the module, which stays when this ends."""
    worker = RemoteWorker(link)
    worker.answers = []
    worker.replied.connect(worker.answers.append)
    worker._close = lambda: None
    monkeypatch.setattr("app.workbench.remote_worker.POLL", 0.2)
    worker.start()
    yield worker
    worker.stop(20)


class Asking:
    """Numbers that grow over all tests: they share an actor."""

    number = 0

    @classmethod
    def request(cls, document: Document, **more: Any) -> Request:
        cls.number += 1
        return Request(cls.number, document, **more)


def answered(worker: RemoteWorker, request: Request, qtbot, when: Callable[[Reply], None] | None = None) -> list[Reply]:
    """All replies to a request. when: hears of each as it comes."""
    if when is not None:
        worker.replied.connect(when)
    worker.ask(request)
    done = RequestDone(request.number)
    qtbot.waitUntil(lambda: worker.answers[-1:] == [done], timeout=100_000)
    return [reply for reply in worker.answers if reply.number == request.number]


def assert_alike(here: list[Reply], there: list[Reply], kinds: tuple[type, ...] = FIGURES) -> None:
    """The last replies of each kind say the same."""
    assert not [reply for reply in there if isinstance(reply, FailureReply | QueryRefusal)]
    for kind in kinds:
        last, other = ([reply for reply in replies if type(reply) is kind][-1:] for replies in (here, there))
        assert len(last) == len(other), kind.__name__
        for mine, its in zip(last, other, strict=True):
            for name, value in told(mine).items():
                assert near(value, told(its)[name]), f"{kind.__name__}.{name}"


def near(one: Any, other: Any) -> bool:
    """Whether figures are the same but for the order in which sums were made: runs start at what is kept."""
    if isinstance(one, Ranking | Scores):
        most = np.nanmax(np.abs(one.values))
        print("difference", np.nanmax(np.abs(one.values - other.values)), "of", most)
        return np.allclose(one.values, other.values, rtol=0, atol=1e-5 * most, equal_nan=True)
    if isinstance(one, np.ndarray):
        return np.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)
    if isinstance(one, float):
        return one == pytest.approx(other, rel=1e-5, abs=1e-6, nan_ok=True)
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(near(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(near, one, other))
    if is_dataclass(one):
        return all(near(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    return same(one, other)


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: {"document": NAMES},
        lambda: {"document": replace(NAMES, edits=(Edit(CUT, "zero"),)), "inspect": CUT},
        lambda: {"document": replace(NAMES, edits=(Edit(HEAD, "patch", (-1,)),)), "inspect": HEAD, "positions": (3,)},
        lambda: {
            "document": replace(NAMES, traced=TraceChoice(), size=12),
            "recover": True,
            "queries": (CircuitRunQuery(), CurveQuery(), NodeQuery(HEAD)),
        },
    ],
    ids=["open", "cut", "patch", "trace"],
)
def test_the_same_requests_have_the_same_answers_in_the_thread_and_in_the_actor(worker, request_of, qtbot) -> None:
    request = Asking.request(**request_of())
    assert_alike(of_thread(request), answered(worker, request, qtbot))
    assert worker.latency is not None


def test_a_vision_model_answers_alike_too(worker, models, pictures, qtbot) -> None:
    a, b = (Source("image", path=str(pictures(name)), name=name) for name in ("a.png", "b.png"))
    edits = (Edit(HEAD, "patch"), Edit(Edge(MLP, Reader("logits")), "zero"))
    request = Asking.request(Document(str(models.vit), a, b, edits=edits, traced=TraceChoice(), size=5), recover=True)
    assert_alike(of_thread(request), answered(worker, request, qtbot))


def test_an_actor_that_is_killed_in_the_middle_of_a_run_and_of_a_trace_changes_no_answer(worker, link, qtbot) -> None:
    lives: list[str] = []

    def kill_at(share: float, time: int) -> Callable[[Reply], None]:
        """Once, when so much of it is done."""

        def when(reply: Reply) -> None:
            if isinstance(reply, ProgressReply) and (reply.fraction or 0.0) >= share and len(lives) < time:
                there = link.hello()
                lives.append(there["life"])
                os.kill(int(there["process"]), signal.SIGKILL)

        return when

    run = Asking.request(replace(NAMES, edits=(Edit(CUT, "mean"),), pinned=(" Tom",), dataset=ROWS))  # sent once a life
    assert_alike(of_thread(run), answered(worker, run, qtbot, kill_at(0.0, 1)))
    trace = Asking.request(replace(NAMES, traced=SCAN, size=10), recover=True, queries=(CircuitRunQuery(),))
    assert_alike(of_thread(trace), answered(worker, trace, qtbot, kill_at(0.2, 2)))
    assert len(set(lives)) == 2
    assert link.hello()["life"] not in lives


def test_a_long_trace_is_given_up_within_a_layer(worker, qtbot) -> None:
    """The next request would wait for it."""
    trace = Asking.request(replace(NAMES, traced=SCAN, replacement="zero"), recover=True)
    begun: list[float] = []

    def note(reply: Reply) -> None:
        if isinstance(reply, ProgressReply) and reply.number == trace.number and reply.words.startswith("Exact scan"):
            begun.append(reply.fraction or 0.0)

    worker.replied.connect(note)
    worker.ask(trace)
    qtbot.waitUntil(lambda: len(begun) > 0, timeout=100_000)
    worker.cancel()
    answered(worker, Asking.request(NAMES), qtbot)
    assert max(begun) < 1
    assert RequestDone(trace.number) not in worker.answers


def test_a_window_moves_to_the_actor_and_back_with_its_edits(sit_down, link, monkeypatch) -> None:
    monkeypatch.setattr("app.workbench.remote_worker.POLL", 0.2)
    monkeypatch.setattr(link, "close", lambda: None)
    person = sit_down()
    person.open(NAMES.model, NAMES.clean.text, NAMES.counterfactual.text, NAMES.metric)
    homes, status = person.workbench.homes, person.panel("status")
    assert not person.window.commands["disconnect"].isEnabled()
    person.workbench.select((CUT,))
    person.window.commands["cut"].trigger()
    person.rest()
    here = told(person.workbench.ran)
    assert here["edits"]
    person.workbench._client._number = Asking.number  # the actor has served others
    homes.move(RemoteWorker(link))
    person.rest()
    assert near(told(person.workbench.ran), here)
    person.wait(lambda: "away" in status.device.text())
    assert status.device.text().startswith(f"on {link.place}, ")
    person.window.commands["cut"].trigger()  # taken back, there
    person.rest()
    assert person.workbench.ran.edits == ()
    assert person.workbench.ran.after == pytest.approx(here["before"])
    Asking.number = person.workbench._client._number
    person.window.commands["disconnect"].trigger()
    person.rest()
    assert homes.place == ""
    assert status.device.text() == "cpu · fp32"
    person.workbench.history.undo()
    person.rest()
    assert near(told(person.workbench.ran), here)


def test_what_goes_wrong_there_is_said_by_its_cause(ray_cluster, cluster) -> None:  # noqa: F811
    from app.worker.ray_calls import called

    def fail() -> None:
        raise KeyError("a field")

    task = ray_cluster.remote(fail)
    with pytest.raises(WirescopeError, match=r"^Something went wrong at node-7: KeyError: 'a field'\.$"):
        called(lambda: ray_cluster.get(task.remote()), "node-7")


def test_a_node_that_does_not_answer_is_left_out_and_said(ray_cluster, cluster, monkeypatch) -> None:  # noqa: F811
    """As where Wirescope is not installed there."""
    (node,) = [each for each in ray_cluster.nodes() if each["Alive"]]
    lacking = {**node, "NodeID": "0" * 56, "NodeManagerHostname": "node-9"}
    monkeypatch.setattr(ray_cluster, "nodes", lambda: [lacking, node])
    (place,) = cluster.places()
    assert place.node == node["NodeID"]
    assert cluster.unheard.startswith("Left out, as they do not answer: node-9 (")
    monkeypatch.setattr(ray_cluster, "nodes", lambda: [node])
    cluster.places()
    assert cluster.unheard == ""
    monkeypatch.setattr(ray_cluster, "nodes", lambda: [lacking])
    with pytest.raises(WirescopeError):
        cluster.places()


def test_a_process_that_is_joined_to_one_cluster_does_not_take_it_for_another(ray_cluster, cluster) -> None:  # noqa: F811
    from app.worker.ray_home import Cluster

    with pytest.raises(WirescopeError, match="is joined to another cluster"):
        Cluster("ray://localhost:1")


def test_who_has_no_token_is_refused_by_the_cluster(ray_cluster, cluster) -> None:  # noqa: F811
    """All users of this machine reach its ports."""
    grpc = pytest.importorskip("grpc")
    address = ray_cluster.get_runtime_context().gcs_address
    codes: list[Any] = []
    with grpc.insecure_channel(address) as channel:
        nodes = channel.unary_unary("/ray.rpc.NodeInfoGcsService/GetAllNodeInfo")
        for metadata in ((), (("authorization", "Bearer another"),)):
            with pytest.raises(grpc.RpcError) as refused:
                nodes(b"", timeout=30, metadata=metadata)
            codes.append(refused.value.code())
    assert codes == [grpc.StatusCode.UNAUTHENTICATED] * 2
