"""`wirescope probe`, and `--probe` of the other commands; the model's name leads to its probe everywhere."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import torch

import wirescope as ws
from core.errors import InputError
from core.models import probe_store
from core.models.class_texts import base_name
from core.models.probe import digest_in, read_probe
from core.project.archive import write_archive
from core.project.document import Document, Source
from core.project.input_operations import set_probe
from core.project.metric_choice import MetricChoice
from core.project.project import Project, StepRecord
from core.project.wire_file import load_project, save_project
from core.scripts.passages import Narrator
from core.scripts.torch_script import torch_script
from tests.app.command_line import code_of
from tests.small_vision import save_encoder, write_colours


def test_a_probe_is_fitted_saved_and_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_encoder(tmp_path / "model")
    folder = write_colours(tmp_path / "colours", {"red": 6, "blue": 5})
    (folder / "red" / "broken.png").write_bytes(b"no picture")
    model, file = str(tmp_path / "model"), str(tmp_path / "colours.probe")
    fit = ("probe", "--model", model, "--folder", str(folder), "--save", file)
    assert code_of(*fit) == 0
    said = capsys.readouterr()
    assert "Linear probe over the model's own output; 2 classes, 11 pictures" in said.out
    assert "broken.png is not an image" in said.out
    assert "Saved the probe" in said.err
    assert code_of(*fit, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    probe = read_probe(file)
    assert (report["classes"], report["pictures"]) == (["blue", "red"], [5, 6])
    assert report["probe"] == probe.digest  # the same pictures give the same probe
    assert report["interval"][0] < report["accuracy"] <= report["interval"][1]

    picture = str(folder / "red" / "0.png")
    asked = ("--model", model, "--probe", file, "--clean", picture, "--counterfactual", str(folder / "blue" / "0.png"))
    assert code_of("run", *asked, "--edit", "m1=zero", "--json") == 0
    ran = json.loads(capsys.readouterr().out)
    assert ran["model"] == f"{model}?probe={probe.digest}"
    assert "red" in json.dumps(ran)

    # a project takes it along: where it is not known, it comes from there
    source = Source("image", path=picture)
    change = set_probe(Document(model, source), probe.digest, probe.classes)
    assert change is not None
    assert change.words == "Probe: blue, red"
    assert set_probe(change.document, probe.digest) is None
    cosines = set_probe(Document(model, source, metric=MetricChoice("cosine_b")), probe.digest)
    assert cosines is not None
    assert cosines.document.metric is None  # there are classes now
    assert set_probe(change.document, "").document.model == model  # type: ignore[union-attr]
    save_project(tmp_path / "p.wire", Project((StepRecord("Open", change.document),)))
    monkeypatch.setattr(probe_store, "_known", {})
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path / "elsewhere"))
    (step,) = load_project(tmp_path / "p.wire").steps
    opened = ws.load_model(step.document.model)
    assert (opened.class_names, digest_in(opened.name), base_name(opened.name)) == (probe.classes, probe.digest, model)
    with zipfile.ZipFile(tmp_path / "p.wire") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = f"probes/{probe.digest}"
    (tmp_path / "bad.wire").write_bytes(write_archive({**parts, name: parts[name] + b" "}, lambda _: False))
    with pytest.raises(InputError, match="is another one than it says"):
        load_project(tmp_path / "bad.wire")

    # scripts: of Wirescope, and of PyTorch alone
    session = ws.Session(opened, opened.pair(picture), ws.class_logit("red"))
    edits = [ws.Edit("a0.h1", "zero")]
    found: dict[str, object] = {}
    exec(compile(torch_script(session, edits), "script.py", "exec"), found)
    edited = found["edited"]
    assert isinstance(edited, torch.Tensor)
    assert (edited - session.run(edits).answer).abs().max() < 1e-5
    with_mean = ws.fit_probe(ws.load_model(model), folder, "means", reads="class+mean").model
    session = ws.Session(with_mean, with_mean.pair(picture))
    exec(compile(torch_script(session, edits), "script.py", "exec"), found)
    torch.testing.assert_close(found["edited"], session.run(edits).answer, rtol=1e-4, atol=1e-4)

    for arguments, code, words in (
        (("probe", "--model", model, "--folder", str(folder / "red")), 3, "no folders in it"),
        (("probe", "--model", model, "--folder", str(folder), "--kind", "deep"), 2, "not 'deep'"),
        (("probe", "--model", "bundled:shapes", "--folder", str(folder)), 2, "classes of its own"),
        (("run", "--model", model, "--probe", picture, "--clean", picture), 3, "no probe"),
        (("run", "--model", "bundled:shapes", "--probe", file, "--clean", picture), 3, "classes of its own"),
        (("run", "--model", f"{model}?probe={'0' * 64}", "--clean", picture), 3, "not on this computer"),
    ):
        assert code_of(*arguments) == code
        assert words in capsys.readouterr().err


def test_the_python_script_names_the_probe() -> None:
    document = Document("bundled:x?probe=" + "a" * 64, Source("image", path="x.png"))
    lines = "\n".join(Narrator().tell("", document).lines)
    assert f'ws.load_model("{document.model}")' in lines
    assert "keeps on this computer" in lines
