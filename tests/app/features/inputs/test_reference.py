"""The output of a model without classes is compared with a picture, or with the brushed part of A."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtWidgets import QFileDialog

import wirescope as ws
from app.__main__ import main
from core.models.loading import load_model
from core.project.metric_choice import MetricChoice
from core.scripts.python_script import python_script
from tests.app.features.inputs.test_metric import answer, choose_kind
from tests.app.person import Person
from tests.app.stories.steps import metric, says
from tests.small_vision import save_encoder, write_colours


def test_a_picture_and_a_part_are_compared_with(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert person.window.commands["reference_picture"].isEnabled() is False
    save_encoder(tmp_path / "model")
    folder = write_colours(tmp_path / "colours", {"red": 1, "blue": 1})
    red, blue = str(folder / "red" / "0.png"), str(folder / "blue" / "0.png")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "model"))])
    assert person.drop(person.window, mime)
    person.wait(lambda: person.workbench.opened is not None)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(red)])
    person.drop(person.card("A"), mime)
    person.rest()

    # Chosen in the list alone it says what is missing, and another metric stays at work.
    choose_kind(person, "cosine_reference")
    editor = person.panel("inputs").metric_editor
    assert editor.target.isVisible()
    assert "no reference yet" in editor.problem.text()

    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (blue, ""))
    person.choose("Edit", "Compare with a Picture")
    person.rest()
    model = load_model(str(tmp_path / "model"))
    expected = ws.Session(model, model.pair(red), ws.cosine(blue)).clean.metric
    assert person.panel("predictions").metric_name.text() == "cosine to the reference"
    assert says(metric(person), float(expected[0]))
    assert (editor.problem.text(), editor.target.answer()) == ("", blue)

    # A part: the patches that are brushed, as the terminal takes it.
    assert not person.window.commands["reference_part"].isEnabled()
    prefix = person.workbench.opened.prefix
    person.workbench.set_positions((prefix + 4, prefix + 8))
    person.rest()
    person.choose("Edit", "Compare with the Brushed Part of A")
    person.rest()
    part = f"{red}@patches=4,8"
    assert person.workbench.document.metric == MetricChoice("cosine_reference", part)
    view = model.side(red).view
    assert view is not None
    crop = Image.fromarray(np.ascontiguousarray(view[4:12, 4:12]))
    expected = ws.Session(model, model.pair(red), ws.cosine(crop)).clean.metric
    assert says(metric(person), float(expected[0]))
    script = python_script([("Here", person.workbench.document)])
    assert f'"{part}"' in script
    told = [
        "--model",
        str(tmp_path / "model"),
        "--clean",
        red,
        "--metric",
        f"cosine_reference:{part}",
        "--edit",
        "m0=zero",
    ]
    assert main(["run", *told]) == 0
    assert "cosine to the reference" in capsys.readouterr().out

    # A picture that is not there is said, and nothing is lost.
    answer(person, "target", str(tmp_path / "none.png"))
    person.rest()
    assert "none.png" in editor.problem.text()
    person.choose("Edit", "Undo")
    assert person.workbench.document.metric == MetricChoice("cosine_reference", part)
