"""Studies of modalities, as jobs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from app.cli import study_modalities
from app.cli.parser import _parser
from app.features.jobs.presenter.modalities import (
    EDGES,
    check_modalities,
    modalities_command,
    modalities_record,
    modalities_title,
    modalities_work,
    usual_models,
)
from app.services.job_queue.shown import Shown
from core.errors import ArgumentError, InputError
from core.project.document import Document
from core.sharded.asked import AskedFolder
from core.sharded.progress import RunProgress
from core.studies.measures import MEASURES
from tests.app.features.jobs.job_steps import ENTRIES, is_at_work, line, only, press
from tests.app.person import Person
from tests.app.stand_in import go, job
from views.panels.jobs.data import ModalitiesAsked

pytestmark = pytest.mark.timeout(400)

ASKED = ModalitiesAsked(("bundled:names", "pack:smollm2"), ("bundled:shapes",), 2, 4, 5, 3, 2)
SAID = {
    "method": "eap-ig",
    "models": [
        {"model": "bundled:names", "measures": {"edges": {"value": 0.25}}},
        {"model": "bundled:shapes", "measures": {"edges": {"value": 0.5}}},
    ],
}


def test_the_command_line_takes_it_and_its_folder_says_what_was_known_before(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document("m", precision="bf16+8bit")
    command = modalities_command(ASKED, document, "/a folder", "8bit")
    options = _parser(command[0]).parse_args(list(command))
    assert (options.text, options.image) == (list(ASKED.text), list(ASKED.image))
    assert (options.pairs, options.inputs, options.edges, options.seed, options.workers) == (2, 4, 5, 3, 2)
    assert (options.precision, options.weights, options.folder) == ("bf16", "8bit", "/a folder")
    told: list[dict[str, Any]] = []
    monkeypatch.setattr("app.cli.kept_study.check_folder", lambda *_: None)
    monkeypatch.setattr(study_modalities, "open_model", lambda *_: None)
    monkeypatch.setattr(
        study_modalities, "do_study", lambda _options, name, begin, *_: told.append({"name": name, **begin()[1]})
    )
    options.do(options)
    work = modalities_work(ASKED)
    assert work.pop("what") == f"study {told[0]['name']}"
    assert work == {name: told[0][name] for name in work}
    assert modalities_title(ASKED) == "Study of modalities: names and smollm2 and shapes, 2 pairs, 4 inputs"


def test_models_of_the_wrong_kind_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, document = SimpleNamespace(is_text=True), Document("other/model")
    asked = usual_models(opened, document)
    assert (asked.text, asked.image) == (("other/model",), ("bundled:shapes",))
    assert usual_models(SimpleNamespace(is_text=False), document).text == ("bundled:names",)
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    placed = check_modalities(opened, document, replace(asked, image=("folder",)))
    assert placed.image == (str((tmp_path / "folder").resolve()),), "what it is, only the command sees"
    for wrong, words in (
        (replace(asked, text=()), "No model is named that reads text"),
        (replace(asked, image=()), "No model is named that sees"),
        (replace(asked, image=("bundled:names",)), "bundled:names is no model that sees"),
        (replace(asked, image=("other/model",)), "other/model is no model that sees"),
        (replace(asked, text=("bundled:shapes",)), "bundled:shapes is no model that reads text"),
    ):
        with pytest.raises(ArgumentError, match=words):
            check_modalities(opened, document, wrong)


def begun(folder: Path, said: dict[str, Any]) -> None:
    """The folder of a study, with its numbers."""
    with AskedFolder(folder) as run:
        run.begin({"work": modalities_work(ASKED)})
    (folder / "study.json").write_text(json.dumps(said))


def test_the_line_in_the_table_of_runs(tmp_path: Path) -> None:
    begun(tmp_path, SAID)
    done = Shown(job(tmp_path, kind="modalities", state="done"), RunProgress(result="study.html", updated=7.0))
    record = modalities_record(done, Document("of another"))
    assert (record.kind, record.when, record.by) == ("study", 7.0, "Modalities, edges by EAP-IG")
    assert (record.data, record.options) == ("2 models: names, shapes", f"{EDGES}: names 25 %, shapes 50 %")
    assert MEASURES["edges"].title.lower() == EDGES
    assert record.about["asked"] == "pairs 2, inputs 4, edges 5, seed 3"
    for change in ({"models": []}, {"models": [{"model": "m"}]}, {"models": 3}, {"method": "luck"}):
        (tmp_path / "study.json").write_text(json.dumps(SAID | change))
        with pytest.raises(InputError, match="says of no study"):
            modalities_record(done, Document("m"))


@pytest.mark.usefixtures("stand_in")
def test_from_the_dialog_to_its_page(reader: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    folder, model = tmp_path / "run", reader.workbench.document.model
    begun(folder, SAID)
    (folder / "scores").write_text("<html>")  # its page
    reader.choose("Edit", ENTRIES["modalities"])
    dialog = reader.controller("jobs").dialogs["modalities"].dialog
    assert (dialog.text.text(), dialog.image.text()) == (model, "bundled:shapes")
    dialog.set_folder(str(folder))
    reader.click(dialog.add)
    assert "holds another run: text" in dialog.problem.text()
    dialog.text.clear()
    reader.click(dialog.add)
    assert "No model is named that reads text" in dialog.problem.text()

    text, image = (
        {entry.text(): entry for entry in button.menu().actions()} for button in (dialog.add_text, dialog.add_image)
    )
    assert "shapes" in image
    assert "shapes" not in text
    text["names"].trigger()
    text["names"].trigger()
    assert dialog.text.text() == "bundled:names", "once"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    image["A Folder…"].trigger()
    assert dialog.asked().image == ("bundled:shapes", str(tmp_path))
    dialog.image.setText("bundled:shapes")
    dialog.set_folder("")
    reader.click(dialog.add)
    reader.wait(lambda: not dialog.isVisible())
    reader.wait(is_at_work(reader))
    assert line(reader)[0] == "Study of modalities: names and shapes, 12 pairs, 24 inputs"
    place = Path(only(reader).job.folder)
    begun(place, SAID)
    (place / "scores").write_text("<html>")
    go(place)
    reader.wait(lambda: len(reader.workbench.runs) == 1)
    assert next(iter(reader.workbench.runs)).record.data == "2 models: names, shapes"
    press(reader, "Result")
    assert opened == [str(place / "study.html")]
    assert reader.workbench.document.model == model
