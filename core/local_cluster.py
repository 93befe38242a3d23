"""A Ray cluster of this machine, which listens on loopback alone.

Ray binds its ports to the address of the node, and reads when it is imported whether that is loopback's:
`set_environment` comes before the import. Where something else had imported Ray before, no cluster is left open to the
network: it is ended, and that is said.

Linux kills Ray's processes when the thread that started them ends (PR_SET_PDEATHSIG of `prctl`), not when the process
does: a cluster is started in a thread that lives as long as the process.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import secrets
import socket
import stat
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from typing import Any

from core.errors import ArgumentError, WirescopeError
from core.optional_packages import ray as import_ray
from core.ray_reasons import reason

log = logging.getLogger(__name__)

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_LOG_TO_DRIVER": "0",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # else a call of a link that is cut starts a cluster in this process
    "RAY_worker_niceness": "0",  # somebody waits for the figures
    "RAY_agent_register_timeout_ms": "120000",  # of a machine that is busy
    "RAY_task_oom_retries": "3",  # of work whose process is ended for want of memory: else it is begun for ever
}
TOKENS = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
TOKEN_FILE = Path.home() / ".ray" / "auth_token"
MODE, TOKEN = "RAY_AUTH_MODE", "token"  # asked of whoever reaches the ports: all users of this machine do
LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"  # 0, also on Linux: the address of this node is loopback's
_asked_for_loopback = False  # of Ray, by this process, for as long as it lives
ADDRESS = re.compile(r"auto|(ray://)?([^\s/:]+|\[[0-9a-fA-F:.]+\]):\d{1,5}")  # auto: what runs on this machine
TIMED_OUT = "Ray Client connection timed out"
SECONDS_TO_ANSWER = 20.0
TRIES = 3  # to start one: a machine that is busy may need longer than Ray waits, and is quicker the next time
SECONDS_OF_TRIES = 60.0  # after which there is no further one: somebody waits, and may well try again


def set_environment(address: str | None = None) -> None:
    """What Ray reads of the environment when it is imported, where the user has not set it. address: of a cluster that
    is joined; None: one is started. For one by HOST:PORT Ray makes the node's own address of localhost, where that
    listens: nothing is said of loopback then. Raises ArgumentError for what is no address."""
    global _asked_for_loopback
    if address is not None:
        check_address(address)
    told = dict(QUIET)
    if address is None and "ray" not in sys.modules:  # else Ray says so itself, and hears nobody else any more
        told[MODE] = TOKEN
    if address is None or address.startswith("ray://"):
        told[LOOPBACK] = "0"
        _asked_for_loopback |= LOOPBACK not in os.environ
    for name, value in told.items():
        os.environ.setdefault(name, value)


def check_address(address: str) -> None:
    """Raise ArgumentError for what is no address of a cluster."""
    if not ADDRESS.fullmatch(address):
        raise ArgumentError(f"{address!r} is no address of a cluster.", "Give ray://HOST:PORT, HOST:PORT or auto.")


def join_options(ray: Any, address: str) -> dict[str, Any]:
    """What `ray.init` is told to join a cluster that is there. Raises WirescopeError for one that is not joined by
    ray://, where Ray was told when it was imported that this node is at loopback: nobody would find it there. That
    nobody answers Ray then says once, by an error: not by a warning with a path of its source before it, too."""
    warnings.filterwarnings("ignore", TIMED_OUT, UserWarning)  # of this process: Ray is joined by a thread of a window
    if _asked_for_loopback and not address.startswith("ray://"):
        raise WirescopeError(
            f"{address} cannot be joined by this process any more: it has used a cluster of this machine alone, or "
            "one by ray://, and Ray keeps to loopback since.",
            "Start Wirescope anew, or take ray://HOST:PORT.",
        )
    told = {"address": address, "log_to_driver": False, "logging_level": logging.ERROR}
    return told if address.startswith("ray://") else {**told, "job_config": _job_config(ray)}


def check_listens(address: str) -> None:
    """Raise OSError where nothing listens at HOST:PORT: Ray would look for it for minutes. Of others it says so."""
    if address != "auto" and not address.startswith("ray://"):
        host, _, port = address.rpartition(":")
        socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS_TO_ANSWER).close()


def _job_config(ray: Any) -> Any:
    """For `ray.init`. Ray puts the folder in which this process was started first among the code of its workers, before
    Python's own library, but for jobs of its client. So it does here only where this process has its code there too."""
    config = ray.job_config.JobConfig()
    config._client_job = not {"", os.getcwd()} & set(sys.path)
    return config


