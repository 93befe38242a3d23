"""Maps over patches: what the head makes of each patch's stream, its likeness to one patch, and overlap with a mask."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError, InputError
from core.lens.patch_maps import PatchMaps
from tests.core.engine.cases import case


def test_a_map_is_the_models_own_norm_and_classifier_at_each_patch() -> None:
    setup = case("vit-classifier")
    module, pixels = setup.module, setup.pair.clean.tensor
    with torch.no_grad():
        hidden = module.vit(pixels, output_hidden_states=True).hidden_states
        said = [module.classifier(module.vit.layernorm(each[0, 1:])).softmax(-1)[:, 3] for each in hidden]
        zeroed = module.classifier(module.vit.layernorm(hidden[0][0, 1:])).softmax(-1)[:, 3]
    session = setup.session()
    maps = ws.patch_maps(session, 3)
    rows, columns = setup.pair.grid or (0, 0)
    assert maps.stages == ("input", "a0", "m0", "a1", "m1")
    assert maps.values.shape == (5, rows, columns)
    for stage, expected in zip((0, 2, 4), said, strict=True):
        assert np.allclose(maps.values[stage].ravel(), expected.numpy(), atol=1e-6)
    # with all of layer 0 gone, but its biases, the stream after it is another one, and before it the same
    edits = [ws.Edit(name, "zero") for name in ("a0.h0", "m0")]
    edited = ws.patch_maps(session, 3, edits=edits)
    assert np.allclose(edited.values[0].ravel(), zeroed.numpy(), atol=1e-6)
    assert not np.allclose(edited.values[2], maps.values[2], atol=1e-4)
    top = int(session.clean.answer[0].argmax())
    assert ws.patch_maps(session).of == session.model.label(top)


def test_likeness_to_a_patch_needs_no_head() -> None:
    setup = case("dinov2")
    session = setup.session()
    assert not session.model.has_head
    with torch.no_grad():
        hidden = setup.module(setup.pair.clean.tensor, output_hidden_states=True).hidden_states
    maps = ws.patch_maps(session, reference=4)
    prefix = setup.pair.prefix
    for stage, each in zip((0, 2, 4), hidden, strict=True):
        x = each[0, prefix:]
        expected = (x @ x[4]) / x.norm(dim=-1) / x[4].norm()
        assert np.allclose(maps.values[stage].ravel(), expected.numpy(), atol=1e-6)
    assert maps.unit == "cosine"
    with pytest.raises(ArgumentError, match="no unembedding"):
        ws.patch_maps(session)
    with pytest.raises(ArgumentError, match="no patch 9"):
        ws.patch_maps(session, reference=9)
    for row in (1, -1):
        with pytest.raises(ArgumentError, match=f"no row {row}"):
            ws.patch_maps(session, reference=4, row=row)
    with pytest.raises(ArgumentError, match="are of pictures"):
        ws.patch_maps(case("gpt2").session(), 3)


def test_the_overlap_with_a_mask_worked_out_by_hand() -> None:
    """2 x 2 patches of 2 x 2 pixels. The mask holds all 4 pixels of the first patch and 2 of the second."""
    mask = np.zeros((4, 4), dtype=bool)
    mask[:2, :3] = True
    values = np.array([[[0.9, 0.1], [0.2, 0.0]], [[0.4, 0.3], [0.1, 0.0]]], dtype=np.float32)
    maps = PatchMaps(("input", "a0"), values, "probability", "cat")
    found = maps.overlap(mask)
    # above the mean of .3 the first patch alone: 4 in both, 6 in either; above .2 the first two: 6 in both, 8 in either
    assert found.iou == pytest.approx([4 / 6, 6 / 8])
    # first map by size: patch 0: 4/6; 0, 2: 4/10; 0, 2, 1: 6/12; all: 6/16. Second: 0: 4/6; 0, 1: 6/8
    assert found.best == pytest.approx([4 / 6, 6 / 8])
    assert found.all_of_it == pytest.approx(6 / 16)
    lines = maps.to_csv().splitlines()
    assert lines[:3] == ["stage,row,column,probability", "input,0,0,0.9", "input,0,1,0.1"]
    assert len(lines) == 9
    for wrong, words in ((np.zeros((4, 4)), "nothing of it"), (np.ones((4, 4)), "all of the"), (mask[0], "height")):
        with pytest.raises(InputError, match=words):
            maps.overlap(wrong)
