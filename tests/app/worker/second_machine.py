"""A cluster of two machines, as far as one machine has two: namespaces of the network, of files, names and processes.

    unshare --user --map-root-user --net --mount --uts --pid --fork --mount-proc --kill-child \\
        python -m tests.app.worker.second_machine FOLDER

FOLDER, with a short name, has a model in `model`, which the second machine does not see: it has a folder of its own
there, in memory. The window's side and the head of the cluster run on the first machine. Prints JSON: what came of it.
All processes are of this one's namespace, and end with it.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QCoreApplication

from app.messages.replies import RunReply
from app.messages.request import FailureReply, ProgressReply, Reply, Request, RequestDone
from app.workbench.remote_worker import RemoteWorker
from app.worker.remote_side import file_system
from core.code_path import python_path
from core.edits import Edit
from core.graph import Node
from core.project.document import Document, Source
from core.project.metric_choice import MetricChoice
from core.sharded.executors import Workers
from core.sharded.job import ShardResult
from core.sharded.tracing import TraceWork
from tests.app.worker.cut_link import HERE, PATIENCE, PORT, THERE, Other, answers_there, joined, run, wait_for
from tests.core.sharded import small_run

if TYPE_CHECKING:
    from core.datasets.row_pairs import AskedPairs
    from core.datasets.session_over import Shared
    from core.models.model import Model

FIRST, SECOND = "first", "second"  # the machines' names
NODES = 6379  # the port of the cluster's head for other nodes
CUT_SECONDS = 2.0
TRIES = "1 2 3 4 5 6"
EDITS = tuple(Edit(Node("mlp", layer), "zero") for layer in range(3))


def documents(model: str) -> tuple[Document, ...]:
    """One after another: without an edit, and with one more each time."""
    metric = MetricChoice("logit_difference", " Mary", " John")
    plain = Document(model, Source("text", "When Mary gave a drink to"), metric=metric)
    return tuple(replace(plain, edits=EDITS[:count]) for count in range(len(EDITS) + 1))


def step(name: str) -> None:
    """Something is done. It is told with the time, for who looks why it failed."""
    print(f"{time.strftime('%X')} {name or 'all is well'}", file=sys.stderr, flush=True)


def settings(folder: Path) -> dict[str, str]:
    """The environment of a machine whose users have their files in a folder."""
    places = {"HOME": "", "XDG_DATA_HOME": "data", "XDG_CACHE_HOME": "cache", "TMPDIR": "tmp"}
    told = {name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "WIRESCOPE_", "HF_"))}
    told |= {name: str(folder / place) for name, place in places.items()}
    told |= {name: os.environ[name] for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN")}
    told |= {"RAY_agent_register_timeout_ms": "120000", "RAY_health_check_period_ms": "1000"}
    return told | {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": python_path(), "HF_HUB_OFFLINE": "1"}


def ray_node(address: str, *more: str) -> list[str]:
    """The command of a node. Ray gives one 30 s to start: a busy machine may need another try."""
    command = ["sh", "-c", f'for try in {TRIES}; do "$@"; done', "ray"]
    command += [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *more]
    return [*command, f"--node-ip-address={address}", "--object-store-memory=80000000"]


class SecondMachine(Other):
    """Its processes see nothing of a folder but what they put there themselves."""

    def __init__(self, folder: Path) -> None:
        super().__init__("--mount", "--uts")
        self._folder = folder
        name = f"import socket; socket.sethostname({SECOND!r})"
        for command in (("mount", "-t", "tmpfs", "none", str(folder)), (sys.executable, "-c", name)):
            run(*self._enter, *command)
        for place in settings(self.home).values():
            if place.startswith(str(self.home)):
                run(*self._enter, "mkdir", "-p", place)
        self._node: subprocess.Popen[bytes] | None = None

    @property
    def home(self) -> Path:
        return self._folder / "home"

    def switch_on(self) -> None:
        """Start its node of the cluster, in a namespace of processes that ends with `switch_off`."""
        apart = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
        command = [*self._enter, *apart, *ray_node(THERE, f"--address={HERE}:{NODES}", "--num-cpus=2")]
        self._node = subprocess.Popen(command, env=settings(self.home), stdout=subprocess.DEVNULL, stderr=sys.stderr)

    def switch_off(self) -> None:
        """All its processes end at once; its files stay."""
        assert self._node is not None
        self._node.kill()
        self._node.wait()

    def cut(self) -> None:
        """Take the link down. Nobody is told: what is sent is lost until it is back."""
        run("ip", "link", "set", "here", "down")

    def path(self, there: Path) -> str:
        """Where a file of it is seen from the first machine."""
        return f"/proc/{self._holder.pid}/root{there}"

    def weights(self) -> list[str]:
        """The files of weights that are there."""
        return run(*self._enter, "find", str(self._folder), "-name", "*.safetensors").splitlines()


@dataclass
class Window:
    """What a window has of its worker."""

    worker: RemoteWorker
    replies: list[Reply] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    gone: list[bool] = field(default_factory=list)
    number: int = 0

    def __post_init__(self) -> None:
        self.worker.replied.connect(self.replies.append)
        self.worker.link_changed.connect(self.troubles.append)
        self.worker.link_changed.connect(step)
        self.worker.place_gone.connect(lambda: self.gone.append(True))
        self.worker.start()

    def ask(self, document: Document) -> None:
        self.number += 1
        self.worker.ask(Request(self.number, document))

    def answer(self) -> dict[str, Any]:
        """To the last request: the metric, what was said while it was worked on, and what failed."""
        assert wait_for(lambda: self.replies[-1:] == [RequestDone(self.number)]), (self.troubles, self.replies[-1:])
        replies = [reply for reply in self.replies if reply.number == self.number]
        return {
            "metric": [reply.after for reply in replies if isinstance(reply, RunReply)],
            "said": [reply.words for reply in replies if isinstance(reply, ProgressReply)],
            "failed": [reply.message for reply in replies if isinstance(reply, FailureReply)],
        }


def first_machine(folder: Path) -> None:
    """This process is on it from now on. Names are looked up in a file alone: there is no network to ask."""
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token_hex(32)}
    os.environ |= settings(folder / "first")
    for place in settings(folder / "first").values():
        if place.startswith(str(folder)):
            Path(place).mkdir(parents=True, exist_ok=True)
    socket.sethostname(FIRST)
    names, servers = folder / "hosts", folder / "resolv.conf"
    names.write_text(f"127.0.0.1 localhost\n{HERE} {FIRST}\n{THERE} {SECOND}\n")
    servers.write_text("nameserver 127.0.0.1\n")  # where none listens, which is known at once
    for file in (names, servers):
        place = Path("/etc") / file.name
        if place.exists():
            run("mount", "--bind", str(file), str(place))


def start_head(folder: Path) -> None:
    """The cluster's first node."""
    more = ["--num-cpus=1", f"--port={NODES}", f"--ray-client-server-port={PORT}", "--include-dashboard=false"]
    command = ray_node(HERE, "--head", *more, f"--temp-dir={folder / 'ray'}")
    subprocess.Popen(command, env=settings(folder / "first"), stdout=subprocess.DEVNULL, stderr=sys.stderr)