def show_token() -> None:
    """The same for a cluster that is there: it asks who comes for a token, which must be here, and which Ray only shows
    where that is said before. One that is started here does so by itself."""
    if any(name in os.environ for name in TOKENS) or TOKEN_FILE.exists():
        os.environ.setdefault(MODE, TOKEN)


def keep_token() -> None:
    """Have a token for a cluster of this machine that other users of it cannot read: Ray writes one that they may be
    able to read, and with it they could run anything as this user. A file that is there keeps what is in it. Nothing
    where the user wants no token, or has one elsewhere. Raises OSError."""
    if os.environ.get(MODE, TOKEN).lower() != TOKEN or any(os.environ.get(name) for name in TOKENS):
        return
    TOKEN_FILE.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        opened = os.open(TOKEN_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(opened, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        return
    said = TOKEN_FILE.lstat()
    if hasattr(os, "getuid") and stat.S_ISREG(said.st_mode) and said.st_uid == os.getuid() and said.st_mode & 0o077:
        TOKEN_FILE.chmod(0o600)
        log.warning("%s could be read by other users of this machine: it is for you alone now", TOKEN_FILE)


def start_cluster(processors: int | None = None, store_bytes: int | None = None, **more: Any) -> Any:
    """Start a cluster of this machine and join it, from whatever thread. processors: that it may use; None: all.
    store_bytes: memory for its objects; None: as Ray has it. more: told to `ray.init`. Returns the module `ray`. Raises
    WirescopeError without Ray and where its ports are open beyond loopback, ValueError for options that Ray does not
    take, and Ray's own errors where it does not start."""
    set_environment()
    ray = import_ray()
    try:
        keep_token()
    except OSError as error:
        raise WirescopeError(
            f"{TOKEN_FILE} cannot be kept for you alone: {error.strerror or error}.",
            f"See who may write there, or have {TOKENS[1]} name a file that only you can read.",
        ) from None
    told = {"address": "local", "include_dashboard": False, "log_to_driver": False, "logging_level": logging.ERROR}
    told |= {"num_cpus": processors, "object_store_memory": store_bytes, **more}  # without "local" Ray joins what runs
    told["job_config"] = _job_config(ray)
    _in_a_lasting_thread(lambda: _init(ray, told))
    address = ray.util.get_node_ip_address()
    if not ipaddress.ip_address(address).is_loopback:
        ray.shutdown()
        raise WirescopeError(
            f"The cluster's ports would be open to the network, at {address}: Ray was imported before Wirescope asked "
            "it for loopback alone.",
            f"Start Wirescope anew, or set {LOOPBACK}=0 before.",
        )
    return ray


def not_started(error: BaseException) -> WirescopeError:
    """That Ray did not start on this machine. error: why, as Ray says it."""
    return WirescopeError(
        f"Ray did not start on this machine: {reason(error)}",
        "Try again: a machine that is busy may need longer than Ray waits.",
    )


def _init(ray: Any, told: dict[str, Any]) -> None:
    begun = monotonic()
    for left in reversed(range(TRIES)):
        try:
            ray.init(**told)
            break
        except (ValueError, TypeError):
            raise
        except Exception:  # Ray and gRPC have no common base of theirs
            ray.shutdown()
            if not left or monotonic() - begun > SECONDS_OF_TRIES:
                raise


def _in_a_lasting_thread(work: Callable[[], None]) -> None:
    """Do some work that starts processes in a thread that lives as long as this process. That is the main one, where
    it is the one that asks: Ray ends in order on SIGTERM only when it is started there. Raises what the work raises."""
    if threading.current_thread() is threading.main_thread():
        work()
        return
    done: Future[None] = Future()
    _works_of_the_lasting_thread().put((work, done))
    done.result()


@cache
def _works_of_the_lasting_thread() -> SimpleQueue[tuple[Callable[[], None], Future[None]]]:
    """A thread of an executor would end before Ray's own end of the process, which needs its processes: not this one,
    a daemon."""
    works: SimpleQueue[tuple[Callable[[], None], Future[None]]] = SimpleQueue()

    def run() -> None:
        while True:
            work, done = works.get()
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

    threading.Thread(target=run, name="wirescope-cluster", daemon=True).start()
    return works
