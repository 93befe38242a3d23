"""What a cluster that is started here listens on: loopback, and nothing else; what its processes take for code; and
that they outlive the thread that asked for them."""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.messages.links import LinkCut
from app.messages.places import LOCAL
from app.worker import ray_home
from app.worker.ray_home import Cluster
from core import local_cluster
from core.errors import ArgumentError, WirescopeError
from core.sharded import ray_cluster
from core.sharded.ray_cluster import RayCluster

ROOT = Path(__file__).parents[3]
RAY = SimpleNamespace(job_config=SimpleNamespace(JobConfig=SimpleNamespace))
IN_A_NEW_PROCESS = """
import json, psutil, sys, threading, time
sys.path.remove("")  # as a command has it that was installed
from app.worker.ray_home import Cluster
here = psutil.Process()
clusters = []
thread = threading.Thread(target=lambda: clusters.append(Cluster(cpus=1, store_bytes=80_000_000)))  # as a window does
thread.start()
thread.join()
while thread.native_id in [each.id for each in here.threads()]:  # Linux kills now what ends with its thread
    time.sleep(0.01)
(cluster,) = clusters
servers = [each for each in here.children(recursive=True) if each.name() in ("gcs_server", "raylet")]
assert len(servers) == 2
ended, _ = psutil.wait_procs(servers, timeout=1)
assert not ended, ended  # and below the cluster is asked three things
cluster.places()  # by a process of its own
listening = [
    (process.name(), connection.laddr.ip)
    for process in (here, *here.children(recursive=True))
    for connection in process.net_connections()
    if connection.status == psutil.CONN_LISTEN
]
import ray
look = ray.remote(num_cpus=0)(lambda: __import__("sys").path)
paths = ray.get(look.options(**cluster.options(cluster.places()[0].node)).remote())
cluster.leave()
print("paths", json.dumps(paths))
print("listening", json.dumps(listening))
"""


@pytest.mark.slow  # a cluster of its own: Ray decides when it is imported
@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_a_cluster_outlives_its_thread_and_neither_listens_beyond_loopback_nor_runs_what_lies_around(
    tmp_path: Path,
) -> None:
    command, environment = [sys.executable, "-c", IN_A_NEW_PROCESS], os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines() if line.startswith(("listening ", "paths ")))
    listening, paths = json.loads(told["listening"]), json.loads(told["paths"])
    assert str(ROOT) in paths
    assert not {"", ".", str(tmp_path)} & set(paths)
    assert {"gcs_server", "raylet"} <= {name for name, _ in listening}
    assert [(name, ip) for name, ip in listening if not on_loopback(ip)] == []


def on_loopback(ip: str) -> bool:
    address = ipaddress.ip_address(ip)
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


@pytest.mark.parametrize(
    ("address", "loopback"),
    [(None, "0"), ("ray://localhost:10001", "0"), ("auto", None), ("localhost:6379", None)],
)
def test_to_join_a_cluster_by_host_and_port_nothing_is_said_of_loopback(
    address: str | None, loopback: str | None, monkeypatch
) -> None:
    """Ray would look for localhost:6379 at 127.0.0.1, where a cluster of several machines does not listen."""
    monkeypatch.setattr(os, "environ", {})
    monkeypatch.setattr(local_cluster, "_asked_for_loopback", False)
    local_cluster.set_environment(address)
    assert os.environ.get(local_cluster.LOOPBACK) == loopback
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


@pytest.mark.parametrize("before", [None, "ray://localhost:10001"])
def test_after_loopback_a_cluster_by_host_and_port_is_refused_in_words(before: str | None, monkeypatch) -> None:
    """Ray has read that this node is at loopback, where no other machine finds it."""
    monkeypatch.setattr(ray_home, "why_not", lambda: "")
    told: list[str] = []
    ray = SimpleNamespace(
        is_initialized=lambda: False, init=lambda **options: told.append(options["address"]), job_config=RAY.job_config
    )
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr(ray_cluster, "import_ray", lambda: ray)
    monkeypatch.setattr(os, "environ", {})
    monkeypatch.setattr(local_cluster, "_asked_for_loopback", False)
    Cluster("10.0.0.7:6379")
    assert told == ["10.0.0.7:6379"]
    local_cluster.set_environment(before)
    for join in (Cluster, lambda address: RayCluster(None, address)):
        with pytest.raises(WirescopeError, match=r"10\.0\.0\.7:6379 cannot .* anew, or take ray://HOST:PORT\."):
            join("10.0.0.7:6379")
    Cluster("ray://10.0.0.7:10001")
    assert told == ["10.0.0.7:6379", "ray://10.0.0.7:10001"]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (
            "ray://localhost:1",
            r"^No cluster answers at ray://localhost:1: It is full\. Give ray://HOST:PORT, through SSH",
        ),
        (LOCAL, r"^Ray did not start on this machine: It is full\. Try again: a machine that is busy .* waits\.$"),
    ],
)
def test_why_a_window_has_no_cluster_is_said_before_what_to_do(address: str, words: str, monkeypatch) -> None:
    def fail(**_told: object) -> None:
        raise ConnectionAbortedError("Initialization failure from server:\nTraceback:\n  File x\nIt is full\n")

    ray = SimpleNamespace(is_initialized=lambda: False, init=fail, shutdown=lambda: None, job_config=RAY.job_config)
    monkeypatch.setattr(ray_home, "why_not", lambda: "")
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setattr(local_cluster, "import_ray", lambda: ray)
    monkeypatch.setattr(local_cluster, "keep_token", lambda: None)
    monkeypatch.setattr(local_cluster, "_asked_for_loopback", False)
    monkeypatch.setattr(os, "environ", {})
    with pytest.raises(LinkCut, match=words):
        Cluster(address)


