"""Real kills: what is lost is less than the last second. `python -m tests.benchmarks.kills 50` counts more of them."""

from __future__ import annotations

import pytest

from tests.benchmarks.kills import main


@pytest.mark.slow
def test_a_kill_loses_less_than_the_last_second(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(2) == 0, capsys.readouterr().out
