"""Where information meets, against the library's own layers with a hook, and the figures that are made of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

import wirescope as ws
from core.edits import Edit
from core.errors import ArgumentError
from core.studies.estimate import estimate, mean_of
from core.studies.meeting import crossing, meeting
from core.studies.sparsity import disagreement, needed
from tests.small_models import small_model


def hooked(blocks: object, layer: int, where: Tensor, other: list[Tensor]) -> object:
    """Put another run's stream before a layer, at some positions."""

    def replace(_block: object, inputs: tuple[Tensor, ...], given: dict[str, object]) -> object:
        mixed = torch.where(where[:, :, None], other[layer], inputs[0])
        return (mixed, *inputs[1:]), given

    return blocks[layer].register_forward_pre_hook(replace, with_kwargs=True)  # type: ignore[index]


def test_a_method_whose_signs_nobody_can_count_is_refused_before_a_model_is_opened() -> None:
    with pytest.raises(ArgumentError, match="have no sign"):
        ws.study_modalities("bundled:none", "bundled:none", method="flow-routes")


def test_a_patched_stream_is_the_models_own_with_that_stream() -> None:
    module = small_model("gpt2")
    model = ws.load_model((module, None))
    a, b = torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8]]), torch.tensor([[1, 9, 3, 4], [5, 6, 10, 8]])
    session = ws.Session(model, model.pair(a, b), ws.logit_difference(6, 7))
    measured = meeting(session)

    def metric(ids: Tensor) -> Tensor:
        logits = module(ids).logits[:, -1]
        return logits[:, 6] - logits[:, 7]

    with torch.no_grad():
        streams = list(module(b, output_hidden_states=True).hidden_states[:3])
        for layer in range(3):
            for where, of_layer in ((a != b, measured.changed), (torch.arange(4)[None] == 3, measured.read)):
                hook = hooked(module.transformer.h, layer, where.expand(2, 4), streams)
                np.testing.assert_allclose(of_layer[layer], metric(a).numpy(force=True), atol=1e-9)
                hook.remove()  # type: ignore[attr-defined]
    assert measured.decides("changed")[[0, -1]] == pytest.approx([1, 0])
    assert measured.decides("read")[[0, -1]] == pytest.approx([0, 1])


def test_depths_are_where_the_lines_cross() -> None:
    assert crossing(np.array([-1.0, -0.5, 0.5, 1.0])) == pytest.approx(1.5 / 3)
    assert crossing(np.array([0.0, 1.0])) == 0
    assert np.isnan(crossing(np.array([-1.0, -0.5])))
    assert needed((1, 10, 100), np.array([0.1, 0.6, 1.0])) == pytest.approx(10 ** (1 + 0.5) / 100)
    assert needed((1, 10, 100), np.array([0.9, 0.6, 1.0])) == pytest.approx(10**1.5 / 100)
    assert needed((1, 10, 100), np.array([0.9, 0.8, 1.0])) == pytest.approx(0.01)


def test_an_interval_holds_the_mean_and_narrows_with_more_inputs() -> None:
    rng = np.random.default_rng(1)
    few, many = (mean_of(rng.normal(3, 1, count)) for count in (8, 200))
    assert few.low < few.value < few.high
    assert many.high - many.low < 0.6 * (few.high - few.low)
    assert np.isnan(estimate(lambda rows: 1.0, 1).low)


def test_estimates_are_compared_with_edits_that_are_really_made() -> None:
    model = ws.load_model((small_model("gpt2"), None))
    a, b = torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8]]), torch.tensor([[1, 9, 3, 4], [5, 6, 10, 8]])
    session = ws.Session(model, model.pair(a, b), ws.logit_difference(6, 7))
    correlation, wrong_sign = disagreement(session, 1, "eap", 6)
    one = ws.Session(model, model.pair(a[1:], b[1:]), ws.logit_difference(6, 7))
    scores = ws.trace(one, "eap")
    numbers = np.argsort(-np.abs(scores.values), kind="stable")[:6]
    before = float(one.run().metric)
    exact = [float(one.run([Edit(session.graph.edge(int(number)), "patch")]).metric) - before for number in numbers]
    wrong = np.sign(-scores.values[numbers]) != np.sign(exact)
    assert wrong_sign == pytest.approx(wrong.mean())
    places = [np.argsort(np.argsort(each)) for each in (-scores.values[numbers], exact)]
    assert correlation == pytest.approx(np.corrcoef(*places)[0, 1])
