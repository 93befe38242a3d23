"""CLS gathering: the object is where it is said to be, and a head passes for what it brings to the output alone."""

from __future__ import annotations

import numpy as np
import torch

import wirescope as ws
from core.heads.cls_gathering import brings, class_mask, detailed, object_pictures
from core.studies.head_corpus import corpus_of


def test_one_object_on_a_plain_ground() -> None:
    pictures = torch.rand(3, 3, 16, 24, generator=torch.Generator().manual_seed(0))
    made, grounds, where = object_pictures(pictures, (4, 6))
    assert where.sum(axis=1).tolist() == [6, 6, 6]  # a quarter of the patches
    for picture, ground, content in zip(made, grounds, where, strict=True):
        assert (ground == ground[:, :1, :1]).all()
        differs = (picture != ground).any(dim=0).unflatten(1, (6, 4)).unflatten(0, (4, 4)).sum(dim=(1, 3)) > 0
        assert differs.flatten().numpy().tolist() == content.tolist()
        assert detailed(picture, (4, 6)).tolist() == content.tolist()
    mask = class_mask(2, where[0])
    assert mask.sum() == 6
    assert mask[0, 2:].tolist() == where[0].tolist()


def test_a_head_matters_where_what_it_writes_to_the_class_token_is_read() -> None:
    model = ws.load_model("bundled:shapes")
    corpus, _ = corpus_of(model, None, 2)
    grid = model.adapter.image_grid(corpus)
    assert grid is not None
    objects, grounds, _ = object_pictures(corpus, grid)
    last = list(range(12, 16))
    found = brings(model, objects, grounds, last)
    assert found.any()
    assert not brings(model, objects, objects, last).any()  # nothing is moved where nothing differs
    assert brings(model, objects, grounds, []).tolist() == np.zeros(0).tolist()