def is_in_cluster(name: str) -> bool:
    import ray  # which has read the environment by now

    return any(node["Alive"] and node["NodeManagerHostname"] == name for node in ray.nodes())


@dataclass(frozen=True)
class NotedWork(TraceWork):
    """Leaves a file on the machine that does a piece of it. One on the first machine waits until one is done on the
    second, so that both do some.

    Attributes: folder, of the files; of_second, the same on the second machine, as it is seen from the first."""

    folder: str = ""
    of_second: str = ""

    def of(self, model: Model, pairs: AskedPairs, like: Shared | None) -> tuple[ShardResult, Shared]:
        until = time.monotonic() + PATIENCE
        while platform.node() != SECOND and not Path(self.of_second, f"did-{SECOND}").exists():
            assert time.monotonic() < until, "the second machine does nothing"
            time.sleep(0.05)
        done = super().of(model, pairs, like)
        Path(self.folder, f"did-{platform.node()}").touch()
        return done


def trace_on_both(second: SecondMachine, folder: Path) -> list[str]:
    """Trace many pairs on the cluster that is joined. Returns who did some; the sums are in `sums.npz`."""
    import wirescope as ws

    work = NotedWork("eap", folder=str(folder), of_second=second.path(folder))
    workers = Workers(2, f"ray://{HERE}:{PORT}")
    sums = small_run.run(ws.load_model(str(folder / "model")), folder / "run", work, workers=workers)
    np.savez(folder / "sums.npz", **sums)
    noted = [*folder.glob("did-*"), *Path(second.path(folder)).glob("did-*")]
    return sorted(each.name.removeprefix("did-") for each in noted)


def session(second: SecondMachine, folder: Path) -> dict[str, Any]:
    """A window's session on the second machine, with what happens to that."""
    cluster = joined(HERE)
    step("joined")
    assert wait_for(lambda: is_in_cluster(SECOND)), "the second machine does not come"
    (place,) = (each for each in cluster.places() if each.machine == SECOND)
    link = cluster.start(place)
    first = link.hello()
    step("hello")
    told: dict[str, Any] = {"machine": first["machine"], "weights before": second.weights()}
    window = Window(RemoteWorker(link, sends_files=first["files"] != file_system()))
    plain, *edited = documents(str(folder / "model"))

    window.ask(plain)
    told["opened"] = window.answer() | {"weights": second.weights()}
    step("opened")
    window.ask(edited[0])
    told["edited"] = window.answer()
    step("edited")

    told["traced by"] = trace_on_both(second, folder)
    step("traced")

    second.cut()
    window.ask(edited[1])
    came = wait_for(lambda: any(reply.number == window.number for reply in window.replies), CUT_SECONDS)
    second.restore()
    told["cut"] = window.answer() | {"came": came, "same life": link.hello()["life"] == first["life"]}
    step("cut")

    second.switch_off()
    window.ask(edited[2])
    assert wait_for(lambda: window.gone), window.troubles
    step("gone")
    told["gone"] = window.troubles.copy()
    second.switch_on()
    told["back"] = window.answer()
    told["quiet"] = window.troubles[-1] == ""
    step("back")
    window.worker.stop()
    cluster.leave()
    return told


def main() -> None:
    app = QCoreApplication([])
    folder = Path(sys.argv[1])
    first_machine(folder)
    second = SecondMachine(folder)
    start_head(folder)
    assert wait_for(lambda: answers_there(HERE, NODES)), "the cluster does not start"
    second.switch_on()
    print(json.dumps(session(second, folder)))
    app.quit()


if __name__ == "__main__":
    main()
