"""Tasks of Ray: on processes of this machine, or of a cluster that is there."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

from core.code_path import python_path
from core.errors import Cancelled, UnreadableFileError, WirescopeError
from core.local_cluster import check_listens, join_options, not_started, set_environment, show_token, start_cluster
from core.models.kept_code import bound_kept_code
from core.optional_packages import ray as import_ray
from core.progress import Cancel, watched
from core.ray_reasons import reason, sentence
from core.sharded.in_process import Within
from core.sharded.job import ModelRef
from core.sharded.ray_shares import SECONDS_BETWEEN, Shares, saying
from core.sharded.send_model import send_model
from core.sharded.worker import Task

R = TypeVar("R")
STORE_BYTES = 256 << 20  # of objects on this machine: what a task gives is small
RETRIES = 3  # of a task whose worker died
SECONDS = 0.2  # between two times that a cancel is heard
SECONDS_UNTOLD = 4.0  # that Ray may take before it is said what is waited for
SECONDS_IDLE = 15.0  # without any task in work, before that is said
NO_PROCESSOR = (
    "No machine of the cluster has a processor any more: the run waits until one joins. What is done stays if it is "
    "stopped meanwhile."
)
NOT_BEGUN = "No worker has begun yet: the processors of the cluster are busy, or processes are started. The run waits."
STARTED_LONG = "Ray is being started on this machine. That may take some minutes while the machine is busy."
Tell = Callable[[str], None]


class RayCluster:
    """workers: tasks at a time; None: as many as the cluster has processors. address: None: processes of this machine
    are started, and ended by `close`; "auto", HOST:PORT or ray://HOST:PORT: a cluster that is there, left as it is. One
    that this process is connected to already is taken. tell: told, by another thread, what is waited for where it takes
    long. Raises WirescopeError without ray, and where no cluster answers."""

    def __init__(self, workers: int | None, address: str | None, tell: Tell = lambda _words: None) -> None:
        set_environment(address)
        if address is not None:
            show_token()
        waits = STARTED_LONG if address is None else f"The cluster at {address} has not answered yet."
        self._tell = tell
        with _told_where_slow(waits, tell):
            self._ray = ray = import_ray()
            self._begun = not ray.is_initialized()
            if self._begun:
                _connect(ray, workers, address)
        self.workers = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        variables = {"PYTHONPATH": python_path(), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": _offline()}
        self._runtime = {"env_vars": variables}
        self._sent: ModelRef | None = None
        self._have_it: set[str] = set()  # nodes
        self._task = ray.remote(num_cpus=1, max_retries=RETRIES, runtime_env=self._runtime)(_done)

    def send(self, model: ModelRef) -> None:
        """Have a model in a folder of this machine on all nodes, where it is small; on those that join later, before
        the next task. Raises ModelError where it cannot be, and closes this then."""
        self._sent, self._have_it = model, set()
        try:
            self._send_to_others()
        except BaseException:
            self.close()
            raise

    def _send_to_others(self) -> None:
        """To nodes that were not there before."""
        if self._sent is None or not self._sent.folder:
            return
        for node in self._ray.nodes():
            if node["Alive"] and node["NodeID"] not in self._have_it:
                send_model(self._ray, node, self._runtime, self._sent)
                self._have_it.add(node["NodeID"])

    def results(self, tasks: Iterable[Task[R]], within: Within, cancelled: Cancel) -> Iterator[tuple[int, R]]:
        """As they come: no more are begun than there are workers, so that few are lost. within: told the sum of the
        shares of those at work."""
        waiting = iter(tasks)
        at_work: dict[Any, int] = {}
        shares, look = Shares(), Look(self._ray, self._tell)
        try:
            while True:
                while len(at_work) < self.workers and (task := next(waiting, None)) is not None:
                    self._send_to_others()
                    at_work[self._task.remote(task, shares.key(task.number))] = task.number
                if not at_work:
                    return
                ready, _ = self._ray.wait(list(at_work), num_returns=1, timeout=SECONDS)
                if cancelled():
                    raise Cancelled
                for each in ready:
                    number = at_work.pop(each)
                    shares.forget([number])
                    look.begins_anew()
                    yield number, self._result(each)
                if not ready and look.is_due():
                    look.at(shares, at_work.values(), within)
        finally:
            shares.forget(at_work.values())
            for each in at_work:
                self._ray.cancel(each, force=True)

    def _result(self, reference: Any) -> Any:
        """Raises WirescopeError, also for a worker that died again and again."""
        try:
            result = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            raise WirescopeError(
                f"A worker failed: {sentence(str(error).strip().splitlines()[-1])}",
                "Look at the cluster; the same command goes on with the run.",
            ) from None
        if isinstance(result, Refused):
            raise result.as_told_on(platform.node())
        return result

    def close(self) -> None:
        """End the processes that were started for this."""
        if self._begun:
            self._ray.shutdown()


class Look:
    """Looks from time to time how far tasks are. tell: told once, each time that for SECONDS_IDLE none was in work,
    what is waited for."""

    def __init__(self, ray: Any, tell: Tell) -> None:
        self._ray = ray
        self._tell = tell
        self._last = monotonic()
        self.begins_anew()

    def begins_anew(self) -> None:
        """Something was done just now."""
        self._idle_since = monotonic()
        self._is_told = False

    def is_due(self) -> bool:
        return monotonic() - self._last >= SECONDS_BETWEEN

    def at(self, shares: Shares, numbers: Collection[int], within: Within) -> None:
        """numbers: of the tasks that were given away."""
        begun = shares.of(numbers)
        if begun:
            within(sum(begun.values()))
        has_processor = self._ray.cluster_resources().get("CPU", 0) >= 1
        if has_processor and (begun or begun is None):
            self.begins_anew()
        elif not self._is_told and monotonic() - self._idle_since >= SECONDS_IDLE:
            self._is_told = True
            self._tell(NOT_BEGUN if has_processor else NO_PROCESSOR)
        self._last = monotonic()


@dataclass(frozen=True)
class Refused:
    """What a task could not do, and the machine where that was."""

    error: WirescopeError
    machine: str

    def as_told_on(self, machine: str) -> WirescopeError:
        """A file that cannot be read is one of the worker's machine, which is named where it is another one."""
        if self.machine == machine or not isinstance(self.error, UnreadableFileError):
            return self.error
        return UnreadableFileError(f"On the machine {self.machine}: {self.error.message}", self.error.hint)


