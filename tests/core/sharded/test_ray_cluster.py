"""Shards on a Ray cluster of two workers: the numbers are those of this process, also where a worker dies."""

from __future__ import annotations

import os
import platform
import signal
import socket
import threading
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import wirescope as ws
from core import local_cluster
from core.errors import ModelError, UnreadableFileError, WirescopeError
from core.inputs.dataset_files import write_dataset
from core.models.mapped_files import on_disk
from core.progress import at
from core.sent import sending
from core.sharded import ray_cluster as shards_on_ray
from core.sharded import send_model
from core.sharded.executors import Workers
from core.sharded.job import ModelRef
from core.sharded.preview import ref_of
from core.sharded.progress import read_progress
from core.sharded.ray_shares import SPACE
from core.sharded.tracing import TraceWork
from core.sharded.worker import opened
from tests.app.command_line import code_of, start
from tests.core.sharded.small_run import ROWS, run
from tests.ray_cluster import imported_ray, ray_cluster  # noqa: F401
from tests.small_models import small_text_model


@dataclass(frozen=True)
class DyingWork(TraceWork):
    """Kills its process the first time that it is asked for anything but the first shard."""

    died: str = ""

    def of(self, model, pairs, like):
        if pairs.dataset.pairs[0].clean.text != "When Mary gave a" and not Path(self.died).exists():
            Path(self.died).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().of(model, pairs, like)


@pytest.fixture
def saved(tmp_path: Path) -> ws.Model:
    """A model that other processes can open by its name."""
    module, tokenizer = small_text_model()
    module.float().save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    return ws.load_model(str(tmp_path / "model"))


@pytest.mark.slow  # two processes import torch, and one more after a death
def test_two_workers_give_what_this_process_gives_though_one_is_killed(saved, tmp_path: Path, ray_cluster) -> None:  # noqa: F811
    died = tmp_path / "died"
    expected = run(saved, tmp_path / "here")
    sums = run(saved, tmp_path / "there", DyingWork("eap", died=str(died)), workers=Workers(2))
    assert died.exists()
    assert sums.keys() == expected.keys()
    for name in sums:
        assert np.allclose(sums[name], expected[name], rtol=0, atol=1e-6 * np.abs(expected[name]).max()), name
    said = read_progress(tmp_path / "there")
    assert (said.state, said.workers, said.shards_done, said.done) == ("done", 2, 5, 18)
    assert [path.stem for path in sorted((tmp_path / "there" / "pairs").iterdir())] == [f"{n:06}" for n in range(5)]

    # other weights under the same name are refused
    module, tokenizer = small_text_model(seed=1)
    other = ws.load_model((module.float(), tokenizer))
    object.__setattr__(other, "name", saved.name)
    with pytest.raises(ModelError, match=f"has other weights on the machine {platform.node()} than where"):
        run(other, tmp_path / "other", workers=Workers(1))
    assert read_progress(tmp_path / "other").state == "failed"


@pytest.mark.slow  # the command and a worker of the cluster import torch each
def test_the_command_finds_the_cluster_that_runs(saved, tmp_path: Path, ray_cluster, monkeypatch) -> None:  # noqa: F811
    rows = tmp_path / "rows.jsonl"
    write_dataset(rows, ROWS[:4])
    # what `auto` looks at first: another cluster of this machine might be found
    monkeypatch.setenv("RAY_ADDRESS", ray_cluster.get_runtime_context().gcs_address)
    command = ("trace", "--model", saved.name, "--dataset", str(rows), "--shard", "4", "--method", "eap")
    ran = start("-m", "app", *command, "--folder", str(tmp_path / "run"), "--cluster", "auto")
    assert ran.returncode == 0, ran.stderr
    said = read_progress(tmp_path / "run")
    assert (said.state, said.workers, said.done) == ("done", 2, 4)
    assert ray_cluster.cluster_resources()["CPU"] == 2, "it is left as it is"


