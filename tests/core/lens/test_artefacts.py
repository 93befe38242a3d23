"""Patches of outlying norm are found where there are some."""

from __future__ import annotations

import numpy as np
import pytest

from core.edits import Edit
from core.errors import InputError
from core.lens.artefacts import OUTLYING, artefact_patches, patch_norms
from core.models.loading import load_model
from core.session import Session


def test_a_patch_of_outlying_norm_is_an_artefact_and_others_are_none() -> None:
    model = load_model("bundled:shapes")
    rng = np.random.default_rng(0)
    session = Session(model, model.pair(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)))
    norms, prefix = patch_norms(session), session.pair.prefix
    assert norms.shape == (1, 64)
    assert artefact_patches(session) == tuple(np.flatnonzero(norms[0] > OUTLYING * np.median(norms[0])))
    assert 19 not in artefact_patches(session)
    width = session.engine.embedding.shape[-1]
    far = rng.normal(size=width)
    far *= 20 * np.median(norms) / np.linalg.norm(far)
    steered = session.run([Edit("input", "steer", (19 + prefix,), far.tolist())])
    assert 19 in artefact_patches(session, steered)
    assert len(artefact_patches(session, steered)) < 8
    text = load_model("bundled:names")
    with pytest.raises(InputError, match="of pictures"):
        artefact_patches(Session(text, text.pair("The dog")))
