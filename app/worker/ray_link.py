"""A worker that is a Ray actor on a node of a cluster, as a window calls it. Imports no Ray before it is used."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Protocol
from uuid import uuid4

from app.messages.links import LinkCut, NotStarted, WorkerDied
from app.messages.places import Place
from app.worker.ray_calls import WorkerUnheard, called
from core.errors import WirescopeError
from core.sent.data_files import DataFile

NAMESPACE = "wirescope"
CALL_SECONDS = 30.0  # that the other side has for a call, beside what it may wait
FILE_SECONDS = 600.0  # that a part of a file has to be sent
CLOSE_SECONDS = 5.0  # that a worker has to remove what it was sent, before it is ended without
START_SECONDS = 180.0  # that a worker has to start
AT_ONCE = 8  # calls of one worker: polls, requests and signs go beside each other
IDLE_SECONDS = 600.0  # after which a worker that nobody asks ends itself
PROCESSORS_TAKEN = (
    "All of its processors that Ray lends may be reserved, by other workers or by runs over many pairs: wait until one "
    "of them has ended, or choose another place."
)
GPUS_TAKEN = "Its GPUs, or all of its processors, may be reserved by others: choose another place, or try again later."


class Home(Protocol):
    """What a link asks of its cluster: see `ray_home.Cluster`."""

    @property
    def is_local(self) -> bool: ...

    def rejoin(self) -> None: ...

    def has_ended(self) -> bool: ...

    def first_node(self) -> str: ...

    def node_of(self, place: Place) -> str: ...

    def options(self, node: str) -> dict[str, Any]: ...


class RayLink:
    """Calls of one worker, an actor on a node of a cluster. See `app.workbench.link`."""

    def __init__(self, cluster: Home, place: Place, device: str = "cpu") -> None:
        self._cluster, self._place, self._device = cluster, place, device
        self._name = f"worker-{uuid4().hex}"
        self._actor: Any = None
        self._starts = True  # it has not answered yet
        self._is_unheard = False  # by a cluster that is heard
        self.restart()

    @property
    def place(self) -> str:
        """Where it is, in a few words."""
        return self._place.machine

    def hello(self) -> dict[str, str]:
        """The versions of the other side, and more of it. Raises LinkCut, NotStarted, WorkerDied."""
        told: dict[str, str] = self._call("hello", seconds=START_SECONDS)
        return told

    def missing(self, digests: list[str]) -> list[str]:
        told: list[str] = self._call("missing", digests)
        return told

    def put(self, digest: str, name: str, size: int, begin: int, data: bytes) -> None:
        self._call("put", digest, name, size, begin, data, seconds=FILE_SECONDS)

    def put_part(self, digest: str, data: bytes) -> None:
        self._call("put_part", digest, data, seconds=FILE_SECONDS)

    def has_model(self, folder: str, sizes: dict[str, int]) -> bool:
        there: bool = self._call("has_model", folder, sizes)
        return there

    def begun(self, files: dict[str, DataFile]) -> tuple[dict[str, int], int]:
        told: tuple[dict[str, int], int] = self._call("begun", files)
        return told

    def put_model_part(self, file: DataFile, begin: int, data: bytes) -> int:
        there: int = self._call("put_model_part", file, begin, data, seconds=FILE_SECONDS)
        return there

    def model_folder(self, name: str, files: dict[str, DataFile]) -> str:
        folder: str = self._call("model_folder", name, files, seconds=FILE_SECONDS)
        return folder

    def ask(self, data: bytes, files: dict[str, str], named: dict[str, str]) -> list[str]:
        missing: list[str] = self._call("ask", data, files, named)
        return missing

    def cancel(self, up_to: int) -> None:
        self._call("cancel", up_to)

    def give(self, name: str) -> None:
        self._call("give", name)

    def replies(
        self, life: str, after: int, seconds: float
    ) -> tuple[str, Sequence[tuple[int, bytes, dict[str, bytes]]]]:
        told: tuple[str, Sequence[tuple[int, bytes, dict[str, bytes]]]] = self._call("replies", life, after, seconds)
        return told

    def parts(self, digests: list[str]) -> dict[str, bytes]:
        told: dict[str, bytes] = self._call("parts", digests, seconds=FILE_SECONDS)
        return told

    def restart(self) -> None:
        """Start the worker, again where it has died. Raises LinkCut, PlaceGone."""
        import ray

        from app.worker.remote_side import RemoteSide, make_service

        gpus = (
            {} if self._device == "cpu" else {"num_gpus": self._place.gpus_to_be_had if self._device == "auto" else 1}
        )

        def begin() -> Any:
            made = ray.remote(RemoteSide).options(
                name=self._name,
                namespace=NAMESPACE,
                max_concurrency=AT_ONCE,
                num_cpus=1,
                lifetime=None if self._cluster.is_local else "detached",  # a cut link leaves it with what it keeps
                **gpus,
                **self._cluster.options(self._place.node),
            )
            return made.remote(partial(make_service, self._device), idle_seconds=IDLE_SECONDS)

        if not self._cluster.is_local:
            self._place = replace(self._place, node=self._cluster.node_of(self._place))
        self._name = f"worker-{uuid4().hex}"
        self._actor, self._starts = called(begin, self.place), True

    def reconnect(self) -> None:
        """Look the worker up, in a cluster that is joined anew where it was not heard; a cluster of this machine that
        has ended is started again. Raises LinkCut, WorkerDied."""
        import ray

        if self._cluster.is_local and not self._cluster.has_ended():
            return
        if self._cluster.is_local:
            self._cluster.rejoin()
            self._place = replace(self._place, node=self._cluster.first_node())
            raise WorkerDied(f"The cluster of this machine has ended, and {self.place} with it.")
        is_unheard, self._is_unheard = self._is_unheard, False
        if not is_unheard:  # else to join anew would change nothing
            self._cluster.rejoin()

        def look() -> Any:
            try:
                return ray.get_actor(self._name, namespace=NAMESPACE)
            except ValueError:
                raise WorkerDied(f"The worker at {self.place} is not there any more.") from None

        self._actor = called(look, self.place)

    def close(self) -> None:
        """End the worker, which removes what it was sent before."""
        import ray

        actor = self._actor
        if not self._starts:  # else it has nothing yet
            with suppress(WirescopeError):  # it is ended all the same
                self._call("close", 0.0, seconds=CLOSE_SECONDS)
        called(lambda: ray.kill(actor), self.place)

    def _call(self, method: str, *told: object, seconds: float = CALL_SECONDS) -> Any:
        import ray
        from ray.exceptions import GetTimeoutError

        waits = told[-1] if method == "replies" and isinstance(told[-1], float) else 0.0
        if self._starts:
            seconds = max(seconds, START_SECONDS)
        actor, seconds = self._actor, seconds + waits
        try:
            answer = called(lambda: ray.get(getattr(actor, method).remote(*told), timeout=seconds), self.place)
        except LinkCut as error:
            if self._starts and isinstance(error.__cause__, GetTimeoutError):
                hint = PROCESSORS_TAKEN if self._device == "cpu" else GPUS_TAKEN
                raise NotStarted(f"The worker at {self.place} has not started.", hint) from error
            self._is_unheard = isinstance(error, WorkerUnheard)
            raise
        self._starts = self._starts and actor is not self._actor
        return answer
