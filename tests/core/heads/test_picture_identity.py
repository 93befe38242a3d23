"""Where heads attend in pictures, by hand; and that what needs a picture says so."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import InputError
from core.heads.attention import scores_at
from core.heads.picture_identity import picture_identities
from core.heads.picture_places import made_pictures, picture_masks
from core.studies.head_corpus import corpus_of


@pytest.fixture(scope="module")
def shapes() -> ws.Model:
    return ws.load_model("bundled:shapes")


def test_places_in_a_made_picture(shapes: ws.Model) -> None:
    corpus, _ = corpus_of(shapes, None, 3)
    grid = shapes.adapter.image_grid(corpus)
    assert grid is not None
    pixels, prefix = made_pictures(corpus[:1], grid, 2), shapes.adapter.prefix
    assert pixels.shape == (2, *corpus.shape[1:])
    masks = picture_masks(shapes, pixels[0])
    rows, columns = grid
    inner = prefix + columns + 1  # second row, second column
    assert masks["neighbour"][inner].sum() == 8
    assert masks["neighbour"][prefix].sum() == 3
    assert not masks["neighbour"][inner, inner]
    assert masks["edge of picture"][inner].sum() == 2 * rows + 2 * columns - 4
    assert not masks["edge of picture"][prefix].any()
    assert masks["register or artefact"][inner, :prefix].all()
    high, wide = pixels.shape[2] // rows, pixels.shape[3] // columns
    colours = pixels[0, :, ::high, ::wide].flatten(1).T
    (same,) = masks["same colour"][inner].nonzero()
    assert len(same)
    for key in same:
        assert torch.allclose(colours[key - prefix], colours[inner - prefix], atol=1e-5)
        assert not masks["neighbour"][inner, key]


def test_even_attention_has_the_share_of_its_keys(shapes: ws.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus, _ = corpus_of(shapes, None, 2)
    masks = [picture_masks(shapes, each) for each in corpus]
    positions = len(masks[0]["neighbour"])
    even = np.full((2, positions, positions), 1 / positions)
    monkeypatch.setattr("core.heads.attention._pattern", lambda *_: even)
    found = scores_at(shapes, corpus, lambda row: masks[row], 0)
    for place, kind in enumerate(found.kinds):
        some = [mask[kind] for mask in masks]
        queries = sum(mask.any(axis=1).sum() for mask in some)
        keys = sum(mask.sum() for mask in some)
        assert found.score[place, 0] == pytest.approx(keys / positions / queries)
        assert found.covers[place, 0] == pytest.approx(keys / positions / (2 * positions))


def test_a_model_that_sees_none(shapes: ws.Model) -> None:
    corpus, what = corpus_of(shapes, None, 2)
    found = picture_identities(shapes, corpus)
    assert what == "the bundled pictures"
    assert found.generated.shape == (len(found.tests), 16)
    assert ((found.generated >= 0) & (found.generated <= 1 + 1e-9)).all()
    with pytest.raises(InputError, match="sees no pictures"):
        picture_identities(ws.load_model("bundled:names"), corpus)
