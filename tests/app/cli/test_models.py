"""The command line: the models and families that it lists, gets and removes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.__main__ import main
from core.errors import ArgumentError, ModelError, WirescopeError
from core.models import packs
from core.models.family import FAMILIES
from core.models.refused import REFUSED
from tests.app.command_line import code_of
from tests.benchmarks.__main__ import main as bench_main
from tests.benchmarks.table import Table

# ---- models --------------------------------------------------------------------------------------------------


def test_models_lists_what_opens_offline(monkeypatch, capsys) -> None:
    monkeypatch.setattr(packs, "is_installed", lambda name: name == "smollm2")
    assert code_of("models") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:2] == ["pack:smollm2", "installed"] for line in lines)
    assert any(line.startswith("pack:dinov2-small") and "90 MB to download" in line for line in lines)


def test_models_get_shows_its_stages_and_says_where_it_is(monkeypatch, capsys, tmp_path: Path) -> None:
    def get(name: str, progress) -> Path:
        for done, stage in ((0, "Downloading"), (50, "Downloading"), (100, "Downloading"), (0, "Converting")):
            progress(done, 100, stage)
        return tmp_path / name

    monkeypatch.setattr(packs, "get", get)
    assert code_of("models", "get", "smollm2") == 0
    out, err = capsys.readouterr()
    assert out == f"pack:smollm2 is installed in {tmp_path / 'smollm2'}\n"
    assert err == "Downloading\nConverting\n"


@pytest.mark.parametrize(
    ("error", "code"), [(ModelError("The disk is full.", "Free some."), 3), (KeyboardInterrupt(), 130)]
)
def test_a_download_that_fails_or_is_interrupted(monkeypatch, capsys, error: BaseException, code: int) -> None:
    def get(_name: str, _progress):
        raise error

    monkeypatch.setattr(packs, "get", get)
    assert code_of("models", "get", "smollm2") == code
    assert capsys.readouterr().out == ""


def test_bench_prints_tables_in_a_clone(monkeypatch, capsys) -> None:
    fake = SimpleNamespace(tables=lambda: iter([Table("Speed", ("model", "ratio"), [["names", "0.2"]])]))
    monkeypatch.setitem(sys.modules, "tests.benchmarks.layers", fake)
    assert main(["bench", "layers"]) == 0
    assert "names  0.2" in capsys.readouterr().out
    assert main(["bench", "layers", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"title": "Speed", "rows": [{"model": "names", "ratio": "0.2"}]}
    assert main(["bench", "nothing"]) == 2
    assert "layers" in capsys.readouterr().err


@pytest.mark.parametrize(("error", "code"), [(ArgumentError, 2), (ModelError, 3)])
def test_a_bench_that_cannot_be_run_says_why(error: type[WirescopeError], code: int, monkeypatch, capsys) -> None:
    def tables() -> Iterator[Table]:
        raise error("There is no cluster.", "Start one.")

    monkeypatch.setitem(sys.modules, "tests.benchmarks.layers", SimpleNamespace(tables=tables))
    assert bench_main(["layers"]) == code
    assert capsys.readouterr().err == "wirescope: There is no cluster.\n  Start one.\n"


def test_models_remove(monkeypatch, capsys) -> None:
    removed = []
    monkeypatch.setattr(packs, "remove", removed.append)
    assert code_of("models", "remove", "dinov2-small") == 0
    assert removed == ["dinov2-small"]


# ---- families ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", ["80", "200"])
def test_families_prints_the_whole_table(monkeypatch, capsys, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert code_of("families") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines())) <= int(columns)
    words = " ".join(out.split())
    for family in FAMILIES.values():
        assert f"{family.name} {family.library} {family.reads} {family.exact}" in words
        assert not family.refused or f"{family.exact} refused: {family.refused}" in words
    opened, closed = words.split("not opened why")
    assert opened.count("refused: ") == sum(bool(family.refused) for family in FAMILIES.values())
    for row in REFUSED:
        assert f"{row.name} {row.why}" in closed
