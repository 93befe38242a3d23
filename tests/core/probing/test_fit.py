"""Probes: classes for models without a head, from labelled folders."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import wirescope as ws
from core.errors import ArgumentError, InputError, ModelError
from core.inputs.images import ImageProcessing
from core.models import probe_store
from core.models.class_texts import base_name
from core.models.probe import Probe, ProbeReport, digest_in, probe_of, read_probe
from core.models.probed import with_probe
from core.probing.labelled import labelled
from core.probing.words import report_lines
from tests.core.engine.cases import TOLERANCE
from tests.oracle import Oracle
from tests.small_models import keep_precision, randomise, small_model
from tests.small_vision import IMAGE, IMAGES, write_colours


def to_pixels(image: Image.Image) -> torch.Tensor:
    """As processors do: to the model's size, about 0."""
    values = np.asarray(image.resize((IMAGE, IMAGE)), dtype=np.float64) / 127.5 - 1
    return torch.from_numpy(values.transpose(2, 0, 1).copy())


PROCESSING = ImageProcessing(to_pixels, (0.5,) * 3, (0.5,) * 3)


def encoder(family: str = "dinov2") -> ws.Model:
    return ws.load_model((small_model(family), PROCESSING))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_colours(tmp_path / "colours", {"red": 7, "blue": 6, "green": 6})


def own_features(model: ws.Model, paths: list[Path]) -> np.ndarray:
    pixels = torch.cat([model.side(path).tensor for path in paths])
    with torch.no_grad():
        return model.adapter.module(pixel_values=pixels).last_hidden_state[:, 0].numpy()  # type: ignore[no-any-return]


def test_a_linear_probe_is_scikit_learns_on_scaled_features(folder: Path) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    bare = encoder()
    fitted = ws.fit_probe(bare, folder)
    assert fitted.model.class_names == ("blue", "green", "red")
    paths = sorted(folder.rglob("*.png"))
    x, y = own_features(bare, paths), [fitted.model.answer(path.parent.name) for path in paths]
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)).fit(x, y)
    session = ws.Session(fitted.model, fitted.model.pair(paths))
    shares = session.clean.answer.softmax(-1).numpy()
    assert np.abs(shares - pipeline.predict_proba(x)).max() < 1e-4  # its file holds fp32
    report = fitted.report
    assert report.counts == (6, 6, 7)
    assert report.folds == 5
    assert report.accuracy == sum(row[at] for at, row in enumerate(report.confusion)) / 19
    assert [sum(row) for row in report.confusion] == [6, 6, 7]
    assert report.majority == 7 / 19
    assert report.low < report.accuracy <= report.high
    assert report.accuracy > report.majority
    assert not bare.has_head  # the model that was given is as it was


def test_class_means_answer_with_the_nearest(folder: Path) -> None:
    bare = encoder()
    paths = sorted(folder.rglob("*.png"))
    fitted = ws.fit_probe(bare, [folder / "red", folder / "blue"], "means")
    x = own_features(bare, paths)
    of = np.array([path.parent.name for path in paths])
    means = np.stack([x[of == name].mean(0) for name in ("blue", "red")])
    nearest = np.square(x[:, None] - means).sum(-1).argmin(-1)
    session = ws.Session(fitted.model, fitted.model.pair(paths))
    assert session.clean.answer.argmax(-1).tolist() == nearest.tolist()
    assert fitted.model.class_names == ("blue", "red")


