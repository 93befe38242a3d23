"""The command line is made from tables: what another package adds is in its lists and helps, and works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.parser import COMMANDS
from core import plugins
from core.circuit import EXPORTERS
from tests.app.command_line import code_of
from tests.example_plugin import install, installed, page_files

HELPS = {  # where each row of the page is named
    "run": ("lead",),
    "export": ("list", "a name a line", "graphml"),
    "trace": ("short-edges", "--base", "what a layer counts less", "lead", "greetings"),
    "evaluate": ("greetings",),
}
PAIR = ("--model", "bundled:names", "--clean", "Mary and John met. John spoke to", "--counterfactual",
        "Mary and John met. Tom spoke to")  # fmt: skip


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(plugins._STATE, "when", "first use")
    install(tmp_path / "site", page_files())
    with installed(tmp_path / "site"):
        yield tmp_path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert code_of(*arguments) == 0
    return " ".join(capsys.readouterr().out.split())


def test_every_help_and_list_names_what_was_added_and_without_plugins_none_does(page: Path, capsys) -> None:
    for command, words in HELPS.items():
        text = printed(capsys, command, "--help")
        assert [word for word in words if word not in text] == [], command
    assert ", example" in printed(capsys, "models", "get", "--help")
    assert "pack:example" in printed(capsys, "models")
    assert "Arcee Hugging Face text as Llama, an MLP that is not gated" in printed(capsys, "families")
    assert "short-edges Short edges: edges that pass over few layers" in printed(capsys, "methods")
    assert "an edge is worth the less" in printed(capsys, "methods", "short-edges")
    listed = printed(capsys, "plugins")
    assert all(f"{group} " in listed for group in plugins.TABLES)
    assert "short-edges example of wirescope-example 1.0 (wirescope_example.method:METHOD)" in listed
    assert "It works." in printed(capsys, "plugins", "example")


def test_nothing_is_loaded_where_that_is_asked(page: Path, capsys) -> None:
    assert "short-edges" not in printed(capsys, "trace", "--help", "--no-plugins")
    assert "short-edges" not in printed(capsys, "methods", "--no-plugins")
    assert printed(capsys, "plugins") == "Nothing that other packages add is loaded."
    assert code_of("plugins", "example") == 2


def test_a_trace_by_an_added_method_on_an_added_task_with_an_added_metric(page: Path, capsys) -> None:
    out = page / "short.json"
    asked = ("--model", "bundled:names", "--task", "greetings", "--pairs", "2", "--metric", "lead", "--json")
    report = json.loads(printed(capsys, "trace", *asked, "--method", "short-edges", "--base", "3", "--out", str(out)))
    assert report["method"] == "short-edges"
    assert report["options"] == "base 3"
    assert report["metric"].startswith("lead over the next answer")


def test_a_circuit_is_written_in_forms_of_the_table(page: Path, capsys) -> None:
    for name in ("dot", "list"):
        path = page / f"one{EXPORTERS[name].ending}"
        printed(capsys, "export", *PAIR, "--format", name, "--edges", "5", "--out", str(path))
    assert len((page / "one.txt").read_text().split()) == 5
    assert (page / "one.dot").read_text().count("penwidth") == 5
    assert code_of("export", *PAIR, "--format", "graphml", "--out", "circuit.xml") == 2


def test_one_that_fails_is_listed_with_its_reason(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins._STATE, "when", "first use")
    toml = '[project]\nname = "bad"\nversion = "2"\n[project.entry-points."wirescope.tasks"]\nsum = "bad_sum:TASK"\n'
    install(tmp_path, {"pyproject.toml": toml, "bad_sum.py": "1 / 0\n"})
    with installed(tmp_path):
        assert "tasks left out sum of bad 2 (bad_sum:TASK) ZeroDivisionError" in printed(capsys, "plugins")
        assert "bad_sum.py" in printed(capsys, "plugins", "sum")
        assert "ioi" in printed(capsys, "trace", "--help")


def test_each_command_is_a_file_of_its_name() -> None:
    assert {(name, each.add_options.__module__) for name, each in COMMANDS.items()} == {
        (name, f"app.cli.{name}") for name in COMMANDS
    }
