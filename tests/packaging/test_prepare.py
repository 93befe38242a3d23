"""An environment is made once, made anew when its making was broken off, and never in somebody else's folder."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest


class Commands(list[str]):
    """Stands in for running a command: writes it down, and makes what `python -m venv` would make."""

    breaks_at: str | None = None

    def __call__(self, *command: str | Path) -> None:
        line = " ".join(str(part) for part in command)
        self.append(line)
        if self.breaks_at and self.breaks_at in line:
            raise KeyboardInterrupt
        if "-m venv" in line:
            (Path(command[-1]) / "pyvenv.cfg").write_text("home = /usr/bin\n")


@pytest.fixture
def commands(prepare: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Commands:
    commands = Commands()
    monkeypatch.setattr(prepare, "run", commands)
    return commands


def project_installed(commands: Commands) -> bool:
    return any("--editable" in line for line in commands)


def test_the_second_time_nothing_is_done(prepare: ModuleType, commands: Commands, tmp_path: Path) -> None:
    prepare.prepare(tmp_path / "venv", tests=True)
    assert commands
    commands.clear()
    prepare.prepare(tmp_path / "venv", tests=True)
    prepare.prepare(tmp_path / "venv", tests=False)
    assert commands == []


def test_test_tools_are_added_to_an_environment_without(
    prepare: ModuleType, commands: Commands, tmp_path: Path
) -> None:
    prepare.prepare(tmp_path / "venv", tests=False)
    assert not any("pytest-qt" in line for line in commands)
    commands.clear()
    prepare.prepare(tmp_path / "venv", tests=True)
    assert any("pytest-qt" in line for line in commands)
    assert not any("-m venv" in line for line in commands)


def test_a_shared_environment_gets_the_dependencies_alone(
    prepare: ModuleType, commands: Commands, tmp_path: Path
) -> None:
    prepare.prepare(tmp_path / "venv", tests=True)
    assert any("torch" in line for line in commands)
    assert not project_installed(commands)


def test_the_clones_own_environment_gets_the_project(
    prepare: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    prepare.prepare(tmp_path / ".venv", tests=False)
    assert project_installed(commands)

    moved = tmp_path / "moved"
    moved.mkdir()
    (tmp_path / ".venv").rename(moved / ".venv")
    monkeypatch.setattr(prepare, "ROOT", moved)
    commands.clear()
    prepare.prepare(moved / ".venv", tests=False)
    assert any("-m venv" in line for line in commands)
    assert project_installed(commands)


@pytest.mark.parametrize("step", ["-m venv", "-m pip"])
def test_what_was_broken_off_is_made_anew(step: str, prepare: ModuleType, commands: Commands, tmp_path: Path) -> None:
    commands.breaks_at = step
    with pytest.raises(KeyboardInterrupt):
        prepare.prepare(tmp_path / "venv", tests=True)
    torn = tmp_path / "venv" / "lib" / "torn.py"
    torn.parent.mkdir()
    torn.touch()

    commands.breaks_at = None
    prepare.prepare(tmp_path / "venv", tests=True)
    assert not torn.exists()
    assert any("-m venv" in line for line in commands)


def test_new_dependencies_are_added_in_place(
    prepare: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prepare.prepare(tmp_path / "venv", tests=True)
    changed = tmp_path / "pyproject.toml"
    changed.write_text(prepare.PYPROJECT.read_text(encoding="utf-8").replace("networkx", "igraph"), encoding="utf-8")
    monkeypatch.setattr(prepare, "PYPROJECT", changed)
    commands.clear()
    prepare.prepare(tmp_path / "venv", tests=True)
    assert [line for line in commands if "igraph" in line]
    assert not any("-m venv" in line for line in commands)


def test_a_folder_of_somebody_else_is_refused(prepare: ModuleType, commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(SystemExit, match="something else"):
        prepare.prepare(tmp_path, tests=True)
    assert commands == []
    assert (tmp_path / "thesis.tex").exists()


def test_a_venv_made_by_hand_is_kept(prepare: ModuleType, commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").touch()
    (tmp_path / "own.txt").touch()
    commands.breaks_at = "-m pip"
    with pytest.raises(KeyboardInterrupt):
        prepare.prepare(tmp_path, tests=True)
    commands.breaks_at = None
    prepare.prepare(tmp_path, tests=True)
    assert (tmp_path / "own.txt").exists()
    assert not any("-m venv" in line for line in commands)
