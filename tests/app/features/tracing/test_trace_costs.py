"""How long a trace takes, as the menu says it."""

from __future__ import annotations

import time

import pytest

from app.presenters.trace_cost import Work
from app.worker.trace_times import Costs, Watch
from core.project.document import PairSource, Source
from core.project.trace_choice import TraceChoice
from tests.app.person import Person
from tests.app.tracing_steps import choose, score, trace


def test_the_menu_says_how_long_a_trace_takes_as_it_took_before(reader: Person, monkeypatch) -> None:
    monkeypatch.setattr("app.presenters.time_left.COST_WORTH_SAYING", 0.0)  # however quick it is
    choose(reader, "exact-scan")
    menu = reader.window.top_bar.method_menu
    assert "(about " in menu.methods["exact-scan"].text()
    assert "as measured" not in menu.methods["exact-scan"].text()
    trace(reader)
    assert "as measured)" in menu.methods["exact-scan"].text()
    assert "as measured" not in menu.methods["acdc"].text()
    score(reader, "nodes")  # those were not traced yet
    assert "as measured" not in menu.methods["exact-scan"].text()


def test_what_a_trace_took_is_told_of_those_like_it_alone() -> None:
    costs, choice = Costs(), TraceChoice("acdc", (("threshold", 0.1),))
    work = Work(choice, "patch", 12)
    assert costs.known(work) is None
    watch = Watch(costs, work, 0.0, time.monotonic() - 40)
    watch.at(0.9)  # the rest may cost more
    assert costs.known(work) is None
    watch.at(1.0)
    assert costs.known(work) == pytest.approx(40, rel=0.01)
    assert costs.known(Work(TraceChoice("acdc"), "patch", 12)) is None  # with another threshold nobody knows
    assert costs.known(Work(choice, "patch", 600)) is None  # nor of a longer input
    assert costs.known(Work(choice, "mean", 12)) is None  # nor of other values in its place
    rows = (PairSource(Source("text", text="The cat")),) * 3
    over = Work(choice, "patch", 12, rows)
    assert costs.known(over) is None
    Watch(costs, over, 0.0, time.monotonic() - 120).at(1.0)
    assert costs.known(Work(choice, "patch", 5, rows)) == pytest.approx(120, rel=0.01)  # the cards are not traced
    Watch(costs, work, 0.5, time.monotonic()).at(1.0)  # the rest of one that was left half-way
    assert costs.known(work) == pytest.approx(40, rel=0.01)


def test_an_input_of_another_length_does_not_take_as_long_as_measured(reader: Person, monkeypatch) -> None:
    monkeypatch.setattr("app.presenters.time_left.COST_WORTH_SAYING", 0.0)
    choose(reader, "exact-scan")
    trace(reader)
    menu = reader.window.top_bar.method_menu
    assert "as measured)" in menu.methods["exact-scan"].text()
    reader.workbench.question.set_replacement("zero")
    reader.rest()
    assert "as measured" not in menu.methods["exact-scan"].text()
    reader.workbench.question.set_replacement("patch")
    reader.type_prompt("A", "When Mary gave a drink to Tom and John, they all went to the store")
    assert "(about " in menu.methods["exact-scan"].text()
    assert "as measured" not in menu.methods["exact-scan"].text()
