"""Who does the tasks of a run, by what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

from core.errors import ArgumentError
from core.free_memory import free_bytes
from core.local_cluster import check_address
from core.optional_packages import ray as import_ray
from core.sharded.in_process import Executor, InProcess
from core.sharded.worker import Opened
from core.sharded.worker_memory import short_of_workers

if TYPE_CHECKING:
    from core.models.model import Model

FEWER = "Fewer workers take less (--workers), and so do weights that stay on disk (--weights disk)."


@dataclass(frozen=True)
class Workers:
    """Who does the tasks: this process alone; so many processes of this machine (`workers`); or those of a Ray cluster
    (`cluster`: "auto", "HOST:PORT", "ray://HOST:PORT"), as many as it has processors where `workers` says nothing.
    tell: told what is waited for, where a cluster takes long to start or to answer. Raises ArgumentError, and
    WirescopeError without Ray."""

    workers: int | None = None
    cluster: str | None = None
    tell: Callable[[str], None] = field(default=lambda _words: None, compare=False)

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise ArgumentError(f"There is at least 1 worker, not {self.workers}.")
        if self.cluster is not None:
            check_address(self.cluster)
        if (self.workers, self.cluster) != (None, None) and find_spec("ray") is None:
            import_ray()  # says so before a folder is made; what is there is imported after its environment is set

    def tell_where_short(self, each: int) -> None:
        """Tell where so many processes do not fit into the memory that this machine has free; nothing of a cluster's.
        each: bytes that one of them will hold, about."""
        if self.workers is None or self.cluster is not None:
            return
        short = short_of_workers(self.workers, each, free_bytes())
        if short is not None:
            self.tell(f"{short.words} {FEWER}")

    def executor(self, model: Model, before: Executor | None = None) -> Executor:
        """model: open in this process; one in a folder goes to the nodes of a cluster that lack it. before: that
        another model had: its processes go on with this one. Raises WirescopeError where ray is not installed, or no
        cluster answers, ModelError where it cannot be sent."""
        if self.workers is None and self.cluster is None:
            return InProcess(Opened(model))
        from core.sharded.preview import ref_of
        from core.sharded.ray_cluster import RayCluster

        executor = before if isinstance(before, RayCluster) else RayCluster(self.workers, self.cluster, self.tell)
        if self.cluster is not None:
            executor.send(ref_of(model))
        return executor
