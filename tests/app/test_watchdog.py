"""Nothing keeps the window's loop for long: hundreds of mixed gestures by somebody who does not wait."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.models import packs
from tests.app.person import LONG_PATIENCE, Person
from tests.app.watchdog import Hands, Watchdog

# Another theme makes Qt's own style sheets go through every widget of the window, at once: not our code, and seldom.
QTS_OWN = ("theme",)
LIMIT = 100.0  # measures: a tenth of a second on a machine of today
SELDOM = 0.02  # of the gestures: so many may take up to three times as long, where processes share caches and clock
REST = 100  # gestures after which one waits for the engine


def rest(person: Person) -> None:
    person.qtbot.waitUntil(lambda: not person.workbench.busy, timeout=LONG_PATIENCE)


def hurry(person: Person, count: int, seed: int, leaving_out: tuple[str, ...] = ()) -> None:
    """Make so many gestures, and check that the window's loop goes on."""
    rest(person)
    QTest.keyClick(person.window, Qt.Key.Key_F8)
    person.wait(lambda: person.window.panels["table"].view.lines.rowCount())
    with Watchdog() as dog:
        made: dict[str, int] = {}
        for number, name in enumerate(Hands(person, dog, seed).make(count, leaving_out)):
            made[name] = made.get(name, 0) + 1
            QTest.qWait(2)
            if number % REST == REST - 1:
                rest(person)
    rest(person)
    print(person.workbench.document.model, dog.blocks.words(), made)
    assert sum(made.values()) == count
    assert not person.dialogs()
    assert person.workbench.ran is not None
    slow = dog.blocks.over(LIMIT, QTS_OWN)
    assert len(slow) <= max(SELDOM * count, 4), slow
    assert dog.blocks.over(3 * LIMIT, QTS_OWN) == []


def test_500_gestures_on_the_bundled_model_never_block_the_window(person: Person) -> None:
    person.workbench.models.start(None)
    hurry(person, 500, seed=1)


@pytest.mark.packs
@pytest.mark.timeout(400)
def test_150_gestures_on_smollm2_never_block_the_window(person: Person) -> None:
    if not packs.is_installed("smollm2"):
        pytest.skip("the pack smollm2 is not installed")
    person.workbench.models.open_model("pack:smollm2")
    hurry(person, 150, seed=2, leaving_out=QTS_OWN)  # a second and more each time


def test_the_watchdog_bites(qapp: QApplication) -> None:
    """A slot that computes for too long is seen, one that waits is not held against the thread."""
    import time

    with Watchdog() as dog:
        dog.time("compute", lambda: sum(i * i for i in range(9_000_000)))
        dog.time("wait", lambda: time.sleep(0.15))
        QTest.qWait(20)
    assert [words.split(":")[0] for words in dog.blocks.over(100.0)] == ["compute"]
    assert max(took for took, _ in dog.blocks.wall) > 140
