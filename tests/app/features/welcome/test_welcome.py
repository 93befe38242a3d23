"""The welcome page: examples, and model packs that are got, cancelled, refused and opened."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import Cancelled, ModelError
from core.models import packs
from tests.app.person import Person
from views.panels.welcome.panel import PackCard


class Shop:
    """Stands in for the package index: gets what the test lets it get."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        self.installed: set[str] = set()
        self.go_on = {name: threading.Event() for name in packs.PACKS}
        self.fails: dict[str, Exception] = {}
        self.threads: set[threading.Thread] = set()

    def get(self, name: str, progress, cancelled) -> Path:
        self.asked.append(name)
        self.threads.add(threading.current_thread())
        progress(0, packs.PACKS[name].download_bytes, "Downloading")
        progress(packs.PACKS[name].download_bytes // 2, packs.PACKS[name].download_bytes, "Downloading")
        while not self.go_on[name].wait(0.005):
            if cancelled():
                raise Cancelled("The download was cancelled.")
        if name in self.fails:
            raise self.fails[name]
        progress(0, 0, "Converting")
        self.installed.add(name)
        return self.folder


@pytest.fixture
def shop(monkeypatch, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    monkeypatch.setattr(packs, "get", shop.get)
    monkeypatch.setattr(packs, "is_installed", lambda name: name in shop.installed)
    yield shop
    for event in shop.go_on.values():
        event.set()


@pytest.fixture
def guest(person: Person, shop: Shop) -> Person:
    """At the welcome page, with no pack installed."""
    person.window.commands["welcome"].trigger()
    return person


def card(person: Person, name: str = "smollm2") -> PackCard:
    return person.panel("welcome").packs[name]


def opened(person: Person, monkeypatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(person.workbench.models, "open", lambda document: names.append(document.model))
    return names


def test_the_size_stands_there_before_anything_is_got(guest: Person, shop: Shop) -> None:
    for name, pack in packs.PACKS.items():
        assert card(guest, name).title.text() == pack.title
        assert f"{pack.download_bytes / 1e6:.0f} MB to download" in card(guest, name).facts.text()
        assert pack.licence in card(guest, name).facts.text()
        assert card(guest, name).button.text() == "Get"
    assert shop.asked == []


def test_a_pack_is_got_with_progress_and_opened(guest: Person, shop: Shop, monkeypatch) -> None:
    names = opened(guest, monkeypatch)
    guest.click(card(guest).button)
    guest.wait(lambda: card(guest).words.text().startswith("Downloading"))
    guest.wait(lambda: card(guest).progress.fraction() == pytest.approx(0.5, abs=0.01))
    assert card(guest).words.text() == "Downloading: 46 of 93 MB"
    assert card(guest).cancel.isVisible()
    assert not card(guest).button.isEnabled()
    assert threading.main_thread() not in shop.threads
    shop.go_on["smollm2"].set()
    guest.wait(lambda: names)
    assert names == ["pack:smollm2"]
    assert card(guest).button.text() == "Open"
    assert not card(guest).getting.isVisible()
    guest.click(card(guest).button)
    assert names == ["pack:smollm2", "pack:smollm2"]


def test_nothing_starts_twice(guest: Person, shop: Shop, monkeypatch) -> None:
    names = opened(guest, monkeypatch)
    guest.click(card(guest).button)
    guest.controller("welcome").packs.get("smollm2")  # as another button would
    guest.window.commands["welcome"].trigger()  # the page anew
    guest.controller("welcome").packs.get("smollm2")
    guest.wait(lambda: card(guest).cancel.isVisible())
    shop.go_on["smollm2"].set()
    guest.wait(lambda: names)
    assert shop.asked == ["smollm2"]
    assert len(guest.window.jobs) <= 1


def test_a_download_is_cancelled(guest: Person, shop: Shop, monkeypatch) -> None:
    names = opened(guest, monkeypatch)
    guest.click(card(guest).button)
    guest.wait(lambda: card(guest).cancel.isVisible())
    guest.click(card(guest).cancel)
    assert card(guest).words.text() == "Cancelling"
    guest.wait(lambda: not card(guest).getting.isVisible())
    assert card(guest).button.text() == "Get"
    assert card(guest).button.isEnabled()
    assert not guest.panel("welcome").problem.isVisible()
    assert names == []
    shop.go_on["smollm2"].set()
    guest.click(card(guest).button)  # once more
    guest.wait(lambda: names)
    assert shop.asked == ["smollm2", "smollm2"]


def test_a_download_that_fails_says_why_on_the_page(guest: Person, shop: Shop, monkeypatch) -> None:
    names = opened(guest, monkeypatch)
    shop.fails["smollm2"] = ModelError("The disk is full: it was not installed.", "Free some space.")
    shop.go_on["smollm2"].set()
    guest.click(card(guest).button)
    guest.wait(guest.panel("welcome").problem.isVisible)
    assert guest.panel("welcome").problem.text() == "The disk is full: it was not installed. Free some space."
    assert card(guest).button.text() == "Get"
    assert not card(guest).getting.isVisible()
    assert not guest.dialogs()
    assert names == []
    del shop.fails["smollm2"]
    guest.click(card(guest).button)
    assert not guest.panel("welcome").problem.isVisible()
    guest.wait(lambda: names)


def test_two_packs_at_once_each_tell_how_far_they_are(guest: Person, shop: Shop, monkeypatch) -> None:
    names = opened(guest, monkeypatch)
    for name in packs.PACKS:
        guest.click(card(guest, name).button)
    guest.wait(lambda: all(card(guest, name).words.text().startswith("Downloading:") for name in packs.PACKS))
    shop.go_on["smollm2"].set()
    guest.wait(lambda: names)
    assert card(guest).button.text() == "Open"
    other = card(guest, "dinov2-small")
    guest.wait(other.getting.isVisible)
    assert other.words.text() == "Downloading: 45 of 90 MB"
    guest.click(other.cancel)
    guest.wait(lambda: not card(guest, "dinov2-small").getting.isVisible())
    assert card(guest, "dinov2-small").button.text() == "Get"


def test_somebody_who_went_on_working_is_not_interrupted(guest: Person, shop: Shop, models, monkeypatch) -> None:
    guest.click(card(guest).button)
    guest.wait(lambda: card(guest).cancel.isVisible())
    guest.open(models.gpt2, "When Mary gave a drink to")
    names = opened(guest, monkeypatch)
    shop.go_on["smollm2"].set()
    guest.wait(lambda: not guest.window.jobs)
    assert names == []
    assert guest.window.windowTitle() == "gpt2[*] - Wirescope"
    guest.window.commands["welcome"].trigger()
    assert card(guest).button.text() == "Open"


def test_the_examples_of_what_is_there_are_offered(guest: Person, monkeypatch) -> None:
    page = guest.panel("welcome")
    assert 3 <= len(page.example_buttons) <= 6
    chosen = []
    monkeypatch.setattr(guest.workbench.models, "open", chosen.append)
    for key in list(page.example_buttons):
        guest.click(page.example_buttons[key])
        guest.window.commands["welcome"].trigger()
    assert {document.model for document in chosen} <= {"bundled:names", "bundled:shapes", "bundled:captions"}


def test_a_folder_is_opened_from_the_page(guest: Person, models, monkeypatch) -> None:
    from app.features.welcome.controller import opening

    monkeypatch.setattr(opening.QFileDialog, "getExistingDirectory", lambda *_: str(models.gpt2))
    guest.click(guest.panel("welcome").folder)
    guest.wait(lambda: guest.workbench.opened is not None)
    guest.rest()
    assert guest.window.canvas.isVisible()
