"""What a head of a model that sees is, as tests with a threshold each: `core.heads.identity` says how a head passes."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from core.errors import InputError
from core.heads.attention import scores_at
from core.heads.identity import RARE, HeadIdentities, HeadTest
from core.heads.picture_places import made_pictures, picture_masks
from core.models.model import Model
from core.progress import stage

PICTURES = 4  # that are made

PICTURE_TESTS = (
    HeadTest("neighbour", "attention of a patch to those around it", 0.3, "Raghu et al. 2021"),
    HeadTest("same colour", "attention of a patch to the tenth of others of the nearest colour", 0.3, "this test"),
    HeadTest("edge of picture", "attention of inner patches to the outermost ones", 0.8, "this test"),
    HeadTest(
        "register or artefact", "attention to CLS, registers and patches of outlying norm", 0.5, "Darcet et al. 2024"
    ),
)


def picture_identities(model: Model, corpus: Tensor, seed: int = 0) -> HeadIdentities:
    """corpus: pixels [picture, channel, height, width]. Raises InputError for a model that sees none, Cancelled."""
    grid = None if model.is_text else model.adapter.image_grid(corpus)
    if grid is None:
        raise InputError(f"{model.title} sees no pictures.", "Open a vision model.")
    shape = model.adapter.shape
    with stage(0.0, 0.5):
        made = made_pictures(corpus[:1], grid, PICTURES, seed)
        generated = scores_at(model, made, picture_masks(model, made), 0, seed)
    with stage(0.5, 1.0):
        read = scores_at(model, corpus, picture_masks(model, corpus), 0, seed)
    tests = tuple(next(test for test in PICTURE_TESTS if test.name == kind) for kind in generated.kinds)
    with np.errstate(invalid="ignore"):
        rare, rare_corpus = (np.quantile(each.random, RARE, axis=1) for each in (generated, read))
    return HeadIdentities(
        tests,
        tuple(f"a{layer}.h{head}" for layer in range(shape.layers) for head in range(shape.heads)),
        generated.score,
        read.score,
        read.covers,
        rare,
        rare_corpus,
        len(corpus),
    )