@pytest.mark.parametrize(
    ("family", "reads"),
    [
        ("dinov2", "output"),
        ("vit", "output"),
        ("timm-vit-no-head", "output"),
        ("timm-vit-average", "output"),
        ("clip-vision-projection", "output"),
    ],
)
def test_shares_gradients_and_edits_are_exact(family: str, reads: Any) -> None:
    """In fp64, of random weights: the oracle's hooks on the probed module itself."""
    if family == "timm-vit-average":
        module = IMAGES["timm-vit-average"]()
        module.reset_classifier(0)  # type: ignore[operator]
        randomise(module)
        module = keep_precision(module.double().eval())
    else:
        module = small_model(family)
    bare = ws.load_model((module, None))
    generator = np.random.default_rng(0)
    a, b = (torch.from_numpy(generator.normal(size=(1, 3, IMAGE, IMAGE))) for _ in range(2))
    with torch.no_grad():
        width = bare.adapter.own_forward(a).shape[-1] * (2 if reads == "class+mean" else 1)
    names = ("one", "two", "three")
    weight = generator.normal(size=(3, width)).astype(np.float32)
    probe = Probe("linear", reads, names, weight, weight[:, 0].copy(), ProbeReport((1, 1, 1)))
    model = with_probe(bare, probe)
    session = ws.Session(model, model.pair(a, b), ws.logit_difference("one", "three"))
    assert session.parity.difference <= TOLERANCE
    oracle = Oracle(model.adapter.module, a, b)
    edits = [ws.Edit("a0.h1->m1", "patch"), ws.Edit("m0->logits", "zero"), ws.Edit("->a1.h1<k>", "mean")]
    assert (session.run(edits).answer - oracle.run(edits)).abs().max() <= TOLERANCE
    shares = ws.direct_attribution(session, session.clean)
    assert shares.values.sum() + shares.biases == pytest.approx(shares.total, abs=1e-9)
    assert shares.total == pytest.approx(session.clean.metric.item(), abs=1e-9)
    estimated = ws.trace(session, "eap").values[session.graph.index("m1->logits")]
    step = 1e-5
    moved = session.run([ws.Edit("m1->logits", "patch", strength=step)]).metric.item()
    assert estimated == pytest.approx((session.clean.metric.item() - moved) / step, rel=1e-3, abs=1e-6)


