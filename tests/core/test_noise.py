"""The noise floor of half precision: what it is of, and that it is where rounding ends."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import wirescope as ws
from core.noise import BELOW, effect_words, is_below_noise

SENTENCES = [f"When Mary and John went to the store, {name} gave a drink to" for name in ("John", "Tom")]


@cache
def session(dtype: str) -> ws.Session:
    model = ws.load_model("bundled:names", dtype=dtype)
    return ws.Session(model, model.pair(*SENTENCES), ws.logit_difference(" Mary", " John"))


@cache
def scan(dtype: str) -> ws.Scan:
    found = ws.Scan(session(dtype), "nodes")
    found.run()
    return found


def test_there_is_none_in_fp32() -> None:
    assert session("fp32").noise_floor == 0.0
    assert not scan("fp32").below_noise.any()
    assert not is_below_noise(0.0, 0.0)


def test_it_is_where_errors_end() -> None:
    """Most effects are nearer to fp32's than the floor, and those above it have fp32's sign."""
    floor, effects, exact = session("bf16").noise_floor, scan("bf16").effects, scan("fp32").effects
    assert floor > 0
    assert (np.abs(effects - exact) <= floor).mean() >= 0.9
    above = ~scan("bf16").below_noise
    assert 0 < above.sum() < len(above)
    assert (np.sign(effects[above]) == np.sign(exact[above])).all()
    assert (np.abs(exact[above]) > floor / 2).all(), "what is above it is there in fp32"


def test_it_is_of_the_metric_and_the_same_each_time() -> None:
    half = ws.load_model("bundled:names", dtype="bf16")
    other = ws.Session(half, half.pair(*SENTENCES), ws.logit_difference(" Mary", " John"))
    assert other.noise_floor == session("bf16").noise_floor
    before = other.noise_floor
    other.with_metric(ws.probability(" Mary"))
    assert 0 < other.noise_floor < before, "a probability moves less than a logit"


@pytest.mark.parametrize(("effect", "words"), [(0.01, f"{BELOW} (0.05)"), (-0.2, "-0.2000"), (0.05, "+0.0500")])
def test_what_is_said_of_an_effect(effect: float, words: str) -> None:
    assert effect_words(effect, 0.05) == words
