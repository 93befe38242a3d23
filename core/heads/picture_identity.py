"""What a head of a model that sees is, as tests with a threshold each: `core.heads.identity` says how a head passes."""

from __future__ import annotations

from torch import Tensor

from core.errors import InputError
from core.heads.attention import scores_at
from core.heads.identity import Asked, HeadIdentities, HeadTest, identities_of, rarest
from core.heads.parts import Parts
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


def picture_identities(model: Model, corpus: Tensor, seed: int = 0, parts: Parts | None = None) -> HeadIdentities:
    """corpus: pixels [picture, channel, height, width]. parts: what was measured before of the same pictures, and takes
    what is measured now. Raises InputError for a model that sees none, Cancelled."""
    grid = None if model.is_text else model.adapter.image_grid(corpus)
    if grid is None:
        raise InputError(f"{model.title} sees no pictures.", "Open a vision model.")
    with stage(0.0, 0.4):
        made = made_pictures(corpus[:1], grid, PICTURES, seed)
        generated = scores_at(model, made, lambda row: picture_masks(model, made[row]), 0, seed, parts, "generated")
    with stage(0.4, 1.0):
        read = scores_at(model, corpus, lambda row: picture_masks(model, corpus[row]), 0, seed, parts, "corpus")
    asked = [
        Asked(test, generated.of(test.name), rarest(generated.random[generated.kinds.index(test.name)]))
        for test in PICTURE_TESTS
    ]
    return identities_of(model, asked, read, len(corpus))