def test_a_probe_is_kept_by_its_hash_and_its_file(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = encoder()
    fitted = ws.fit_probe(bare, folder)
    fitted.save(tmp_path / "colours.probe")
    again = read_probe(tmp_path / "colours.probe")
    assert (again.digest, again.report, again.classes) == (fitted.probe.digest, fitted.report, fitted.probe.classes)
    assert digest_in(fitted.model.name) == again.digest
    assert base_name(fitted.model.name) == bare.name
    given = ws.load_model((small_model("dinov2"), PROCESSING), probe=tmp_path / "colours.probe")
    assert given.class_names == fitted.model.class_names
    assert with_probe(given, None).name == bare.name
    assert with_probe(given, None).notes == bare.notes
    monkeypatch.setattr(probe_store, "_known", {})
    assert probe_store.kept(again.digest).digest == again.digest  # of the user's data folder
    kept_at = probe_store.probes_folder() / f"{again.digest}.probe"
    kept_at.write_bytes(b"damaged")
    probe_store.keep(again)
    assert kept_at.read_bytes() == again.content
    with pytest.raises(ModelError, match="not on this computer"):
        probe_store.kept("0" * 64)
    with pytest.raises(ArgumentError, match="is not of"):
        ws.load_model((small_model("dinov2", seed=1), PROCESSING), probe=again)
    # in another precision too: the same weights are known, others are refused
    for half in (torch.float16, torch.bfloat16):
        same = ws.load_model((small_model("dinov2").to(half), PROCESSING), probe=again)
        assert same.class_names == fitted.model.class_names
        with pytest.raises(ArgumentError, match="is not of"):
            ws.load_model((small_model("dinov2", seed=1).to(half), PROCESSING), probe=again)
    old = replace(again, sketch=())  # of a file that does not say
    assert old.content != again.content
    assert probe_of(old.content).digest == old.digest
    whole = again.content
    for broken in (b"", whole[:50], whole[:-3], whole.replace(b"class", b"glass"), b"\xff" * 40):
        with pytest.raises(InputError):
            probe_of(broken)


def test_what_cannot_be_used_is_counted_and_said(folder: Path) -> None:
    shutil.copy(folder / "red" / "0.png", folder / "red" / "copy.png")
    shutil.copy(folder / "red" / "1.png", folder / "blue" / "both.png")
    (folder / "red" / "broken.png").write_bytes((folder / "red" / "2.png").read_bytes()[:60])
    (folder / "red" / "notes.txt").write_text("no picture")
    (folder / "empty").mkdir()
    fitted = ws.fit_probe(encoder(), folder)
    report = fitted.report
    assert (report.counts, report.copies, report.contradictions, report.broken_count) == ((6, 6, 6), 1, 2, 1)
    assert report.broken[0][0] == "broken.png"
    said = "\n".join(report_lines(fitted.probe))
    assert "broken.png is damaged" in said
    assert "1 copy" in said
    assert "no picture could be taken: empty" in said


def test_one_picture_of_a_class_leaves_its_accuracy_unknown(tmp_path: Path) -> None:
    folder = write_colours(tmp_path, {"red": 1, "blue": 4})
    for kind in ("linear", "means"):
        fitted = ws.fit_probe(encoder(), folder, kind)  # type: ignore[arg-type]
        assert fitted.report.accuracy is None
        assert "one picture alone" in "\n".join(report_lines(fitted.probe))
        assert any("is not known" in note for note in fitted.model.notes)


def test_folders_that_are_called_alike_are_classes_each(tmp_path: Path) -> None:
    places = [write_colours(tmp_path / where, {"red": 1}) / "red" for where in ("a/x", "b/x", "c/x")]
    read = labelled(places)
    assert read.classes == ("a/x/red", "b/x/red", "c/x/red")
    assert [label for _, label in read.pictures] == [0, 1, 2]
    assert labelled([places[0], places[0].parent]).classes == ("red", "x")


def test_bad_folders_and_models_are_refused_with_the_reason(folder: Path, tmp_path: Path) -> None:
    bare = encoder()
    bad = write_colours(tmp_path / "bad", {"red": 1})
    (tmp_path / "none" / "a").mkdir(parents=True)
    (bad / "blue").mkdir()
    (bad / "blue" / "x.png").write_bytes(b"\x89PNG, or so it says")
    for given, said in (
        (tmp_path / "gone", "not there"),
        (folder / "red" / "0.png", "is a file"),
        ([], "No folder"),
        (folder / "red", "no folders in it"),
        (tmp_path / "none", "no pictures"),
        ([folder / "red"] * 2, "given twice"),
        ([folder / "red", tmp_path / "none"], "one class alone, red"),
        (bad, "1 of 2 classes could be read"),
    ):
        with pytest.raises(InputError, match=said):
            ws.fit_probe(bare, given)
    for model, options, said in (
        (ws.load_model("bundled:shapes"), {}, "classes of its own"),
        (ws.load_model("bundled:names"), {}, "reads text"),
        (ws.load_model(small_model("dinov2")), {}, "no image processor"),
        (bare, {"kind": "deep"}, "not 'deep'"),
        (encoder("clip-vision"), {"reads": "class+mean"}, "DINOv2 alone"),
    ):
        with pytest.raises(ArgumentError, match=said):
            ws.fit_probe(model, folder, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "reads"),
    [("dinov2", "output"), ("dinov2-registers", "class+mean"), ("ijepa", "output")],
)
def test_an_edited_model_is_exported_as_the_librarys_classifier(name: str, reads: Any, tmp_path: Path) -> None:
    bare = ws.load_model((small_model(name).float(), None))
    weight = np.random.default_rng(0).normal(size=(2, 32 if reads == "class+mean" else 16)).astype(np.float32)
    probe = Probe("linear", reads, ("cat", "dog"), weight, np.ones(2, np.float32), ProbeReport((1, 1)))
    model = with_probe(bare, probe)
    x = torch.randn(1, 3, IMAGE, IMAGE, generator=torch.Generator().manual_seed(0))
    session = ws.Session(model, model.pair(x, x.flip(-1)))
    for place, edits, form in (
        ("baked", [ws.Edit("a0.h1", "zero")], "weights"),
        ("hooked", [ws.Edit("a0.h1->m1", "zero")], "hooks"),
    ):
        assert ws.export_model(model, edits, tmp_path / place, session).form == form
        opened = ws.load_model(tmp_path / place)
        assert opened.class_names == ("cat", "dog")
        expected = session.run(edits if form == "weights" else []).answer
        assert (ws.Session(opened, opened.pair(x)).clean.answer - expected).abs().max() < 1e-3
    spec = importlib.util.spec_from_file_location("edited_model", tmp_path / "hooked" / "edited_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with torch.no_grad():
        hooked = module.load(tmp_path / "hooked")(pixel_values=x).logits
    assert (hooked - session.run(edits).answer).abs().max() < 1e-3


def test_a_model_without_a_classifier_in_its_library_is_not_exported(tmp_path: Path) -> None:
    bare = ws.load_model((small_model("dinov3"), None))
    probe = Probe(
        "means", "output", ("a", "b"), np.ones((2, 16), np.float32), np.ones(2, np.float32), ProbeReport((1, 1))
    )
    with pytest.raises(ModelError, match="no classifier") as caught:
        ws.export_model(with_probe(bare, probe), [ws.Edit("a0.h1", "zero")], tmp_path / "out")
    assert "Save the probe" in caught.value.hint
    assert not (tmp_path / "out").exists()
