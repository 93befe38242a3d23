"""A worker as a Ray actor: on a cluster of this machine that is started for the user, or on one elsewhere.

Ray is imported only when a cluster is asked for. One that is started here listens on loopback alone
(`core.local_cluster`); to one elsewhere a window comes by `ray://HOST:PORT`, as a rule through SSH forwarding.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.messages.links import LinkCut, PlaceGone
from app.messages.places import LOCAL, Place
from app.worker.ray_calls import called, last_line
from app.worker.ray_link import NAMESPACE, RayLink
from core import local_cluster
from core.code_path import python_path
from core.errors import ArgumentError, WirescopeError
from core.optional_packages import is_installed
from core.ray_reasons import reason
from core.sent.data_files import folder_of_model

FACTS_SECONDS = 120.0  # that a node has to say what is free on it: Ray starts a process for that
PLAN_SECONDS = 180.0  # that a node has to import torch and read a configuration
LEAVE_SECONDS = 2.0  # that who joins a cluster is waited for: a window closes
_JOINING = threading.RLock()  # this process is joined to one cluster at a time
PASSED_ON = ("HF_HUB_OFFLINE", "HF_HOME", "TRANSFORMERS_OFFLINE", "OMP_NUM_THREADS", "XDG_DATA_HOME", "XDG_CACHE_HOME")


def why_not() -> str:
    """Why no cluster can be used; empty where one can."""
    if not is_installed("ray"):
        return "Ray is not installed: pip install 'wirescope[cluster]'"
    return ""


def set_environment(address: str) -> None:
    """What Ray reads of the environment when it is imported. Raises ArgumentError for what is no address."""
    if address == LOCAL:
        local_cluster.set_environment()
        return
    local_cluster.set_environment(address)
    local_cluster.show_token()


class Cluster:
    """A cluster that this process is joined to. address: LOCAL for one of this machine, which is started unless this
    process has joined one already; else what Ray takes, as a rule ray://HOST:PORT. cpus, store_bytes: of one that is
    started. Raises ArgumentError where Ray is missing or has no such address, LinkCut where nobody answers there,
    WirescopeError where this process cannot join it any more."""

    def __init__(self, address: str = LOCAL, cpus: int | None = None, store_bytes: int | None = None) -> None:
        if why_not():
            raise ArgumentError(f"{why_not()}.")
        self.address = address
        self._cpus, self._store_bytes = cpus, store_bytes
        self._joined = False  # by this object, which then leaves it
        self._is_left = False  # for good
        self.unheard = ""  # of the nodes that were asked last
        self.join()

    @property
    def is_local(self) -> bool:
        return self.address == LOCAL

    def join(self) -> None:
        """Join it, or join it again where the link was cut. Raises as the class does."""
        set_environment(self.address)
        import ray

        with _JOINING:
            self._check_wanted()
            if ray.is_initialized():
                if self.is_local or self._joined:
                    return
                raise WirescopeError(
                    "This process is joined to another cluster.", "Disconnect from that first, or start Wirescope anew."
                )
            try:
                if self.is_local:
                    local_cluster.start_cluster(self._cpus, self._store_bytes, namespace=NAMESPACE)
                else:
                    _join(ray, {**local_cluster.join_options(ray, self.address), "namespace": NAMESPACE})
            except WirescopeError:
                raise
            except (ValueError, TypeError) as error:
                raise ArgumentError(f"{self.address} is no address of a cluster: {reason(error)}", ADDRESSES) from error
            except Exception as error:  # Ray and gRPC have no common base of theirs
                if self.is_local:
                    failure = local_cluster.not_started(error)
                    raise LinkCut(failure.message, failure.hint) from error
                raise LinkCut(f"No cluster answers at {self.address}: {reason(error)}", ADDRESSES) from error
            self._joined = True
            if self._is_left:  # meanwhile: nobody would ever leave it
                self.leave()
                self._check_wanted()

    def _check_wanted(self) -> None:
        """Raises LinkCut where it was left."""
        if self._is_left:
            raise LinkCut("This window has left the cluster.", "Choose File > Connect to… to join it again.")

    def rejoin(self) -> None:
        """Leave what is left of a cut link, or of a cluster of this machine that has ended, and join anew. Raises as
        `join` does."""
        import ray

        with _JOINING:
            self._check_wanted()
            ray.shutdown()  # also of a client that has given up by itself, whose name would be in the way
            self._joined = False
            self.join()

    def has_ended(self) -> bool:
        """Whether it is one of this machine whose server is no more, as where memory ran out."""
        import psutil

        def is_server(process: psutil.Process) -> bool:
            with suppress(psutil.Error):
                return bool(process.name().startswith("raylet") and process.status() != psutil.STATUS_ZOMBIE)
            return False

        return self.is_local and not any(map(is_server, psutil.Process().children(recursive=True)))

    def first_node(self) -> str:
        """The name of a node of it. Raises LinkCut."""
        import ray

        def look() -> str:
            return next(str(node["NodeID"]) for node in ray.nodes() if node["Alive"])

        return str(called(look, self.address))

    def node_of(self, place: Place) -> str:
        """The name of a place's node: another one where its machine was started anew. Raises PlaceGone, LinkCut."""
        import ray

        def look() -> list[str]:
            there = {str(each["NodeID"]): each["NodeManagerHostname"] for each in ray.nodes() if each["Alive"]}
            return [node for node, machine in there.items() if place.node == node or place.machine == machine]

        nodes = called(look, self.address)
        if not nodes:
            raise PlaceGone(f"{place.machine} has left the cluster.", "Start Ray there again, or look for other nodes.")
        return place.node if place.node in nodes else str(nodes[0])

    def places(self) -> tuple[Place, ...]:
        """The nodes with what is free on them now, the best place first (`Place.rank`); `unheard` then says which nodes
        are left out, and why. Raises LinkCut, WirescopeError where no node answers as it should."""
        import ray

        from app.worker.node_facts import node_facts

        def ask() -> tuple[Place, ...]:
            nodes = {node["NodeID"]: node for node in ray.nodes() if node["Alive"]}
            if not nodes:  # of a cluster that starts
                return ()
            asked = {node: ray.remote(node_facts).options(num_cpus=0, **self.options(node)).remote() for node in nodes}
            ready, _ = ray.wait(list(asked.values()), num_returns=max(1, len(asked)), timeout=FACTS_SECONDS)
            places, failures = [], {}
            for node, reference in asked.items():
                try:
                    facts = ray.get(reference, timeout=None if reference in ready else 0)
                except Exception as error:  # one node without Wirescope is no reason to offer none
                    failures[nodes[node].get("NodeManagerHostname", node)] = error
                else:
                    places.append(Place(node, **facts, lent=int(nodes[node]["Resources"].get("GPU", 0))))
            if failures and not places:
                raise next(iter(failures.values()))
            told = (f"{machine} ({last_line(error)})" for machine, error in failures.items())
            self.unheard = f"Left out, as they do not answer: {', '.join(told)}." if failures else ""
            return tuple(sorted(places, key=lambda place: place.rank, reverse=True))

        return tuple(called(ask, self.address))

    def plan(
        self, place: Place, model: str, precision: str, tokens: int, eight_bits: bool = False
    ) -> tuple[tuple[str, int], ...]:
        """What a model needs on a node, see `node_plan`; of one in a folder of this machine by the configuration here,
        where it is not there. Raises LinkCut, and WirescopeError for a model that is neither here nor there."""
        import ray

        from app.worker.node_plan import node_plan

        folder = folder_of_model(model)
        file = Path(folder).expanduser() / "config.json"
        config = file.read_bytes() if folder and file.is_file() else b""

        def ask() -> tuple[tuple[str, int], ...]:
            task = ray.remote(node_plan).options(num_cpus=0, **self.options(place.node))
            told: tuple[tuple[str, int], ...] = ray.get(
                task.remote(model, precision, tokens, eight_bits, config), timeout=PLAN_SECONDS
            )
            return told

        return tuple(called(ask, place.machine))

    def start(self, place: Place, device: str = "cpu") -> RayLink:
        """Start a worker on a node. device: that it opens models on; for "cuda" it has one GPU to itself, for "auto"
        all that the cluster lends there. Raises LinkCut, WorkerDied, PlaceGone."""
        return RayLink(self, place, device)

    def leave(self) -> None:
        """Leave it for good; one that was started for this process ends. Who joins it just now leaves it then."""
        import ray

        self._is_left = True
        if not _JOINING.acquire(timeout=LEAVE_SECONDS):
            return
        try:
            if self._joined and ray.is_initialized():
                ray.shutdown()
            self._joined = False
        finally:
            _JOINING.release()

    def options(self, node: str) -> dict[str, Any]:
        """Where a process runs, and in which environment: on this machine it runs the code that this process runs."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        where = {"scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False)}
        if not self.is_local:
            return where
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        return {**where, "runtime_env": {"env_vars": {"PYTHONPATH": python_path(), **passed}}}


def _join(ray: Any, told: dict[str, Any]) -> None:
    try:
        ray.init(**told)
    except (ValueError, TypeError):
        raise
    except Exception:
        ray.shutdown()
        raise


ADDRESSES = (
    "Give ray://HOST:PORT, through SSH: ssh -L 10001:localhost:10001 HOST. Its token (`ray get-auth-token` there) must "
    "be in RAY_AUTH_TOKEN or in ~/.ray/auth_token here when Wirescope starts."
)
