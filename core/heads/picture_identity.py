"""What a head of a model that sees is, as tests with a threshold each: `core.heads.identity` says how a head passes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from core.errors import InputError
from core.heads import cls_gathering
from core.heads.attention import AttentionScores, scores_at
from core.heads.identity import Asked, HeadIdentities, HeadTest, identities_of, rarest
from core.heads.parts import Parts
from core.heads.picture_places import made_pictures, outlying_patches, picture_masks
from core.heads.places import Mask
from core.models.model import Model
from core.progress import stage

PICTURES = 4  # that are made

GATHERING = HeadTest(
    cls_gathering.NAME,
    "attention of CLS to an object, of heads that bring it to the output",
    0.5,
    "Caron et al. 2021, Gandelsman et al. 2024",
)
PICTURE_TESTS = (
    HeadTest("neighbour", "attention of a patch to those around it", 0.3, "Raghu et al. 2021"),
    HeadTest("same colour", "attention of a patch to the tenth of others of the nearest colour", 0.3, "this test"),
    HeadTest("edge of picture", "attention of inner patches to the outermost ones", 0.8, "this test"),
    HeadTest(
        "register or artefact", "attention to CLS, registers and patches of outlying norm", 0.5, "Darcet et al. 2024"
    ),
    GATHERING,
)


def picture_identities(model: Model, corpus: Tensor, seed: int = 0, parts: Parts | None = None) -> HeadIdentities:
    """corpus: pixels [picture, channel, height, width]. parts: what was measured before of the same pictures, and takes
    what is measured now. Raises InputError for a model that sees none, Cancelled."""
    parts = {} if parts is None else parts
    with stage(0.0, 0.6):
        asked = made_picture_tests(model, corpus, seed, parts)
    with stage(0.6, 1.0):
        read = scores_at(model, corpus, lambda row: picture_masks(model, corpus[row]), 0, seed, parts, "corpus")
    return identities_of_pictures(model, asked, read, len(corpus))


def made_picture_tests(model: Model, some: Tensor, seed: int = 0, parts: Parts | None = None) -> list[Asked]:
    """The tests on pictures that are made for them. some: pixels [picture, channel, height, width], of which the first
    ones are the objects of CLS gathering. parts: as `picture_identities` takes them. Raises InputError for a model that
    sees none, Cancelled."""
    grid = grid_of(model, some)
    parts = {} if parts is None else parts
    with stage(0.0, 0.6):
        made = made_pictures(some[:1], grid, PICTURES, seed)
        generated = scores_at(model, made, lambda row: picture_masks(model, made[row]), 0, seed, parts, "generated")
    asked = [
        Asked(test, generated.of(test.name), rarest(generated.random[generated.kinds.index(test.name)]))
        for test in PICTURE_TESTS
        if test is not GATHERING
    ]
    if cls_gathering.has_class_token(model):
        with stage(0.6, 1.0):
            asked.append(_gathering(model, some, grid, seed, parts))
    return asked


def grid_of(model: Model, pixels: Tensor) -> tuple[int, int]:
    """Patches down and across. Raises InputError for a model that sees no pictures."""
    grid = None if model.is_text else model.adapter.image_grid(pixels)
    if grid is None:
        raise InputError(f"{model.title} sees no pictures.", "Open a vision model.")
    return grid


def identities_of_pictures(model: Model, asked: Sequence[Asked], read: AttentionScores, rows: int) -> HeadIdentities:
    """read: the attention over a corpus of so many pictures."""
    identities = identities_of(model, asked, read, rows)
    identities.covers[[test is GATHERING for test in identities.tests]] = np.nan  # it is of one query of a picture
    return identities


def _gathering(model: Model, corpus: Tensor, grid: tuple[int, int], seed: int, parts: Parts) -> Asked:
    objects, grounds, where = cls_gathering.object_pictures(corpus[:PICTURES], grid, seed)

    def mask(row: int) -> dict[str, Mask]:
        content = where[row] & ~outlying_patches(model, objects[row])
        return {GATHERING.name: cls_gathering.class_mask(model.adapter.prefix, content)}

    with stage(0.0, 0.3):
        read = scores_at(model, objects, mask, 0, seed, parts, "objects")
    scores, rare = read.score[0].copy(), rarest(read.random[0])
    if "brings" not in parts:
        some = np.flatnonzero((scores >= GATHERING.threshold) & (scores > rare)).tolist()
        with stage(0.3, 1.0):
            brings = cls_gathering.brings(model, objects, grounds, some, seed)
        parts["brings"] = [head for head, matters in zip(some, brings.tolist(), strict=True) if matters]
    scores[np.setdiff1d(np.arange(len(scores)), parts["brings"])] = 0.0
    return Asked(GATHERING, scores, rare)
