"""Numbers are written alike wherever they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.formatting import between_words, number, percent, share_words

ROOT = Path(__file__).resolve().parents[2]
OTHERWISE = re.compile(r"""[0-9}]%[^0-9}\w]|%\}|(?<=[0-9])% """)  # "85%", and Python's own form


@pytest.mark.parametrize(
    ("share", "digits", "words"),
    [(0.85, 0, "85 %"), (0, 0, "0 %"), (-0.031, 0, "−3 %"), (-0.001, 0, "0 %"), (12.5, 0, "1,250 %"),
     (0.0495, 1, "5.0 %"), (-0.0004, 1, "0.0 %"), (1, 0, "100 %")],
)  # fmt: skip
def test_a_share_is_a_number_a_space_and_the_sign(share: float, digits: int, words: str) -> None:
    assert percent(share, digits) == words


def test_small_shares_of_the_behaviour_have_a_digit_more() -> None:
    assert [share_words(share) for share in (0.87, 0.093, -0.03, 0.0)] == ["87 %", "9.3 %", "−3.0 %", "0 %"]
    assert number(-0.001) == "0.00"
    assert between_words(-0.004, 0.3) == "0 to 30"
    assert between_words(-0.031, -0.0049) == "−3 to 0"


@pytest.mark.parametrize("package", ["app", "core", "views"])
def test_nothing_writes_shares_in_another_way(package: str) -> None:
    """Of sentences: style sheets and addresses have per cent signs of their own."""
    wrong = []
    for path in sorted((ROOT / package).rglob("*.py")):
        for place, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if OTHERWISE.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{place}: {line.strip()}")
    assert wrong == []
