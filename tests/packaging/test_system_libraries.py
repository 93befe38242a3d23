"""Missing system packages are found by loading, installed as root, and named to anybody else."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="concerns Linux alone")


@pytest.fixture
def one_missing(system_libraries: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A system on which every library loads but one, and every command is there."""
    monkeypatch.setattr(system_libraries, "loads", lambda library: library != "libxcb-cursor.so.0")
    monkeypatch.setattr(system_libraries.shutil, "which", lambda command: f"/usr/bin/{command}")
    return system_libraries


def test_a_library_is_there_if_it_loads(system_libraries: ModuleType) -> None:
    assert system_libraries.loads("libc.so.6")
    assert not system_libraries.loads("libno-such-thing.so.1")


def test_a_window_needs_what_the_offscreen_platform_does_not(one_missing: ModuleType) -> None:
    assert one_missing.missing_packages(window=False, tests=False) == []
    assert one_missing.missing_packages(window=True, tests=False) == ["libxcb-cursor0"]


def test_tests_need_a_display_of_their_own_and_a_mouse(
    one_missing: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_missing.shutil, "which", lambda command: None)
    assert one_missing.missing_packages(window=False, tests=True) == ["libxcb-cursor0", "xvfb", "xauth", "xdotool"]


def test_a_python_without_venv_needs_its_package(one_missing: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_missing.importlib.util, "find_spec", lambda name: None)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    assert one_missing.missing_packages(window=False, tests=False) == [version]


def test_a_plain_user_is_shown_the_line_to_run(one_missing: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_missing.os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit) as end:
        one_missing.ensure_packages(window=True, tests=False)
    line = "sudo apt-get update && sudo apt-get install -y --no-install-recommends libxcb-cursor0"
    assert line in str(end.value)


def test_without_apt_the_names_are_shown(one_missing: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_missing.shutil, "which", lambda command: None if command == "apt-get" else command)
    with pytest.raises(SystemExit, match="libxcb-cursor0") as end:
        one_missing.ensure_packages(window=True, tests=False)
    assert "apt-get" not in str(end.value)


def test_root_installs_what_is_missing_after_an_update(
    one_missing: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        commands.append(" ".join(command))
        if "install" in command:
            monkeypatch.setattr(one_missing, "loads", lambda library: True)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(one_missing.os, "geteuid", lambda: 0)
    monkeypatch.setattr(one_missing.subprocess, "run", run)
    one_missing.ensure_packages(window=True, tests=False)
    update, install = commands
    assert update.startswith("apt-get ")
    assert "update" in update
    assert install.endswith("libxcb-cursor0")


def test_a_failed_installation_ends_the_set_up(one_missing: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 100)
    monkeypatch.setattr(one_missing.os, "geteuid", lambda: 0)
    monkeypatch.setattr(one_missing.subprocess, "run", lambda command, **options: failed)
    with pytest.raises(SystemExit, match="failed"):
        one_missing.ensure_packages(window=True, tests=False)
