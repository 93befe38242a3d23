"""The help of every command shows it: with examples that the command takes."""

from __future__ import annotations

import shlex

import pytest

from app.cli.parser import COMMANDS, _parser
from tests.app.command_line import code_of

WITH_ACTIONS = [(name,) for name in COMMANDS] + [("models", "get"), ("models", "remove")]


def shown(help_text: str) -> list[str]:
    """The command lines under "examples"."""
    text = help_text.split("\nexamples:\n")[1].replace("\\\n", "")
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("command", WITH_ACTIONS, ids=" ".join)
def test_every_help_has_examples_that_its_command_takes(command: tuple[str, ...], capsys) -> None:
    assert code_of(*command, "--help") == 0
    lines = shown(capsys.readouterr().out)
    assert lines
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "wirescope"
        assert tuple(arguments[: len(command)]) == command
        assert callable(_parser(command[0]).parse_args(arguments).do)


def test_the_help_of_all_has_an_example_and_every_command(capsys) -> None:
    assert code_of("--help") == 0
    text = capsys.readouterr().out
    assert shown(text) == ["wirescope bundled:names"]
    assert [name for name in COMMANDS if f"  {name} " not in text] == []
