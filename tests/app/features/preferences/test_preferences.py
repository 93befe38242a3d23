"""Preferences: each applies at once, is remembered, and can be put back to its default."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox

from app.features.registry import handler_modules
from app.services.settings import Settings
from app.worker.service import WorkerService
from core.edits import Edit
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from views import motion, theme
from views.panels.preferences.data import Preferences
from views.panels.preferences.panel import PreferencesDialog

Sit = Callable[[], Person]


@pytest.fixture(autouse=True)
def restored(qapp: QApplication) -> Iterator[None]:
    yield
    theme.set_text_percent(100)
    motion.set_choice("system")


@pytest.fixture
def dialog(reader: Person) -> PreferencesDialog:
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    found = reader.window.controllers["preferences"].dialog
    assert found is not None
    reader.wait(found.isActiveWindow)
    return found


def choose(box: QComboBox, words: str) -> None:
    """As with the keyboard: type the first letters, Enter."""
    index = box.findText(words, Qt.MatchFlag.MatchStartsWith)
    box.setCurrentIndex(index)
    box.activated.emit(index)


def write(box, number: int) -> None:
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, str(number))
    QTest.keyClick(box, Qt.Key.Key_Tab)


def test_the_look_applies_at_once(reader: Person, dialog: PreferencesDialog) -> None:
    choose(dialog.theme, "Light")
    assert theme.current().name == "light"
    choose(dialog.motion, "Smooth")
    assert not motion.reduced()
    before = reader.panel("inputs").card_a.chips.chip_rect(0).height()
    write(dialog.text_percent, 150)
    QApplication.processEvents()
    assert theme.text_scale() == 1.5
    assert reader.panel("inputs").card_a.chips.chip_rect(0).height() > 1.3 * before
    assert Settings().preferences() == Preferences("light", "full", 150)


def test_the_number_of_edges_shown_applies_at_once(reader: Person, dialog: PreferencesDialog) -> None:
    write(dialog.strongest, 7)
    reader.rest()
    assert len(reader.window.canvas.scene.data.edges) == 7
    assert reader.panel("circuit").title.text() == "the 7 strongest edges are shown"
    assert Settings().preferences().strongest == 7


def test_what_a_cut_carries_applies_to_the_work_at_hand_and_to_new_work(
    reader: Person, dialog: PreferencesDialog, models
) -> None:
    choose(dialog.cut, "zero")
    reader.rest()
    dialog.accept()
    reader.window.activateWindow()
    reader.wait(reader.window.isActiveWindow)
    assert "zero" in reader.window.top_bar.replacement.words()
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_X)
    assert reader.workbench.document.edits[-1].kind == "zero"
    after, _ = reader.expected([Edit(reader.edge(index), "zero")])
    assert reader.workbench.ran.after == pytest.approx(after, abs=1e-4)
    reader.workbench.models.open_model(str(models.llama))
    reader.rest()
    assert reader.workbench.cut_kind == "zero"
    reader.window.commands["preferences"].trigger()
    choose(dialog.cut, "from B")
    reader.rest()
    assert reader.workbench.document.replacement is None


def test_memory_reaches_the_engine_at_once_and_the_next_inputs(sit_down: Sit, models, monkeypatch) -> None:
    sides = []
    person = sit_down(lambda: sides.append(WorkerService(handler_modules)) or sides[-1])
    person.open(models.gpt2, CLEAN)
    assert sides[0].session.engine.memory == 384 * 2**20
    person.window.commands["preferences"].trigger()
    person.wait(person.window.controllers["preferences"].dialog.isActiveWindow)
    write(person.window.controllers["preferences"].dialog.memory, 64)
    person.rest()
    assert sides[0].session.engine.memory == 64 * 2**20
    person.window.controllers["preferences"].dialog.accept()
    person.type_prompt("A", COUNTERFACTUAL)
    assert sides[0].session.engine.memory == 64 * 2**20
    assert Settings().preferences().memory_megabytes == 64


def test_defaults_come_back(reader: Person, dialog: PreferencesDialog) -> None:
    choose(dialog.theme, "Light")
    write(dialog.text_percent, 120)
    write(dialog.strongest, 9)
    reader.click(dialog.reset)
    reader.rest()
    assert dialog.preferences() == Preferences() == Settings().preferences()
    assert dialog.text_percent.value() == 100
    assert theme.text_scale() == 1.0
    assert theme.choice() == "system"
    assert dialog.strongest.value() == 48


def test_a_second_start_finds_them(sit_down: Sit) -> None:
    first = sit_down().window
    first.controllers["preferences"].take(Preferences("light", "reduced", 110, 512, "mean", 12))
    first.close()
    theme.set_text_percent(100)
    second = sit_down().window
    assert second.controllers["preferences"].current == Preferences("light", "reduced", 110, 512, "mean", 12)
    second.commands["preferences"].trigger()
    assert second.controllers["preferences"].dialog is not None
    assert second.controllers["preferences"].dialog.cut.currentText() == "mean"
    second.controllers["preferences"].dialog.accept()


def test_what_is_no_preference_is_the_default(qapp) -> None:
    from PySide6.QtCore import QSettings

    store = QSettings("Wirescope", "Wirescope")
    for key, value in {"text_percent": "huge", "memory_megabytes": -4, "cut": "everything", "strongest": 1e9}.items():
        store.setValue(key, value)
    store.sync()
    assert Settings().preferences() == Preferences(memory_megabytes=64)


def test_the_menu_and_the_dialog_agree(reader: Person, dialog: PreferencesDialog) -> None:
    dialog.accept()
    reader.choose("View/Theme", "Light")
    reader.window.commands["preferences"].trigger()
    assert dialog.theme.currentText() == "Light"
    choose(dialog.theme, "Dark")
    dialog.accept()
    assert reader.menu_action("View/Theme", "Dark").isChecked()


def test_models_compute_in_the_precision(reader: Person, dialog: PreferencesDialog) -> None:
    """The model at hand is opened anew, as a step; what is opened later computes in it too."""
    before = reader.workbench.ran.after
    assert reader.panel("status").device.text().endswith("fp32")
    choose(dialog.precision, "bf16")
    reader.rest()
    assert reader.panel("status").device.text().endswith("bf16")
    assert reader.workbench.ran.after == float(reader.session().run().metric[0])
    assert reader.workbench.ran.after != before
    assert "bf16" in reader.workbench.presenter.subject().details
    assert Settings().preferences().precision == "bf16"
    reader.window.commands["undo"].trigger()
    reader.rest()
    assert reader.panel("status").device.text().endswith("fp32")
    assert reader.workbench.ran.after == before
    reader.workbench.models.open_model(reader.workbench.document.model)
    reader.rest()
    assert reader.panel("status").device.text().endswith("bf16")
