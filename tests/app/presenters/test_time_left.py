"""How long work still takes: reckoned before it begins, corrected as it goes on, and said in window and terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.messages.request import ProgressReply
from app.presenters.telling import EVERY, Telling
from app.presenters.time_left import Pace
from app.presenters.trace_cost import Estimates, Work
from app.worker.trace_times import Costs, Watch
from core.project.document import PairSource, Source
from core.project.trace_choice import TraceChoice
from tests.app.person import Person
from tests.app.tracing_steps import ROWS as TABLE
from tests.app.tracing_steps import choose, paste, trace

ROWS = tuple(PairSource(Source("text", text=f"The cat {number}")) for number in range(124))
ESTIMATES = Estimates(0.01, 1519, 37, length=15, row_length=15.0, kind="patch")


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def seconds(choice: TraceChoice, rows: tuple[PairSource, ...] = (), estimates: Estimates = ESTIMATES) -> float:
    return estimates.seconds(Work(choice, "patch", estimates.length, rows))


def test_what_is_reckoned_counts_pairs_steps_lengths_and_rounds() -> None:
    eap_ig = TraceChoice("eap-ig")
    one = seconds(eap_ig)
    assert one == pytest.approx(15 * 15 * 0.01), "five steps of three runs each"
    over = seconds(eap_ig, ROWS)
    assert over > 124 * one, "and each pair's own runs over A and B"
    assert seconds(eap_ig, ROWS[:62]) == pytest.approx(over / 2)
    assert seconds(eap_ig.with_option("steps", 50)) == pytest.approx(10 * one)
    assert seconds(eap_ig, ROWS, replace(ESTIMATES, row_length=30.0)) == pytest.approx(2 * over)
    assert seconds(eap_ig, (), replace(ESTIMATES, length=30)) == pytest.approx(2 * one)
    assert seconds(TraceChoice("eap")) == pytest.approx(one / 5)
    assert seconds(TraceChoice("circuit-pruning"), ROWS) > 10 * over
    positions = replace(TraceChoice("exact-scan"), level="positions")
    assert seconds(positions) == pytest.approx(15 * seconds(replace(positions, level="nodes")))


def test_a_trace_that_went_slower_than_reckoned_corrects_the_next_ones() -> None:
    costs, work = Costs(), Work(TraceChoice("eap-ig"), "patch", 15, ROWS)
    watch = Watch(costs, work, 0.0, began=-1000.0, reckoned=ESTIMATES.reckoned(work))
    watch.at(0.001)
    assert not costs.rates, "too little is seen of it"
    watch.at(0.5)
    assert costs.rates[work.sort] > 1
    corrected = replace(ESTIMATES, rates=costs.rates)
    many = TraceChoice("eap-ig").with_option("steps", 50)
    assert seconds(many, ROWS, corrected) == pytest.approx(seconds(many, ROWS) * costs.rates[work.sort])
    assert seconds(TraceChoice("eap"), ROWS, corrected) == seconds(TraceChoice("eap"), ROWS), "of its own sort alone"


def test_what_is_left_is_what_was_reckoned_and_then_what_is_seen() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.left("Tracing", 0.0, 60.0) == "about 60 s left"
    clock.now += 1
    assert pace.left("Tracing", 0.001, 60.0) == "about 60 s left"
    for step in range(1, 11):
        clock.now = 100 + 42 * step
        words = pace.left("Tracing", step / 100, 60.0)
    assert words == "about 63 min left", "not what was reckoned"
    for step in range(1, 31):  # the later work is ten times as quick
        clock.now = 520 + 4.2 * step
        words = pace.left("Tracing", (10 + step) / 100, 60.0)
    assert words == "about 4 min left"
    assert pace.left("Measuring", 0.0) == "", "other work: nothing is known"


def test_progress_is_passed_on_often_enough_and_never_goes_back() -> None:
    clock, seen = Clock(), []
    telling = Telling(seen.append, clock)
    for number in range(1000):
        clock.now += 0.01
        telling(number / 100_000)
    assert len(seen) == pytest.approx(1000 * 0.01 / EVERY, abs=2), "five a second, though a thousand came"
    telling(0.5)
    telling(0.3)
    telling(0.51)
    assert seen[-1] == 0.5
    assert seen == sorted(seen)


def test_the_open_menu_follows_at_once_what_is_chosen_in_it(reader: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.presenters.time_left.COST_WORTH_SAYING", 0.0)
    monkeypatch.setattr("app.presenters.time_left.seconds_words", lambda seconds: f"{seconds * 1000:.6f} ms")

    def said(name: str = "eap-ig") -> float:
        return float(menu.methods[name].text().split("(")[1].split(" ms")[0])

    choose(reader, "eap-ig")
    menu = reader.window.top_bar.method_menu
    five = said()
    menu.option_changed.emit("steps", 50.0)  # what the field says; the engine has not heard of it yet
    assert said() == pytest.approx(10 * five, rel=0.01)
    menu.option_changed.emit("steps", 5.0)
    reader.rest()
    paste(reader, TABLE)
    reader.rest()
    one = said()  # not of EAP, which has run: as it took is not as it is reckoned
    menu.over_chosen.emit(True)
    assert said() > 2 * one, "five pairs, some shorter than that on the cards"
    reader.rest()


def test_what_was_reckoned_stands_beside_the_bar(reader: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.presenters.trace_cost.Estimates.seconds", lambda self, work: 600.0)
    choose(reader, "exact-scan")
    seen: list[tuple[str, str]] = []
    reader.workbench.on(ProgressReply, lambda work: seen.append((work.words, reader.panel("status").work.text())))
    trace(reader)
    assert ("Exact scan, 262 edges", "Exact scan, 262 edges · about 10 min left") in seen
    assert "about" not in reader.message(), "a time that is never corrected"


def test_an_examples_prompts_are_shown_before_its_model_is_open(reader: Person) -> None:
    reader.workbench.models.open_example("names/0")
    card = reader.panel("inputs").card_a
    example = reader.workbench.document
    assert reader.workbench.opened is None, "the libraries or the model may take seconds"
    assert card.card().text == example.clean.text
    assert not card.card().tokens
    assert [chip.text for chip in card.chips.tokens()] == example.clean.text.split()
    assert card.chip_scroll.isVisible()
    assert reader.panel("inputs").card_b.card().text == example.counterfactual.text
    reader.rest()
    assert card.card().tokens
