"""A worker behind a link that is cut, in two network namespaces: that of the window's side, and that of a cluster.

    unshare --user --map-root-user --net python -m tests.app.worker.cut_link

The namespace of this process has one end of a link, and `Other` has the other; nothing of the machine's own network is
touched. Prints JSON: what was answered when.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from PySide6.QtCore import QCoreApplication

from app.messages.links import LinkCut
from app.messages.places import Place
from app.messages.replies import RunReply
from app.messages.request import Reply, Request, RequestDone
from app.workbench.remote_worker import RemoteWorker
from app.worker.ray_home import Cluster
from core.code_path import python_path
from core.edits import Edit
from core.graph import Node
from core.project.document import Document, Source
from core.project.metric_choice import MetricChoice

NAMES = Document(
    "bundled:names",
    Source("text", "When Mary and John went to the store, John gave a drink to"),
    metric=MetricChoice("logit_difference", " Mary", " John"),
)
EDITED = replace(NAMES, edits=(Edit(Node("mlp", 0), "zero"),))
PORT = 10001
HERE, THERE = "10.231.7.1", "10.231.7.2"
CUT_SECONDS = 2.0
PATIENCE = 300.0
TRIES = 4
ROOT = Path(__file__).parents[3]


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


class Other:
    """A network namespace, held by a process, at the other end of a link; and further namespaces, as `unshare` and
    `nsenter` name them."""

    def __init__(self, *further: str) -> None:
        self._holder = subprocess.Popen(
            ["unshare", "--net", *further, "sh", "-c", "echo there; exec sleep 600"], stdout=subprocess.PIPE
        )
        assert self._holder.stdout is not None
        self._holder.stdout.readline()  # it has its namespaces
        pid = str(self._holder.pid)
        self._enter = ["nsenter", "--target", pid, "--net", *further]
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns", pid)
        run("ip", "addr", "add", f"{HERE}/30", "dev", "here")
        run("ip", "link", "set", "here", "up")
        for words in ("link set lo up", f"addr add {THERE}/30 dev there", "link set there up"):
            run(*self._enter, "ip", *words.split())

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*self._enter, *command], stdout=subprocess.DEVNULL, stderr=sys.stderr)

    def cut(self) -> None:
        """Take the link down; whoever talked over it is told that the connection is no more."""
        run("ip", "link", "set", "here", "down")
        run("ss", "--kill", "--tcp", "dst", THERE)
        assert len(run("ss", "--no-header", "--tcp", "state", "established", "dst", THERE)) == 0

    def restore(self) -> None:
        run("ip", "link", "set", "here", "up")

    def end(self) -> None:
        self._holder.kill()
        self._holder.wait()


def ray_start(folder: str) -> list[str]:
    """A cluster's command. folder: with a short name, for its sockets."""
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--num-cpus=1"]
    command += [f"--node-ip-address={THERE}", f"--ray-client-server-port={PORT}", "--include-dashboard=false"]
    return [*command, "--object-store-memory=80000000", f"--temp-dir={folder}"]


def wait_for(true: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Have events handled until something is true (PySide has no QTest.qWaitFor). Returns whether it came to that."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        QCoreApplication.processEvents()
        time.sleep(0.01)
    return True


def answers_there(address: str = THERE, port: int = PORT) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0


def joined(address: str = THERE) -> Cluster:
    """The cluster at an address, when it is there; on a busy machine it may listen for a while before it answers."""
    for left in reversed(range(TRIES)):
        assert wait_for(lambda: answers_there(address)), "the cluster does not start"
        try:
            return Cluster(f"ray://{address}:{PORT}")
        except LinkCut:
            if not left:
                raise
    raise AssertionError


def told(other: Other) -> dict[str, object]:
    """What the window's side has of two requests, the second of which is made while the link is down."""
    cluster = joined()
    import ray  # which has read the environment by now

    link = cluster.start(Place(ray.nodes()[0]["NodeID"], "node-7", 1, 0, 0))
    worker, replies = RemoteWorker(link), []
    worker.replied.connect(replies.append)
    worker.start()
    worker.ask(Request(1, NAMES))
    assert wait_for(lambda: replies[-1:] == [RequestDone(1)]), replies[-1:]
    before, life = runs(replies), link.hello()["life"]
    other.cut()
    worker.ask(Request(2, EDITED))
    came_while_cut = wait_for(lambda: any(reply.number == 2 for reply in replies), CUT_SECONDS)
    other.restore()
    restored = time.monotonic()
    assert wait_for(lambda: replies[-1:] == [RequestDone(2)]), replies[-1:]
    seconds = time.monotonic() - restored
    same_life = link.hello()["life"] == life
    worker.stop()
    cluster.leave()
    after = runs(replies)[len(before) :]
    return {"before": before, "after": after, "cut": not came_while_cut, "same life": same_life, "seconds": seconds}


def runs(replies: Sequence[Reply]) -> list[float]:
    """The metric of each run."""
    return [reply.after for reply in replies if isinstance(reply, RunReply)]


def main() -> None:
    app = QCoreApplication([])
    os.environ |= {"PYTHONPATH": python_path(), "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token_hex(32)}
    other = Other()
    with TemporaryDirectory(prefix="ws", ignore_cleanup_errors=True) as folder:
        cluster = other.start(*ray_start(folder))
        try:
            print(json.dumps(told(other)))
        finally:
            cluster.terminate()
            cluster.wait()
            other.end()
    app.quit()


if __name__ == "__main__":
    main()
