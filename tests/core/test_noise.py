"""The noise floor of half precision: what it is of, and that it is where rounding ends."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import wirescope as ws
from core.circuit import Circuit
from core.evaluation.minimality import minimality
from core.formatting import BELOW, effect_words, is_below_noise
from core.noise import floors_of, noise_floor
from core.tracing.over_pairs import noise_floor_over

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


def test_signs_above_it_are_right_where_the_answer_is_nearly_certain() -> None:
    """A logarithm near 0 is seldom moved far: a floor of few and small moves let three of these signs pass."""
    sessions = []
    for dtype in ("bf16", "fp32"):
        model = session(dtype).model
        pair = model.pair("The capital of Nepal is", "The capital of Madagascar is")
        sessions.append(ws.Session(model, pair, ws.log_probability(" Kathmandu")))
    half, exact = sessions
    assert -0.01 < float(exact.clean.metric) < 0, "it is nearly certain"
    nodes = [f"a{layer}.h{head}" for layer in (0, 1) for head in (5, 6, 7)]
    for kind in ("patch", "zero"):
        found, true = ws.Scan(half, nodes, kind), ws.Scan(exact, nodes, kind)
        found.run(), true.run()
        above = ~found.below_noise
        assert (np.sign(found.effects[above]) == np.sign(true.effects[above])).all()


def test_what_is_above_the_floor_of_a_divergence_has_its_size() -> None:
    """A divergence goes with the square of what is moved: above a floor that sees the rounding alone, a ninth of these
    effects are wrong by half of themselves and more."""
    effects, floors = [], []
    for dtype in ("bf16", "fp32"):
        model = session(dtype).model
        of = ws.Session(model, session(dtype).pair, ws.kl())
        edges = np.random.default_rng(0).choice(of.graph.n_edges, 300, replace=False)
        found = ws.Scan(of, [*of.graph.writers, *(of.graph.edge(int(edge)) for edge in edges)])
        found.run()
        effects.append(found.effects)
        floors.append(of.noise_floor)
    half, exact = effects
    above = np.abs(half) >= floors[0]
    assert above.sum() > 20
    apart = np.abs(half - exact)[above] / np.abs(half[above])
    assert (apart >= 0.5).mean() < 0.05
    assert apart.max() < 1


def test_the_floor_beside_edits_is_that_of_the_edited_run() -> None:
    """Where an edit has brought a divergence to where it is steep, rounding moves it further than at A itself."""
    half = ws.Session(session("bf16").model, session("bf16").pair, ws.kl())
    edits = [ws.Edit("m2", "zero")]
    assert noise_floor(half, edits) > 2 * half.noise_floor
    scan = ws.Scan(half, ["m1"], edits=edits)
    scan.effects[:] = 1.5 * half.noise_floor
    assert scan.below_noise.all()
    assert noise_floor(session("fp32"), edits) == 0


def test_floors_of_what_the_predictions_show() -> None:
    half = session("bf16")
    floors = floors_of(half, lambda result: result.answer[0].softmax(dim=-1))
    changes = half.run([ws.Edit("m2", "patch")]).answer[0].softmax(dim=-1) - half.clean.answer[0].softmax(dim=-1)
    assert floors.shape == changes.shape
    assert 0 < float((changes.abs() >= floors).float().mean()) < 1
    assert not floors_of(session("fp32"), lambda result: result.answer[0]).any()


def test_the_floor_of_a_mean_over_pairs() -> None:
    """Pairs round apart from each other: the mean of two alike moves by 1 / sqrt(2) of what one does."""
    half = session("bf16")
    alike = ws.Dataset([half.pair, half.pair])
    assert noise_floor_over(half, None) == half.noise_floor
    assert 0 < noise_floor_over(half, alike) < 2 * half.noise_floor
    assert noise_floor_over(session("fp32"), alike) == 0


def test_measured_scores_say_which_are_below_it() -> None:
    half = session("bf16")
    measured = ws.trace(half, "exact-scan", level="nodes")
    assert measured.noise_floor == pytest.approx(half.noise_floor, rel=1e-2)
    assert (measured.below_noise == scan("bf16").below_noise).all()
    some = ws.trace(half, "exact-scan", level="nodes", options=ws.Options(budget=5))
    assert some.below_noise.sum() <= 5, "estimates are no measurements"
    assert ws.trace(half, "eap", level="nodes").noise_floor == 0
    assert ws.trace(session("fp32"), "exact-scan", level="nodes").noise_floor == 0
    over = ws.trace(half, "exact-scan", level="nodes", dataset=ws.Dataset([half.pair, half.pair]))
    assert over.noise_floor == pytest.approx(noise_floor_over(half, ws.Dataset([half.pair, half.pair])), rel=1e-2)


def test_needs_below_it_count_for_nothing() -> None:
    half = session("bf16")
    edges = [int(index) for index in ws.trace(half, "eap").strongest(6)]
    found = minimality(half, Circuit(half.graph, np.array(edges)))
    assert found.noise == pytest.approx(half.noise_floor / abs(change_of(half)), rel=1e-4)
    assert found.share_needed() == (found.needs >= max(0.001, found.noise)).mean()
    assert (found.below_noise == (np.abs(found.needs) < found.noise)).all()
    exact = session("fp32")
    assert minimality(exact, Circuit(exact.graph, np.array(edges))).noise == 0


def change_of(of: ws.Session) -> float:
    nothing = of.run_circuit(Circuit(of.graph, np.zeros(0, dtype=np.int64)))
    return float((of.clean.metric - nothing.metric).mean())
