"""A model in a folder goes to the nodes of a cluster that do not have it, before a run begins: see `core.sent`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import ModelError, WirescopeError
from core.ray_reasons import sentence
from core.sent.data_files import DataFile, Digests, check_whole, sizes_of
from core.sent.sending import bytes_left, send
from core.sent.store import SentModels
from core.sharded.job import ModelRef

UNASKED = 200_000_000  # bytes that are sent to a node: nobody is there to be asked about more


def send_model(ray: Any, node: dict[str, Any], runtime: dict[str, Any], model: ModelRef) -> None:
    """node: as `ray.nodes` lists it. runtime: the environment of tasks. Raises ModelError where the model cannot be
    sent there, or is large; WirescopeError where the node does not answer."""
    folder = Path(model.folder)
    if not folder.is_dir():
        return  # it may be there; who lacks it says so
    there = Node(ray, node, runtime)
    if there.has(folder):
        return  # one with other weights is refused where it is opened
    check_whole(folder)
    files = Digests().of(folder, sizes_of(folder), lambda _: None)
    begun, free = there.begun(files)
    left = bytes_left(files, begun, free, folder.name, there.name)
    if left > UNASKED:
        raise ModelError(
            f"The machine {there.name} has no folder {folder}, and {left / 1e6:,.0f} MB are to be sent to it; "
            f"{UNASKED / 1e6:,.0f} MB are the most that is sent for a run.",
            "Put it at the same path there, or open it there once with Connect to… in the window, which sends it.",
        )
    send(there, folder, files, begun, lambda _: None)
    there.take(model, files)


class Node:
    """A node that receives, over tasks of Ray."""

    def __init__(self, ray: Any, node: dict[str, Any], runtime: dict[str, Any]) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        where = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        self._ray = ray
        self._options = {"num_cpus": 0, "scheduling_strategy": where, "runtime_env": runtime}
        self.name: str = node.get("NodeManagerHostname", node["NodeID"])

    def has(self, folder: Path) -> bool:
        there: bool = self._do(_is_there, folder)
        return there

    def begun(self, files: dict[str, DataFile]) -> tuple[dict[str, int], int]:
        told: tuple[dict[str, int], int] = self._do(_begun, files)
        return told

    def put_model_part(self, file: DataFile, begin: int, data: bytes) -> int:
        there: int = self._do(_put, file, begin, data)
        return there

    def take(self, model: ModelRef, files: dict[str, DataFile]) -> None:
        """All files are there: they become the folder of the model."""
        self._do(_take, model.folder, model.weights, files)

    def _do(self, work: Any, *told: object) -> Any:
        try:
            return self._ray.get(self._ray.remote(work).options(**self._options).remote(*told))
        except self._ray.exceptions.RayError as error:
            cause = getattr(error, "cause", None)
            if isinstance(cause, WirescopeError):
                raise cause from None
            raise WirescopeError(
                f"The machine {self.name} cannot be sent a model: {sentence(str(error).strip().splitlines()[-1])}",
                "Is the same version of Wirescope installed there?",
            ) from None


def _is_there(folder: Path) -> bool:
    return folder.is_dir()


def _begun(files: dict[str, DataFile]) -> tuple[dict[str, int], int]:
    store = SentModels()
    return store.begun(files), store.free()


def _put(file: DataFile, begin: int, data: bytes) -> int:
    return SentModels().put(file, begin, data)


def _take(folder: str, weights: str, files: dict[str, DataFile]) -> None:
    store = SentModels()
    store.know(folder, weights, store.folder(Path(folder).name, files))
