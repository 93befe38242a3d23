"""The VS Code extension says of Wirescope what is so: its commands, the limits of files, the methods. Its own tests run
with `make vscode`."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from app.cli.parser import COMMANDS, _parser
from core.project import archive, limits
from core.tracing.method import METHODS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "packaging" / "vscode"
MANIFEST = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))


def source(name: str) -> str:
    return (FOLDER / "src" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["trace", "run", "report"])
def test_the_command_line_takes_what_the_extension_gives_it(name: str) -> None:
    body = source("arguments.ts").partition(f"function {name}Arguments(")[2].partition("\n}")[0]
    written = re.findall(r'`([^`]*)`|"([^"]*)"', body)
    given = [re.sub(r"\$\{.*?\}", "--x", template or text) for template, text in written]
    words = [each for each in given if each]
    command = next(each for each in words if not each.startswith("-"))
    assert command in COMMANDS
    options = [each for each in words if each.startswith("-")]
    assert options or name == "run"
    file = [] if name == "trace" else ["FILE"]
    parsed = vars(_parser(command).parse_args([command, *file, *options]))
    for option in options:
        key, value = option.removeprefix("--").split("=")
        assert value in (parsed[key], str(parsed[key])) if key in parsed else value in map(str, parsed.values())


def test_what_menus_name_is_declared_and_done() -> None:
    declared = {each["command"] for each in MANIFEST["contributes"]["commands"]}
    named = {each["command"] for menu in MANIFEST["contributes"]["menus"].values() for each in menu}
    code = source("desktop.ts") + source("editor.ts")
    assert named == declared == set(re.findall(r'ommand\("(wirescope\.\w+)", (?:\(|async)', code))
    settings = set(re.findall(r'getConfiguration\("wirescope"\)\.get<string>\("(\w+)"\)', code))
    assert {f"wirescope.{name}" for name in settings} == set(MANIFEST["contributes"]["configuration"]["properties"])


def test_files_have_the_same_limits() -> None:
    code = source("archive.ts")
    for name in ("MOST_FILE", "MOST_PARTS", "MOST_DIRECTORY", "MOST_INFLATED"):
        said = re.search(rf"const {name} = ([^;]+);", code)
        assert said is not None
        assert eval(said[1].replace("MB", "(1 << 20)")) == getattr(archive, name)
    said_limits = [
        int(each) << 20 for each in re.findall(r"(\d+) \* MB(?:;| :)", code.partition("function limit(")[2][:600])
    ]
    assert said_limits == [limits.MOST_JSON, limits.MOST_NUMBERS, limits.MOST_PICTURE]


def test_methods_are_ranked_and_called_alike() -> None:
    code = source("story.ts")

    def listed(name: str) -> set[str]:
        found = re.search(rf"const {name} = \[([^\]]*)\]", code)
        assert found is not None
        return set(re.findall(r'"([^"]+)"', found[1]))

    assert listed("UNSIGNED") == {name for name, each in METHODS.items() if not each.meaning.signed}
    assert listed("ESTIMATING") == {name for name, each in METHODS.items() if each.meaning.how == "estimated"}
    others = dict(re.findall(r'"?([\w-]+)"?: "(\w+)"', code.partition("HOW: Record")[2].partition(";")[0]))
    told = {name: each.meaning.how for name, each in METHODS.items() if each.meaning.how not in ("estimated", "scored")}
    assert others == told


def test_the_extension_is_of_this_version_and_its_lock_names_no_host() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert MANIFEST["version"] == project["version"]
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, each in lock["packages"].items() if "resolved" in each] == []
