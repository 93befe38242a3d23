"""The bundled vision transformer in blocks of its own: what timm makes of the same files, without timm."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import wirescope as ws
from core.errors import InputError, ModelError
from core.inputs.tasks import make_task
from core.models.bundled import bundled_folder
from core.models.families.vision_timm import TimmVitAdapter
from core.models.loading import _from_folder
from core.models.vit_blocks import is_plain_vit, read_vit

FOLDER = bundled_folder("shapes")
SIZES = ((64, 64), (120, 61), (61, 120), (64, 65), (500, 333), (33, 40), (2, 150))


@pytest.fixture(scope="module")
def library() -> ws.Model:
    """The same folder, opened by timm."""
    return _from_folder(FOLDER, "bundled:shapes", "shapes")


@pytest.fixture(scope="module")
def model() -> ws.Model:
    before = torch.get_rng_state()
    opened = ws.load_model("bundled:shapes")
    assert torch.equal(torch.get_rng_state(), before), "the user's random numbers are left alone"
    return opened


def picture(size: tuple[int, int]) -> Image.Image:
    width, height = size
    return Image.fromarray(np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("size", SIZES)
def test_pixels_are_those_of_the_librarys_transform(model: ws.Model, library: ws.Model, size: tuple[int, int]) -> None:
    ours, theirs = (each.side(picture(size)) for each in (model, library))
    assert torch.equal(ours.tensor, theirs.tensor)
    assert ours.labels == theirs.labels
    assert np.array_equal(ours.view, theirs.view)


def test_logits_are_the_librarys(model: ws.Model, library: ws.Model) -> None:
    assert isinstance(model.adapter, TimmVitAdapter)
    assert type(model.adapter.module).__module__ == "core.models.vit_blocks"
    assert (model.class_names, model.notes, model.title) == (library.class_names, library.notes, library.title)
    assert model.adapter.shape == library.adapter.shape
    pixels = torch.cat([model.side(picture(size)).tensor for size in SIZES])
    with torch.no_grad():
        for ours, theirs in (
            (model.adapter.own_forward(pixels), library.adapter.own_forward(pixels)),
            (model.adapter.own_answer(pixels), library.adapter.own_answer(pixels)),
        ):
            assert ours.shape == theirs.shape
            assert (ours - theirs).abs().max() <= 1e-5 * theirs.abs().max(), "to the rounding of fp32"
        ours, theirs = (copy.deepcopy(each.adapter.module).double()(pixels.double()) for each in (model, library))
    assert (ours - theirs).abs().max() <= 1e-9


def test_edits_scores_and_tasks_are_the_librarys(model: ws.Model, library: ws.Model) -> None:
    found = []
    for each in (model, library):
        pair = each.pair(picture((64, 64)), picture((120, 61)))
        session = ws.Session(each, pair, ws.logit_difference("circle", "star"))
        assert session.parity.relative < 1e-5
        found.append(
            (float(session.run([ws.Edit("a2.h3->logits", "patch")]).metric), ws.trace(session, "eap-ig").values)
        )
    assert found[0][0] == pytest.approx(found[1][0], abs=1e-4)
    assert found[0][1] == pytest.approx(found[1][1], abs=1e-4)
    rows = [make_task("shapes", each, 3) for each in (model, library)]
    assert rows[0].answers == rows[1].answers
    assert len(rows[0].pairs) == len(rows[1].pairs)


def test_the_weights_are_named_as_the_librarys(model: ws.Model, library: ws.Model) -> None:
    ours, theirs = (each.adapter.module.state_dict() for each in (model, library))
    assert {name: weight.shape for name, weight in ours.items()} == {n: weight.shape for n, weight in theirs.items()}


def test_pixels_of_another_size_are_refused_with_the_reason(model: ws.Model) -> None:
    with pytest.raises(InputError, match=r"cannot take this picture.*\(64, 64\)"):
        model.adapter.embed(torch.zeros(1, 3, 32, 32))


def test_a_configuration_that_asks_for_more_is_the_librarys() -> None:
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    assert is_plain_vit(config)
    for changed in (
        {"global_pool": "avg"},
        {"architecture": "deit_tiny_patch16_224"},
        {"model_args": {**config["model_args"], "init_values": 1e-5}},
        {"pretrained_cfg": {**config["pretrained_cfg"], "crop_pct": 0.9}},
        {"pretrained_cfg": {**config["pretrained_cfg"], "interpolation": "bilinear"}},
    ):
        assert not is_plain_vit({**config, **changed}), changed
    assert not is_plain_vit({"architectures": ["GPT2LMHeadModel"]})


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    config = json.loads((FOLDER / "config.json").read_text(encoding="utf-8"))
    shutil.copy(FOLDER / "model.safetensors", tmp_path)
    with pytest.raises(ModelError, match=r"blocks\.4"):
        read_vit(tmp_path, {**config, "model_args": {**config["model_args"], "depth": 5}})
    with pytest.raises(ModelError, match=r"head\.bias"):
        read_vit(tmp_path, {**config, "num_classes": 9})
