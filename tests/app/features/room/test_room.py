"""Where memory is short the window asks before it opens a model, traces or measures; where it is not, never."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

import wirescope as ws
from app.messages.request import Request
from app.presenters.room_words import advice
from app.worker import room, service
from core.interchange.made_of import KEY, FileInput, MadeOf
from core.interchange.scores_files import scores_to_json
from core.models.checkpoint import stored_weights
from core.models.weights_place import bytes_in_memory
from core.precision import PRECISIONS
from core.project.document import Document
from tests.app.conftest import METRIC
from tests.app.features.projects.test_access import save
from tests.app.models import CLEAN, COUNTERFACTUAL
from tests.app.person import Person
from tests.app.short_room import answer, box_of, leave_little_room
from tests.app.tracing_steps import trace
from tests.small_models import save_pair


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    leave_little_room(monkeypatch)
    return monkeypatch


def test_a_trace_that_does_not_fit(reader: Person, short: pytest.MonkeyPatch) -> None:
    before, scored = reader.workbench.document, reader.workbench.scored
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_T)
    text = box_of(reader).text()
    assert text.startswith("This trace takes about ")
    assert text.endswith("free.")
    answer(reader, "Cancel")
    assert reader.workbench.document == before
    assert not reader.workbench.traces.running
    assert reader.workbench.scored.ranking is scored.ranking
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_T)
    answer(reader, "Go On All the Same")
    assert reader.workbench.document.traced is not None
    assert reader.workbench.recovered is not None
    short.undo()
    trace(reader)
    assert not reader.dialogs()


def test_edges_whose_measuring_does_not_fit(reader: Person, short: pytest.MonkeyPatch) -> None:
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_M)
    assert box_of(reader).text().startswith("To measure these edges takes about ")
    answer(reader, "Cancel")
    assert not reader.workbench.known.measured
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_M)
    answer(reader, "Go On")
    assert reader.workbench.known.measured


def test_a_model_that_does_not_fit(reader: Person, models, short: pytest.MonkeyPatch) -> None:
    before = reader.workbench.document
    reader.workbench.models.open_model(str(models.llama))
    assert box_of(reader).text().startswith("To open this model takes about ")
    answer(reader, "Cancel")
    assert reader.workbench.document == before
    assert reader.workbench.opened is not None
    reader.workbench.models.open_model(str(models.llama))
    answer(reader, "Leave the Weights on Disk")
    assert reader.workbench.document.model == str(models.llama)
    assert "stay on disk" in reader.notes("A")


def test_what_does_not_open_can_be_asked_for_again(
    reader: Person, models, short: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """8 bits are not offered where they do not fit either, and an answer that leads nowhere does not stand."""
    folder = shutil.copytree(models.llama, tmp_path / "model")
    file = folder / "model.safetensors"
    whole = file.read_bytes()
    reader.workbench.models.open_model(str(folder))
    assert not any("8 Bits" in each.text() for each in box_of(reader).buttons())
    file.write_bytes(whole[:-64])
    box = box_of(reader)
    QTest.mouseClick(next(each for each in box.buttons() if "&Disk" in each.text()), Qt.MouseButton.LeftButton)
    reader.wait(lambda: box_of(reader) is not box)  # it is told that it is not complete
    box_of(reader).reject()
    file.write_bytes(whole)
    reader.workbench.models.open_model(str(folder))
    answer(reader, "Leave the Weights on Disk")
    assert "stay on disk" in reader.notes("A")


def test_a_hub_model_is_counted_once_it_is_here(models, short: pytest.MonkeyPatch, tmp_path: Path) -> None:
    request = Request(1, Document("some/llama"), asks=frozenset({"model"}))
    short.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert room.short_of_room_to_open(request) is None
    kept = tmp_path / "models--some--llama"
    shutil.copytree(models.llama, kept / "snapshots" / "abc")
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc", encoding="utf-8")
    told = room.short_of_room_to_open(request)
    assert told.disk
    assert told.needed == bytes_of(models.llama)


def test_a_bundled_model_is_not_looked_for_on_the_hub(short: pytest.MonkeyPatch) -> None:
    """Its library takes a while to import, and the window starts with a bundled model."""
    asked: list[str] = []
    short.setattr(room, "cached_folder_of_hub", asked.append)
    for name in ("bundled:names", "some/llama"):
        assert room.short_of_room_to_open(Request(1, Document(name), asks=frozenset({"model"}))) is None
    assert asked == ["some/llama"]


def test_an_adapter_is_merged_in_memory_alone(models, short: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = shutil.copytree(models.llama, tmp_path / "model")
    request = Request(1, Document(str(folder)), asks=frozenset({"model"}))
    whole = room.short_of_room_to_open(request)
    assert (whole.disk, whole.eight_bits) == (True, False)
    (folder / "adapter_config.json").write_text("{}", encoding="utf-8")
    adapted = room.short_of_room_to_open(request)
    assert (adapted.disk, adapted.eight_bits) == (False, False)


def test_bf16_is_offered_where_it_takes_less(models, short: pytest.MonkeyPatch) -> None:
    """Models of pictures are read in fp32 on the CPU, whatever they compute in."""
    asks = frozenset({"model"})
    for model, precision, offered in (
        (models.llama, "fp32", True),
        (models.llama, "bf16", False),
        (models.vit, "fp32", False),
        (models.llama, "fp32+8bit", True),
        (models.llama, "bf16+8bit", False),
    ):
        reply = room.short_of_room_to_open(Request(1, Document(str(model), precision=precision), asks=asks))
        assert reply.bf16 is offered
        assert ("In bf16 it takes half" in advice(reply)) is offered
        assert "shorter input" not in advice(reply)


def test_a_model_that_fits_in_bf16_opens_in_it(person: Person, models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda: int(bytes_of(models.llama) * 0.6))
    person.workbench.models.open_model(str(models.llama))
    answer(person, "Compute in bf16")
    assert person.workbench.document.precision == "bf16"
    assert person.workbench.opened is not None


def test_weights_in_8_bits_that_do_not_fit_are_asked_about(person: Person, models, short: pytest.MonkeyPatch) -> None:
    person.workbench.models.open(Document(str(models.llama), precision="fp32+8bit"), in_its_precision=True)
    assert box_of(person).text().startswith("To open this model takes about ")
    answer(person, "Into Memory All the Same")
    assert person.workbench.opened.precision == "fp32+8bit"


def bytes_of(model: object, precision: str = "fp32") -> int:
    return bytes_in_memory(stored_weights(Path(str(model))), PRECISIONS[precision])


def test_what_8_bits_change_is_said(reader: Person, models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda: bytes_of(models.llama))  # of which a tenth stays free
    reader.workbench.models.open_model(str(models.llama))
    assert "8 bits" in box_of(reader).informativeText()
    answer(reader, "Round to 8 Bits")
    assert "8-bit weights change a logit of these inputs by up to" in reader.notes("A")
    assert " · 8 bits " in reader.panel("status").parity.text()


@pytest.fixture
def short_of_whole(person: Person, models, monkeypatch: pytest.MonkeyPatch) -> Person:
    """At the first example. Whole weights of another model do not fit, those in 8 bits do."""
    person.workbench.models.start(None)
    person.rest()
    monkeypatch.setattr(room, "free_bytes", lambda: bytes_of(models.llama))
    return person


def words_of_steps(person: Person) -> list[str]:
    return [step.words for step in person.workbench.history.current.path()]


def test_undo_does_not_go_back_to_the_question(short_of_whole: Person, models) -> None:
    """The model that was open before is behind that which was opened in 8 bits, for the second time too."""
    person = short_of_whole
    before, words = person.workbench.document, words_of_steps(person)
    for _ in range(2):
        person.workbench.models.open_model(str(models.llama))
        answer(person, "Round to 8 Bits")
        assert person.workbench.document.opens == (str(models.llama), "fp32+8bit")
        assert words_of_steps(person) == [*words, "Open llama"]
        person.window.commands["undo"].trigger()
        person.wait(lambda: person.workbench.opened is not None and not person.workbench.busy)
        assert not person.dialogs()
        assert person.workbench.document == before


def test_a_step_that_was_once_done_stays_where_it_does_not_fit_any_more(reader: Person, models) -> None:
    """What is answered then is a step of its own; a new one that does not fit gives way to the answer, though the model
    was open in that precision before."""
    workbench, history = reader.workbench, reader.workbench.history
    reader.open(str(models.llama), CLEAN, COUNTERFACTUAL, METRIC)
    whole = history.current
    workbench.compute_in("fp32+8bit")
    reader.rest()
    with pytest.MonkeyPatch.context() as short:
        short.setattr(room, "free_bytes", lambda: bytes_of(models.llama) * 0.7)
        workbench.compute_in("fp32")
        answer(reader, "Compute in bf16")
        assert words_of_steps(reader)[-2:] == ["Compute in fp32 with weights in 8 bits", "Compute in bf16"]
        workbench.commit("Size", replace(workbench.document, size=7))
        reader.rest()
        history.go(whole)
        answer(reader, "Compute in bf16")
    assert (history.current.parent, history.current.document.precision) == (whole, "bf16")
    assert history.current.words == "Compute in bf16"
    assert whole.document.precision == "fp32"


def test_after_cancel_no_step_is_left_though_its_model_was_once_open(reader: Person, models) -> None:
    workbench, history = reader.workbench, reader.workbench.history
    reader.open(str(models.llama), CLEAN, COUNTERFACTUAL, METRIC)
    workbench.compute_in("fp32+8bit")
    reader.rest()
    before = history.current
    with pytest.MonkeyPatch.context() as short:
        short.setattr(room, "free_bytes", lambda: bytes_of(models.llama) * 0.7)
        workbench.compute_in("fp32")
        answer(reader, "Cancel")
    assert (history.current, before.children) == (before, [])


def test_other_classes_of_the_model_that_is_open_need_no_room(
    person: Person, models, pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pair("CLIP", tmp_path / "pair")
    sides = pictures("a.png"), pictures("b.png")
    name = f"{tmp_path / 'pair'}?class={{}}&class=a drink&template={{{{}}}}"
    person.open(name.format("Mary"), *sides)
    assert not person.dialogs()
    monkeypatch.setattr(room, "free_bytes", lambda: 0)
    monkeypatch.setattr(service.WorkerService, "_held", 0)
    person.open(name.format("the store"), *sides)
    assert not person.dialogs()
    assert person.workbench.opened.class_names == ("the store", "a drink")
    person.workbench.models.open_model(str(models.llama))
    assert box_of(person).text().startswith("To open this model takes about ")
    answer(person, "Cancel")


def test_a_model_that_is_open_in_8_bits_stays_so_where_it_does_not_fit(short_of_whole: Person, models) -> None:
    person = short_of_whole
    person.workbench.models.open_model(str(models.llama))
    answer(person, "Round to 8 Bits")
    before, steps = person.workbench.document, len(list(person.workbench.history.steps()))
    for words in ("Cancel", "Round to 8 Bits"):
        person.workbench.compute_in("fp32")
        answer(person, words)
        assert person.workbench.document == before
        assert len(list(person.workbench.history.steps())) == steps
        assert " · 8 bits " in person.panel("status").parity.text()


def test_what_is_opened_with_a_file_is_left_with_its_question(short_of_whole: Person, models, tmp_path: Path) -> None:
    """The file of scores names its model; it is not asked for again, nor read for the model that was gone back to."""
    person = short_of_whole
    before = person.workbench.document
    file = scores_of(models.llama, tmp_path / "scores.json")
    person.workbench.scores_wanted.emit(str(file))
    answer(person, "Open Its Model")
    answer(person, "Cancel")
    assert not person.dialogs()
    assert person.workbench.document == before
    person.workbench.scores_wanted.emit(str(file))
    answer(person, "Open Its Model")
    answer(person, "Round to 8 Bits")
    assert person.workbench.document.traced.file == str(file)
    assert "made in fp32, and the model computes in fp32 with weights in 8 bits here" in person.message()


def scores_of(folder: Path, path: Path) -> Path:
    """A file of scores of a model in fp32, with what it was made of."""
    model = ws.load_model(folder)
    session = ws.Session(model, model.pair(CLEAN, COUNTERFACTUAL))
    scores = ws.trace(session, "eap")
    scores = replace(scores, about={**scores.about, "model": str(folder)})
    made = MadeOf(FileInput("text", text=CLEAN), FileInput("text", text=COUNTERFACTUAL), None)
    path.write_text(json.dumps(json.loads(scores_to_json(scores)) | {KEY: made.entries()}), encoding="utf-8")
    return path


def test_whole_weights_and_8_bits_of_one_model_take_turns(reader: Person, models) -> None:
    """Scores and effects of one are not shown for the other, and undo takes them back."""
    workbench = reader.workbench
    reader.open(str(models.llama), CLEAN, COUNTERFACTUAL, METRIC)
    QTest.keyClick(reader.window.canvas, Qt.Key.Key_M)
    reader.wait(lambda: workbench.known.measured)
    workbench.compute_in("fp32+8bit")
    reader.rest()
    assert not workbench.known.measured
    reader.window.commands["undo"].trigger()
    reader.rest()
    assert " · 8 bits " not in reader.panel("status").parity.text()
    trace(reader)
    whole = workbench.scored.ranking.values.copy()
    for precision, same in (("fp32+8bit", False), ("fp32", True)):
        workbench.compute_in(precision)
        reader.rest()
        trace(reader)
        assert (" · 8 bits " in reader.panel("status").parity.text()) != same
        assert reader.panel("status").device.text() == ("cpu · fp32" if same else "cpu · fp32, 8-bit weights")
        assert np.array_equal(workbench.scored.ranking.values, whole) == same


def test_a_project_that_was_saved_in_8_bits_opens_in_them(
    reader: Person, sit_down: Callable[[], Person], models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.open(str(models.llama), CLEAN, COUNTERFACTUAL, METRIC)
    reader.workbench.compute_in("fp32+8bit")
    reader.rest()
    save(reader, tmp_path / "work.wire", monkeypatch)
    reader.window.close()
    other = sit_down()
    other.workbench.models.start(str(tmp_path / "work.wire"))
    other.wait(lambda: other.workbench.ready is not None and not other.workbench.busy)
    assert " · 8 bits " in other.panel("status").parity.text()
    assert not other.workbench.history.locked