def test_a_machine_without_the_model_says_so(saved, tmp_path: Path) -> None:
    ref = ref_of(saved)
    assert ref.folder == str(tmp_path / "model")
    (tmp_path / "model").rename(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match=f"The machine {platform.node()} has no folder {tmp_path / 'model'}"):
        opened(ref)
    with pytest.raises(ModelError, match=f"On the machine {platform.node()}: "):
        opened(ModelRef("pack:nowhere", "fp32", ""))
    assert ref_of(replace(saved, name="bundled:names")).folder == ""
    assert ref_of(replace(saved, name=f"vision:{tmp_path}?class=cat")).folder == str(tmp_path)


def test_weights_are_in_workers_where_they_were_asked_to_be(saved) -> None:
    for place, stays in (("disk", True), ("memory", False)):
        ref = ref_of(ws.load_model(saved.name, weights=place))
        assert ref.place == place
        assert {on_disk(each) for each in opened(ref).model.adapter.module.parameters()} == {stays}


def test_without_ray_it_is_said_what_to_install(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    command = ("trace", "--model", "bundled:names", "--task", "capitals", "--pairs", "2", "--workers", "2")
    assert code_of(*command, "--folder", str(tmp_path)) == 3
    assert 'pip install "wirescope[cluster]"' in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_cluster_that_is_not_there_is_said(tmp_path: Path, monkeypatch) -> None:
    ray = imported_ray()
    monkeypatch.setattr(ray, "is_initialized", lambda: False)

    def refuse(**_options: object) -> None:
        # as Ray does before it raises: here an error of its own, where it is not kept from the terminal
        warnings.warn("Ray Client connection timed out. Ensure that the port is reachable.", stacklevel=1)
        raise ConnectionError("nobody answers")

    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(
        WirescopeError, match=r"No Ray cluster answers at ray://localhost:1: nobody answers\. Start one"
    ):
        Workers(None, "ray://localhost:1").executor(None)


@pytest.mark.parametrize("address", ["127.0.0.1:{port}", "localhost:{port}", "127.0.0.1:99999"])
def test_an_address_where_nothing_listens_is_refused_before_ray_looks_for_it(address: str, monkeypatch) -> None:
    ray = imported_ray()
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", lambda **_: pytest.fail("it would wait for minutes"))
    monkeypatch.setattr(local_cluster, "_asked_for_loopback", False)
    with socket.socket() as bound:  # which does not listen
        bound.bind(("127.0.0.1", 0))
        given = address.format(port=bound.getsockname()[1])
        with pytest.raises(WirescopeError, match=f"No Ray cluster answers at {given}: [^\\[]"):
            Workers(None, given).executor(None)


def test_a_cluster_of_this_machine_that_does_not_start_is_said(monkeypatch) -> None:
    ray = imported_ray()
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    for error, words in (
        (
            Exception("The node timed out.\nMore of it"),
            "Ray did not start on this machine: The node timed out. Try again",
        ),
        (Exception("Why not:\n  File x\nIt is full\n"), "Ray did not start on this machine: It is full. Try again: "),
        (OSError(), "machine: OSError. Try again: .* waits. Without workers \\(--workers\\) this process does"),
        (WirescopeError("Its ports would be open."), "^Its ports would be open"),
    ):

        def fail(*_told: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(shards_on_ray, "start_cluster", fail)
        with pytest.raises(WirescopeError, match=words):
            Workers(2, None).executor(None)


@pytest.mark.parametrize("cluster", [None, "ray://localhost:1"])
def test_what_is_waited_for_is_told_where_ray_takes_long(cluster: str | None, monkeypatch) -> None:
    ray = imported_ray()
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    is_told, told = threading.Event(), []

    def tell(words: str) -> None:
        told.append(words)
        is_told.set()

    def start(*_told: object, **_options: object) -> None:
        assert is_told.wait(60)
        raise OSError("It is full.")

    monkeypatch.setattr(shards_on_ray, "start_cluster", start)
    monkeypatch.setattr(ray, "init", start)
    monkeypatch.setattr(shards_on_ray, "SECONDS_UNTOLD", 0.0)
    with pytest.raises(WirescopeError, match="It is full"):
        Workers(None if cluster else 2, cluster, tell).executor(None)
    waits = "Ray is being started on this machine." if cluster is None else f"The cluster at {cluster} has not answered"
    assert [words.startswith(waits) for words in told] == [True]
    monkeypatch.setattr(shards_on_ray, "SECONDS_UNTOLD", 600.0)
    threads = set(threading.enumerate())
    with pytest.raises(WirescopeError, match="It is full"):
        Workers(None if cluster else 2, cluster, tell).executor(None)
    for timer in set(threading.enumerate()) - threads:
        timer.join(60)
        assert not timer.is_alive()
    assert len(told) == 1


@pytest.mark.parametrize(("seconds", "tries"), [(5.0, 3), (90.0, 1)])
def test_ray_that_takes_long_to_fail_is_not_started_again_and_again(seconds: float, tries: int, monkeypatch) -> None:
    now, ended = [0.0], []

    def fail(**_told: object) -> None:
        now[0] += seconds
        raise OSError("It is full.")

    monkeypatch.setattr(local_cluster, "monotonic", lambda: now[0])
    stand_in = SimpleNamespace(
        init=fail, shutdown=lambda: ended.append(now[0]), job_config=SimpleNamespace(JobConfig=SimpleNamespace)
    )
    monkeypatch.setattr(local_cluster, "import_ray", lambda: stand_in)
    monkeypatch.setattr(local_cluster, "keep_token", lambda: None)
    monkeypatch.setattr(local_cluster, "_asked_for_loopback", False)
    monkeypatch.setattr(os, "environ", {})
    with pytest.raises(OSError, match="It is full"):
        local_cluster.start_cluster(2)
    assert len(ended) == tries


@pytest.mark.parametrize(("folder", "to"), [("/models/small", ["first", "second"]), ("", [])])
def test_a_node_that_joins_later_is_sent_the_model_before_the_next_task(
    folder: str, to: list[str], monkeypatch
) -> None:
    nodes = [{"NodeID": "first", "Alive": True}, {"NodeID": "gone", "Alive": False}]
    done: list[str] = []

    class Remote:
        def remote(self, task: SimpleNamespace, _key: str) -> str:
            done.append(f"task {task.number}")
            if task.number == 0:
                nodes.append({"NodeID": "second", "Alive": True})
            return f"task {task.number}"

    stand_in = SimpleNamespace(
        is_initialized=lambda: True,
        nodes=lambda: list(nodes),
        remote=lambda **_options: lambda _work: Remote(),
        wait=lambda waiting, **_options: (waiting, []),
        get=lambda reference: reference,
        exceptions=SimpleNamespace(RayError=RuntimeError),
    )
    monkeypatch.setattr(shards_on_ray, "import_ray", lambda: stand_in)
    monkeypatch.setattr(shards_on_ray, "send_model", lambda _ray, node, *_told: done.append(node["NodeID"]))
    monkeypatch.setattr(local_cluster, "_asked_for_loopback", False)
    monkeypatch.setattr(os, "environ", {})
    cluster = shards_on_ray.RayCluster(1, "ray://localhost:1")
    cluster.send(ModelRef("a model", "fp32", "", folder=folder))
    tasks = (SimpleNamespace(number=number) for number in range(3))
    results = [*cluster.results(tasks, lambda _share: None, lambda: False)]
    assert results == [(number, f"task {number}") for number in range(3)]
    sent = iter(to)
    assert done == [*filter(None, (next(sent, ""), "task 0", next(sent, ""), "task 1", "task 2"))]


def test_a_file_that_a_worker_cannot_read_is_said_with_its_machine() -> None:
    missing, other = UnreadableFileError("There is no file x.", "Do."), ModelError("It has other weights.")
    refused = shards_on_ray.Refused(missing, "node2").as_told_on("node1")
    assert isinstance(refused, UnreadableFileError)
    assert (refused.message, refused.hint) == ("On the machine node2: There is no file x.", "Do.")
    assert shards_on_ray.Refused(missing, "node1").as_told_on("node1") is missing
    assert shards_on_ray.Refused(other, "node2").as_told_on("node1") is other


def test_what_is_waited_for_is_told_where_no_task_is_in_work(monkeypatch) -> None:
    now, processors, begun = [0.0], [1.0], {}
    monkeypatch.setattr(shards_on_ray, "monotonic", lambda: now[0])
    told, shares_told = [], []
    ray = SimpleNamespace(cluster_resources=lambda: {"CPU": processors[0]})
    shares = SimpleNamespace(of=lambda _numbers: begun)
    look = shards_on_ray.Look(ray, told.append)

    def after(seconds: float) -> list[str]:
        now[0] += seconds
        told.clear()
        look.at(shares, [1, 2], shares_told.append)
        return [*told]

    assert after(shards_on_ray.SECONDS_IDLE - 1) == []
    assert after(2) == [shards_on_ray.NOT_BEGUN]
    assert after(1000) == [], "it is told once"
    begun.update({1: 0.25, 2: 0.5})
    assert after(1) == []
    assert shares_told == [0.75]
    processors[0] = 0.0  # the machines are gone, and with them those that had begun
    assert after(shards_on_ray.SECONDS_IDLE + 1) == [shards_on_ray.NO_PROCESSOR]
    assert after(1000) == []
    processors[0] = 1.0
    assert after(1) == []
    shares.of = lambda _numbers: None  # the cluster does not say: nothing is said of it
    assert after(1000) == []


@dataclass(frozen=True)
class HalfDone:
    """A task that says that it is half done, and waits to be allowed to end."""

    number: int
    allowed: str

    def do(self, _model: object) -> int:
        at(0.0)
        time.sleep(shards_on_ray.SECONDS_BETWEEN)
        at(0.5)
        while not Path(self.allowed).exists():
            time.sleep(0.05)
        return self.number


@pytest.mark.slow  # two processes import torch
def test_workers_say_how_far_they_are(tmp_path: Path, ray_cluster) -> None:  # noqa: F811
    told: list[float] = []

    def within(share: float) -> None:
        told.append(share)
        if share == 1.0:
            (tmp_path / "allowed").touch()

    cluster = shards_on_ray.RayCluster(2, None)
    tasks = [HalfDone(number, str(tmp_path / "allowed")) for number in range(2)]
    assert sorted(cluster.results(tasks, within, lambda: False)) == [(0, 0), (1, 1)]
    assert 1.0 in told
    assert ray_cluster.experimental.internal_kv._internal_kv_list("", namespace=SPACE) == [], "nothing is left there"


@pytest.mark.slow  # processes import torch
def test_a_model_in_a_folder_goes_to_a_node_that_lacks_it_and_is_opened_there(
    saved,
    tmp_path: Path,
    ray_cluster,  # noqa: F811
    monkeypatch,
) -> None:
    """The cluster's processes see this machine's folder under another path alone."""
    here, there, cache = tmp_path / "model", tmp_path / "moved", tmp_path / "cache"
    (node,) = ray_cluster.nodes()
    runtime = {"env_vars": {"WIRESCOPE_DATA": str(cache)}}
    ref = ref_of(saved)
    monkeypatch.setattr(send_model.Node, "has", lambda *_told: False)
    monkeypatch.setattr(sending, "PART", 10_000)
    send_model.send_model(ray_cluster, node, runtime, ref)
    here.rename(there)
    opens = ray_cluster.remote(lambda ref: (opened(ref).model.name, ref_of(opened(ref).model).weights))
    assert ray_cluster.get(opens.options(runtime_env=runtime).remote(ref)) == (ref.name, ref.weights)
    with pytest.raises(Exception, match="has no folder"):
        ray_cluster.get(opens.options(runtime_env=runtime).remote(replace(ref, weights="other")))
    there.rename(here)
    sent = list(cache.rglob("*.safetensors"))
    assert len(sent) == 1
    monkeypatch.setattr(send_model, "UNASKED", 1000)
    send_model.send_model(ray_cluster, node, runtime, ref)  # nothing is to be sent
    other = {"env_vars": {"WIRESCOPE_DATA": str(tmp_path / "other")}}
    with pytest.raises(ModelError, match=r"has no folder .*model, and 0 MB are to be sent to it.*Connect to…"):
        send_model.send_model(ray_cluster, node, other, ref)
    assert not list((tmp_path / "other").rglob("*.part"))
