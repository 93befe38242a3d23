"""Progress goes to standard error alone: bars with a rate and the time left on a terminal, to a file what it needs."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from app.cli.progress import Progress
from app.cli.tables import aligned
from core.sharded.progress import RunProgress


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """What standard error is told from now on; asked for in the test, as pytest's own capture comes after fixtures."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that bars take for the time."""
    import tqdm.std

    now = [0.0]
    monkeypatch.setattr(tqdm.std, "time", lambda: now[0])
    return now


def test_a_share_has_a_rate_and_the_time_left_and_leaves_no_bar(monkeypatch, clock: list[float]) -> None:
    terminal = on_a_terminal(monkeypatch)
    before = threading.active_count()
    with Progress() as progress:
        for step in range(11):
            clock[0] = 3.01 * step
            progress("EAP-IG, 124 pairs", step / 100)
        last = terminal.getvalue().split("\r")[-1]
        progress("EAP-IG, 124 pairs", 0.05)
        assert terminal.getvalue().split("\r")[-1] == last, "never back"
        assert threading.active_count() == before
    assert last.startswith("EAP-IG, 124 pairs:  10 %|")
    assert "00:30<04:30" in last
    assert "3.01s/%" in last
    assert terminal.getvalue().endswith("\r"), "the next line is written over it"


def test_why_a_run_failed_is_for_the_command_to_tell(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress.pairs(RunProgress("running", "EAP, 4 of 20 pairs", 4.0, 20))
        progress.pairs(RunProgress("failed", "The disk is full.", 4.0, 20))
    assert capsys.readouterr().err == "EAP, 4 of 20 pairs\n"


def test_each_stage_of_a_download_keeps_its_bar(monkeypatch, clock: list[float]) -> None:
    terminal = on_a_terminal(monkeypatch)
    with Progress() as progress:
        progress.count(0, 90_000_000, "Downloading")
        clock[0] = 10.0
        progress.count(30_000_000, 90_000_000, "Downloading")
        assert "30.0M/90.0M [00:10<00:20, 3.00MB/s]" in terminal.getvalue()
        progress.count(1, 0, "Unpacking")
    first, second, end = terminal.getvalue().split("\n")
    assert "Downloading" in first
    assert "Unpacking: 1" in second
    assert end == ""


def test_an_error_is_told_on_a_line_of_its_own(monkeypatch, clock: list[float]) -> None:
    terminal = on_a_terminal(monkeypatch)

    def fail() -> None:
        with Progress() as progress:
            progress.count(1, 2, "Downloading")
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        fail()
    assert terminal.getvalue().endswith("\n")


def test_a_file_is_told_stages_and_no_shares(capsys) -> None:
    with Progress() as progress:
        progress("Running the model", 0.5)
        for done in range(3):
            progress.count(done, 3, "Downloading")
        progress.count(0, 0, "Unpacking")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "Downloading\nUnpacking\n")


def test_where_standard_error_takes_nothing_the_work_goes_on(monkeypatch) -> None:
    terminal = on_a_terminal(monkeypatch)

    def full(_words: str) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(terminal, "write", full)
    with Progress() as progress:
        progress("Running the model", 0.5)
        progress("Running the model", 1.0)


def test_columns_are_as_wide_as_their_cells_and_the_last_is_broken() -> None:
    rows = [("edge", "score"), ("a1.h2->m2", "-0.5", "below"), ("m0->m1", "+12")]
    assert aligned(rows, "<>") == ["edge       score", "a1.h2->m2   -0.5  below", "m0->m1       +12"]
    broken = aligned([("GPT-2", "heads and MLPs, exactly"), ("", "else")], width=20)
    assert broken == ["GPT-2  heads and", "       MLPs, exactly", "       else"]
    assert aligned([]) == []
