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


@pytest.mark.timeout(400)
@pytest.mark.slow  # a cluster of its own, twice
@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_a_cluster_of_this_machine_that_ends_is_started_again() -> None:
    command, environment = [sys.executable, "-c", IN_A_NEW_PROCESS], os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "The cluster of this machine has ended" in done.stdout
