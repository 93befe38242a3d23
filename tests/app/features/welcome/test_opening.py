"""Opening models from the window: those that open, those that cannot, and what stays when one cannot."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.features.inputs.controller.counterfactual import NO_WORDS
from app.features.welcome.controller import opening
from app.workbench import model_steps
from app.worker import service
from core.project.document import Document, Source
from tests.app.models import CLEAN, COUNTERFACTUAL, save_config_only
from tests.app.person import Person


@pytest.fixture
def broken(tmp_path: Path):
    """Folders and names that are no model, by kind."""

    def make(kind: str) -> str:
        folder = tmp_path / kind
        if kind in ("BertModel", "T5ForConditionalGeneration", "SwinModel", "MambaForCausalLM"):
            save_config_only(folder, kind)
        elif kind == "pickle":
            save_config_only(folder, "GPT2LMHeadModel")
            torch.save({"weight": torch.zeros(2)}, folder / "pytorch_model.bin")
        elif kind == "weightless":
            save_config_only(folder, "GPT2LMHeadModel")
        elif kind == "cut":
            save_config_only(folder, "GPT2LMHeadModel")
            (folder / "model.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{}")
        elif kind == "empty":
            folder.mkdir()
        elif kind == "file":
            folder.write_text("words", encoding="utf-8")
        else:
            return kind
        return str(folder)

    return make


BROKEN = {
    "empty": ("is no model: it has no config.json", "Choose a folder with config.json"),
    "file": ("file is a file; a model is a folder", "Open the folder"),
    "pickle": ("pytorch_model.bin is a pickle checkpoint", "safe_serialization=True"),
    "weightless": ("has no weights", ""),
    "cut": ("cut cannot be loaded", ""),
    "BertModel": ("BertModel is not supported: it norms the sum", "`wirescope families` lists those that open"),
    "T5ForConditionalGeneration": (
        "is not supported: it has an encoder and a decoder",
        "`wirescope families` lists those that open",
    ),
    "SwinModel": ("SwinModel is not supported: it works in windows", "ViT"),
    "MambaForCausalLM": ("MambaForCausalLM is not supported", "`wirescope families` lists those that open"),
    "/no/such/folder": ("There is no folder /no/such/folder", "Give a model's folder"),
    "somebody/some-model": ("could not be had from the Hub", "Check the name and the network"),
    "timm:no_such_vit": ("timm has no model 'no_such_vit'", ""),
    "bundled:nothing": ("There is no bundled model 'nothing'", "There are:"),
    "pack:nothing": ("There is no model pack 'nothing'", "smollm2"),
}


@pytest.mark.parametrize("kinds", [[*BROKEN][:7], [*BROKEN][7:]], ids=["first half", "second half"])
def test_models_that_cannot_be_opened_say_why_once_and_the_one_before_stays(
    reader: Person, broken, kinds: list[str]
) -> None:
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_X)
    figures, edits, undo = reader.figures(), reader.edits(), reader.window.commands["undo"].text()
    for kind in kinds:
        reader.workbench.models.open_model(broken(kind))
        reader.wait(reader.dialogs)
        reader.rest()
        words = reader.dismiss()
        for part in BROKEN[kind]:
            assert part in words, kind
        assert "Traceback" not in words, kind

        assert reader.window.windowTitle() == "gpt2[*] - Wirescope", kind
        assert reader.window.centre.currentWidget() is reader.window.parts.canvas_page, kind
        assert reader.card("A").chips.chip_texts() == CLEAN.split(), kind
        assert reader.card("B").chips.chip_texts() == COUNTERFACTUAL.split(), kind
        assert reader.edits() == edits, kind
        assert reader.figures() == figures, kind
        assert reader.window.commands["undo"].text() == undo, kind
    reader.choose("Edit", "Undo")
    assert reader.edits() == []
    reader.choose("Edit", "Redo")
    assert reader.figures() == figures
    assert reader.window.settings.recent_models() == [reader.workbench.document.model]


def test_after_two_models_that_cannot_be_opened_the_one_before_is_still_there(reader: Person, broken) -> None:
    figures = reader.figures()
    reader.workbench.models.open_model(broken("empty"))
    reader.workbench.models.open_model(broken("BertModel"))
    reader.wait(reader.dialogs)
    reader.rest()
    assert "BertModel" in reader.dismiss()
    assert reader.window.centre.currentWidget() is reader.window.parts.canvas_page
    assert reader.card("A").chips.chip_texts() == CLEAN.split()
    assert reader.figures() == figures
    assert reader.window.windowTitle() == "gpt2[*] - Wirescope"


def test_a_first_model_that_cannot_be_opened_leads_to_the_welcome_page(person: Person, broken) -> None:
    person.workbench.models.start(broken("empty"))
    person.wait(person.dialogs)
    person.rest()
    assert "is no model" in person.dismiss()
    assert person.window.centre.currentWidget() is person.panel("welcome")


def test_while_a_model_is_opened_the_top_bar_names_it_and_nothing_else(person: Person, models) -> None:
    bar, window = person.window.top_bar, person.window
    assert bar.model.words() == "Open a model"
    for folder, details in ((models.gpt2, "3 layers · 4 heads"), (models.llama, "2 layers · 4 heads")):
        window.workbench.models.open_model(str(folder))
        assert bar.model.words() == f"{folder.name} is being opened …"
        assert window.windowTitle() == f"{folder.name}[*] - Wirescope"
        assert window.panels["predictions"].hint.text() == f"{folder.name} is being opened: its answers appear here."
        assert not bar.trace.isEnabled()
        person.rest()
        assert bar.model.words().startswith(f"{folder.name} {details}")
        assert bar.trace.isEnabled()
    person.choose("Edit", "Undo")
    assert bar.model.words().startswith("gpt2 3 layers")


def test_a_first_model_that_is_given_up_or_cannot_be_opened_is_not_named(person: Person, broken, models) -> None:
    bar, window = person.window.top_bar, person.window
    window.workbench.models.open_model(str(models.gpt2))
    window.workbench.cancel()
    assert bar.model.words() == "Open a model"
    assert window.panels["predictions"].hint.text().startswith("Open a model")
    window.workbench.models.open_model(broken("empty"))
    person.wait(person.dialogs)
    person.rest()
    person.dismiss()
    assert bar.model.words() == "Open a model"
    assert window.windowTitle() == "Wirescope[*]"


def test_another_text_model_takes_over_the_prompts(reader: Person, models) -> None:
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_X)
    reader.workbench.models.open_model(str(models.llama))
    reader.rest()
    assert reader.window.windowTitle() == "llama[*] - Wirescope"
    assert reader.card("A").chips.chip_texts() == CLEAN.split()
    assert reader.card("B").chips.chip_texts() == COUNTERFACTUAL.split()
    assert reader.edits() == []  # of the other model's graph
    assert reader.window.commands["undo"].text() == "Undo Open llama"
    assert reader.window.canvas.selection() == ()
    assert reader.predictions()
    assert not reader.dialogs()


def test_a_vision_model_after_a_text_model_starts_with_pictures(reader: Person, models) -> None:
    reader.workbench.models.open_model(str(models.vit))
    reader.rest()
    assert reader.window.windowTitle() == "vit[*] - Wirescope"
    reader.wait(lambda: reader.predictions() and not reader.workbench.busy)
    assert reader.card("A").name.text() == "cat.jpg"
    assert reader.card("B").name.text() == "coffee.jpg"
    assert {row[0] for row in reader.predictions()} == {"cat", "cup", "moon", "tree", "two words"}
    assert not reader.panel("inputs").metric_editor.problem.isVisible()
    assert not reader.dialogs()


def test_a_vision_model_after_a_vision_model_keeps_the_pictures(viewer: Person, models) -> None:
    viewer.workbench.models.open_model(str(models.dinov2))
    viewer.rest()
    viewer.wait(lambda: viewer.predictions() and not viewer.workbench.busy)
    assert (viewer.card("A").name.text(), viewer.card("B").name.text()) == ("a.png", "b.png")


def test_a_text_model_after_a_vision_model_starts_with_a_prompt(viewer: Person, models) -> None:
    viewer.workbench.models.open_model(str(models.gpt2))
    viewer.rest()
    viewer.wait(lambda: viewer.card("A").card().text)
    assert viewer.card("A").card().text.startswith("When")
    assert viewer.card("A").card().kind == "text"
    assert not viewer.dialogs()


def test_the_same_model_again_with_another_example(reader: Person, models, monkeypatch) -> None:
    from core.project.examples import Example

    made = Document(str(models.gpt2), Source("text", text=COUNTERFACTUAL), None)
    monkeypatch.setattr(model_steps, "example", lambda key: Example(key, "t", "b", made))
    loads = []
    load = service.load_model
    monkeypatch.setattr(service, "load_model", lambda name, **told: loads.append(name) or load(name, **told))
    (index,) = reader.strong_edges()
    reader.click_edge(index)
    reader.press(Qt.Key.Key_X)
    reader.workbench.models.open_example("x/0")
    reader.rest()
    assert reader.card("A").chips.chip_texts() == COUNTERFACTUAL.split()
    assert reader.card("B").is_empty()
    assert reader.edits() == []
    assert reader.window.commands["undo"].text() == "Undo Open gpt2"
    reader.choose("Edit", "Undo")
    assert len(reader.edits()) == 1
    assert loads == []


def test_open_folder_asks_and_remembers_where(person: Person, models, monkeypatch) -> None:
    asked = []
    answers = [str(models.gpt2), ""]

    def ask(_parent, _title, start):
        asked.append(start)
        return answers.pop(0)

    monkeypatch.setattr(opening.QFileDialog, "getExistingDirectory", ask)
    person.choose("File", "Open Model Folder")
    person.wait(lambda: person.workbench.opened is not None)
    person.rest()
    person.choose("File", "Open Model Folder")
    assert asked[1] == str(models.gpt2.parent)
    assert person.window.windowTitle() == "gpt2[*] - Wirescope"


def test_a_folder_named_from_here_is_remembered_for_everywhere(person: Person, models, monkeypatch) -> None:
    monkeypatch.chdir(models.gpt2.parent)
    person.workbench.models.start("gpt2")
    person.rest()
    assert person.window.windowTitle() == "gpt2[*] - Wirescope"
    assert person.window.settings.recent_models() == [str(models.gpt2)]


def test_open_by_name_asks(person: Person, models, monkeypatch) -> None:
    monkeypatch.setattr(opening.QInputDialog, "getText", lambda *_: (f" {models.gpt2} ", True))
    person.choose("File", "Open Model by Name")
    person.wait(lambda: person.workbench.opened is not None)
    person.rest()
    assert person.window.windowTitle() == "gpt2[*] - Wirescope"


def test_opening_can_be_cancelled_and_the_model_before_stays(reader: Person, models, monkeypatch) -> None:
    figures = reader.figures()
    begun, go_on = threading.Event(), threading.Event()
    load = service.load_model

    def slow(name: str, **told: str):
        begun.set()
        assert go_on.wait(20)
        return load(name, **told)

    monkeypatch.setattr(service, "load_model", slow)
    reader.workbench.models.open_model(str(models.llama))
    reader.wait(lambda: begun.is_set() and reader.panel("status").cancel.isVisible())
    assert reader.panel("status").work.text() == "Opening llama"
    reader.click(reader.panel("status").cancel)
    go_on.set()
    reader.rest()
    assert reader.window.windowTitle() == "gpt2[*] - Wirescope"
    assert reader.figures() == figures
    assert not reader.panel("status").work.isVisible()


def test_cancelling_the_first_model_leads_to_the_welcome_page(person: Person, models, monkeypatch) -> None:
    begun, go_on = threading.Event(), threading.Event()
    load = service.load_model
    monkeypatch.setattr(
        service, "load_model", lambda name, **told: begun.set() or (go_on.wait(20) and load(name, **told))
    )
    person.workbench.models.start(str(models.gpt2))
    person.wait(lambda: begun.is_set() and person.panel("status").cancel.isVisible())
    person.click(person.panel("status").cancel)
    go_on.set()
    person.rest()
    for _ in range(20):
        QApplication.processEvents()
    assert person.window.centre.currentWidget() is person.panel("welcome")
    person.workbench.models.open_model(str(models.gpt2))
    person.rest()
    assert person.window.windowTitle() == "gpt2[*] - Wirescope"


def test_a_folder_without_a_tokenizer_opens_with_token_ids(person: Person, models, tmp_path: Path) -> None:
    folder = tmp_path / "ids"
    shutil.copytree(models.gpt2, folder, ignore=shutil.ignore_patterns("*token*", "vocab*", "merges*"))
    person.workbench.models.open_model(str(folder))
    person.rest()
    person.wait(lambda: person.workbench.ran is not None and not person.workbench.busy)
    assert [person.problem(letter) for letter in "AB"] == ["", ""]
    assert "takes token ids" in person.notes("A")
    assert person.panel("inputs").metric_editor.problem.text() == ""
    assert person.workbench.ran.metric_name.startswith('log p("#')
    assert not person.panel("inputs").make.isEnabled(), "token ids are no words to make others of"
    assert person.window.commands["make_names"].toolTip() == NO_WORDS
    person.type_prompt("A", "3 4 9 1")
    assert person.problem("A") == ""
    assert person.workbench.labels == ("#3", "#4", "#9", "#1")
    person.type_prompt("B", "3 words")
    assert "Give token ids, as numbers" in person.problem("B")
