"""Learned masks that begin at EAP-IG's scores."""

from __future__ import annotations

import numpy as np

import wirescope as ws
from core.evaluation.agreement import rank_correlation
from core.tracing.methods.warm_masks import warmth


def session() -> ws.Session:
    model = ws.load_model("bundled:names")
    pair = model.pair("The capital of France is", "The capital of Italy is")
    return ws.Session(model, pair, ws.logit_difference(" Paris", " Rome"))


def test_the_best_edge_begins_twice_as_open_and_the_mean_as_open_as_ever() -> None:
    found = warmth(np.array([0.1, -5.0, 0.0, 2.0, 1.0]))
    assert found.tolist() == [0.5, 2.0, 0.0, 1.5, 1.0]
    assert found.mean() == 1.0


def test_the_first_masks_stand_in_the_order_of_the_scores() -> None:
    here = session()
    scores = np.abs(ws.trace(here, "eap-ig", steps=2).values)
    warm = ws.trace(here, "warm-masks", options=ws.Options(updates=1, steps=2)).values
    cold = ws.trace(here, "learned-masks", options=ws.Options(updates=1)).values
    assert rank_correlation(warm, scores) > 0.9
    assert rank_correlation(cold, scores) < 0.7
    assert not ws.trace(here, "warm-masks", options=ws.Options(updates=1, steps=2)).signed
