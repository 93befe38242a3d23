"""How fast this machine is, by a clock that tells what it is to tell."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from core.planning import laps, pace
from core.planning.pace import Pace, PlannedTrace, measured_pace
from core.planning.sketch import sketch
from core.tracing.method import method_named
from core.tracing.options import NoOptions

QUICK, SLOW = 0.01, 0.5  # seconds from one look at it to the next


class Clock:
    """slow: between which looks."""

    def __init__(self, slow: range = range(0)) -> None:
        self._slow, self._looks, self._now = slow, 0, 0.0

    def __call__(self) -> float:
        self._looks += 1
        self._now += SLOW if self._looks in self._slow else QUICK
        return self._now


def paced(clock: Clock) -> Pace:
    whole = sketch("bundled:names")
    measured = measured_pace(whole, PlannedTrace(8, 1, 0, method_named("eap"), NoOptions()), 1, (1, 2), clock)
    assert measured is not None
    return measured


def figures(measured: Pace) -> list[float]:
    edges = [measured.cut, *(each.edge for each in measured.scanned)]
    opened = [number for each in (measured.one, measured.some) for number in (each.session, each.trace)]
    into_layers = [number for edge in edges for kind in astuple(edge) for number in kind]
    return [*opened, *into_layers, *(each.read for each in measured.scanned), measured.read, measured.own_head]


def test_a_machine_that_is_slow_for_a_while_is_planned_as_it_is_at_its_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all pieces had their rounds one after the other, those of the first ones would all be slow."""
    monkeypatch.setattr(laps, "SHORT", QUICK / 2)  # each piece once a round
    monkeypatch.setattr(pace, "ROUNDS", 2)
    monkeypatch.setattr(pace, "LONG", float("inf"))
    assert figures(paced(Clock(range(3, 12)))) == pytest.approx(figures(paced(Clock())))
