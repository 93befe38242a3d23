"""The garbage collector: it works in the window's thread alone, and gives a model back once another one is open."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest

from app.window import garbage_collector as collector
from app.window.garbage_collector import Collector
from tests.app.models import CLEAN
from tests.app.person import Person


class Loop:
    """An object that only the collector can free."""

    def __init__(self) -> None:
        self.loop = self


@pytest.fixture
def watched(person: Person) -> Iterator[tuple[Person, Collector]]:
    gc.unfreeze()  # what tests/conftest.py has left alone
    yield person, Collector(person.workbench)
    gc.unfreeze()


def test_all_is_looked_at_once_with_each_further_model_and_then_left_alone(
    watched: tuple[Person, Collector], models
) -> None:
    person, collector = watched
    loop = weakref.ref(Loop())
    assert collector.rests
    person.open(models.gpt2, CLEAN)
    assert not collector.rests
    assert gc.get_freeze_count()
    person.open(models.gpt2, CLEAN[:-4])
    assert loop() is not None, "the same model: what was there at the start is left alone"
    for folder in (models.vit, models.gpt2):
        between = weakref.ref(Loop())
        person.open(folder, None)
        person.wait(gc.get_freeze_count)
        assert loop() is None
        assert between() is None


def test_a_model_that_does_not_open_ends_the_rest_too(watched: tuple[Person, Collector]) -> None:
    person, collector = watched
    person.workbench.models.open_model("/no/such/folder")
    person.wait(person.dialogs)
    person.rest()
    assert "There is no folder" in person.dismiss()
    assert not collector.rests


def test_it_collects_in_the_windows_thread_and_by_the_timer_alone(
    watched: tuple[Person, Collector], models, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, _collector = watched
    threads: list[threading.Thread] = []

    def note(phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            threads.append(threading.current_thread())

    monkeypatch.setattr(collector, "MANY", 0)
    monkeypatch.setattr(collector, "WHOLE", 1)
    gc.callbacks.append(note)
    try:
        person.open(models.gpt2, CLEAN)
        assert threads == [], "the engine has made many objects, and the window has been filled"
        loop = weakref.ref(Loop())
        person.wait(lambda: loop() is None)
    finally:
        gc.callbacks.remove(note)
    assert set(threads) == {threading.main_thread()}
