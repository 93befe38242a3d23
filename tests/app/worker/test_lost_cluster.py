"""A cluster of this machine whose server ends is started again, and a worker there."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from core.code_path import ROOT

IN_A_NEW_PROCESS = """
import psutil
from app.messages.links import WorkerDied
from app.worker.ray_home import Cluster


def process_of(told):
    try:
        return psutil.Process(int(told["process"]))
    except psutil.NoSuchProcess:
        return None


cluster = Cluster(cpus=1, store_bytes=80_000_000)
link = cluster.start(cluster.places()[0])
first = link.hello()
assert not cluster.has_ended()
servers = [each for each in psutil.Process().children(recursive=True) if each.name() == "raylet"]
for each in servers:
    each.kill()
psutil.wait_procs(servers)
assert cluster.has_ended()
_, left = psutil.wait_procs([each for each in [process_of(first)] if each], timeout=60)
assert not left  # it goes with its server
try:
    link.reconnect()
except WorkerDied as error:
    print(error)
    link.restart()
second = link.hello()
assert second["machine"] == first["machine"]
assert second["life"] != first["life"]
link.close()
cluster.leave()
"""


NO_CLUSTER = """
from core.local_cluster import set_environment

set_environment("ray://localhost:1")
import ray

calls = (lambda: ray.get_actor("worker"), lambda: ray.remote(print).remote(), lambda: ray.put(1), ray.nodes)
for call in calls:
    try:
        call()
    except Exception as error:
        print(type(error).__name__)
    else:
        raise SystemExit("something was called")
    assert not ray.is_initialized()
"""


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_a_call_of_a_cluster_that_is_not_joined_starts_none() -> None:
    """As of a window whose link is cut: Ray would start one in its process, and the call would go there."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    command, environment = [sys.executable, "-c", NO_CLUSTER], own | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.timeout(400)
@pytest.mark.slow  # a cluster of its own, twice
@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_a_cluster_of_this_machine_that_ends_is_started_again() -> None:
    command, environment = [sys.executable, "-c", IN_A_NEW_PROCESS], os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "The cluster of this machine has ended" in done.stdout