@pytest.mark.parametrize("address", ["rubbish", "", "local", "ray://localhost", "http://localhost:10001", "a b:1"])
def test_what_is_no_address_is_refused_before_ray_is_asked(address: str, monkeypatch) -> None:
    """Whatever this process has joined before, and with nothing told to Ray: a cluster can still be started."""
    monkeypatch.setattr(os, "environ", {})
    monkeypatch.setattr(local_cluster, "_asked_for_loopback", True)
    with pytest.raises(ArgumentError, match=f"{address!r} is no address of a cluster"):
        RayCluster(None, address)
    assert os.environ == {}


def test_a_loopback_that_the_user_has_asked_for_is_the_users_own(monkeypatch) -> None:
    monkeypatch.setattr(os, "environ", {local_cluster.LOOPBACK: "0"})
    monkeypatch.setattr(local_cluster, "_asked_for_loopback", False)
    local_cluster.set_environment()
    assert local_cluster.join_options(RAY, "localhost:6379")["address"] == "localhost:6379"


@pytest.mark.parametrize(("paths", "left_out"), [(["/lib"], True), (["", "/lib"], False), (["{here}", "/lib"], False)])
def test_the_folder_of_the_start_is_code_of_a_worker_only_where_it_is_of_this_process(
    paths: list[str], left_out: bool, monkeypatch
) -> None:
    monkeypatch.setattr(sys, "path", [each.format(here=os.getcwd()) for each in paths])
    monkeypatch.setattr(local_cluster, "_asked_for_loopback", False)
    assert local_cluster.join_options(RAY, "auto")["job_config"]._client_job is left_out  # so Ray leaves it out


@pytest.mark.parametrize(("given", "entries"), [(None, []), ("", []), ("/a::b:/a", ["/a", "{here}/b"])])
def test_no_process_of_a_cluster_has_its_working_directory_among_its_code(
    given: str | None, entries: list[str], tmp_path: Path, monkeypatch
) -> None:
    """An empty entry of PYTHONPATH is the folder that a process is started in: its files come before Python's own."""
    monkeypatch.chdir(tmp_path)
    made: list[dict[str, Any]] = []
    ray = SimpleNamespace(
        is_initialized=lambda: True,
        cluster_resources=dict,
        remote=lambda **options: (made.append(options["runtime_env"]["env_vars"]), lambda task: task)[1],
    )
    monkeypatch.setattr(ray_cluster, "import_ray", lambda: ray)
    monkeypatch.setattr(local_cluster, "_asked_for_loopback", False)
    monkeypatch.setattr(os, "environ", {} if given is None else {"PYTHONPATH": given.replace(":", os.pathsep)})
    RayCluster(1, None)
    (variables,) = made
    assert variables["PYTHONPATH"].split(os.pathsep) == [
        str(ROOT),
        *(os.path.abspath(each.format(here=Path.cwd())) for each in entries),
    ]


@pytest.mark.parametrize(("address", "open_to"), [("10.0.0.7", True), ("127.0.0.1", False), ("::1", False)])
def test_a_cluster_whose_ports_would_be_open_is_ended_and_that_is_said(
    address: str, open_to: bool, monkeypatch
) -> None:
    told: list[str] = []
    ray = SimpleNamespace(
        init=lambda **options: told.append(options["address"]),
        shutdown=lambda: told.append("ended"),
        job_config=RAY.job_config,
        util=SimpleNamespace(get_node_ip_address=lambda: address),
    )
    monkeypatch.setattr(local_cluster, "import_ray", lambda: ray)
    monkeypatch.setattr(local_cluster, "keep_token", lambda: None)
    if open_to:
        with pytest.raises(WirescopeError, match=r"open to the network, at 10\.0\.0\.7: Ray was imported before"):
            local_cluster.start_cluster()
        assert told == ["local", "ended"]
    else:
        assert local_cluster.start_cluster() is ray
        assert told == ["local"]