def _connect(ray: Any, workers: int | None, address: str | None) -> None:
    """Raises WirescopeError where no cluster answers, or can."""
    try:
        if address is not None:
            options = join_options(ray, address)
            check_listens(address)
            ray.init(**options)
        else:
            start_cluster(workers, STORE_BYTES)
    except WirescopeError:
        raise
    except Exception as error:  # Ray raises a plain one where a cluster does not start in time
        if address is None:
            failure = not_started(error)
            alone = "Without workers (--workers) this process does the work alone."
            raise WirescopeError(failure.message, f"{failure.hint} {alone}") from None
        raise WirescopeError(
            f"No Ray cluster answers at {address}: {reason(error)}",
            "Start one (ray start --head), or leave out the address for workers of this machine. The token of one that "
            "is there (`ray get-auth-token` prints it) must be in ~/.ray/auth_token or RAY_AUTH_TOKEN here.",
        ) from None


@contextmanager
def _told_where_slow(words: str, tell: Tell) -> Iterator[None]:
    """Tell some words where what is done inside takes long."""
    timer = threading.Timer(SECONDS_UNTOLD, tell, (words,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _offline() -> str:
    return os.environ.get("HF_HUB_OFFLINE", "0")


def _done(task: Task[R], key: str) -> R | Refused:
    """In a worker. An error for people comes back as it is; any other is Ray's to tell."""
    say = saying(key)
    import torch

    from core.sharded.worker import opened

    torch.set_num_threads(1)
    bound_kept_code()
    try:
        with watched(say):
            return task.do(opened)
    except WirescopeError as error:
        return Refused(error, platform.node())
