"""`--seed` of every command takes what all that draws takes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from app.cli.arguments import MOST_SEED, seed_number
from app.cli.parser import COMMANDS, _parser
from tests.app.command_line import code_of


def seed_options(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.Action]]:
    """Of a parser and those of its commands."""
    for action in parser._actions:
        if "--seed" in action.option_strings:
            yield name, action
        if isinstance(action, argparse._SubParsersAction):
            for command, each in action.choices.items():
                yield from seed_options(each, f"{name} {command}".strip())


def test_every_command_refuses_a_seed_that_nothing_can_be_drawn_by() -> None:
    options = dict(each for name in COMMANDS for each in seed_options(_parser(name)))
    assert {"trace", "study icl", "study modalities", "heads"} <= options.keys()
    assert {name for name, option in options.items() if option.type is not seed_number} == set()


@pytest.mark.parametrize("seed", ["-1", "4294967296", "1.5", "two"])
def test_it_is_said_in_words(seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("study", "icl", "--model", "bundled:names", f"--seed={seed}") == 2
    assert f"a seed is a whole number from 0 to 4,294,967,295, not {seed}" in capsys.readouterr().err


def test_the_largest_can_be_drawn_by() -> None:
    largest = seed_number(str(MOST_SEED))
    np.random.default_rng([largest, 3])
    torch.Generator("cpu").manual_seed(largest + 3)
