"""What neurons do: sums against what the MLP does as a whole, and real runs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError, EditError, InputError
from core.lens.direct import direct_attribution
from core.lens.positions import NodeGradients, estimated_effects
from tests.core.engine.cases import case
from tests.oracle_units import last_map


@pytest.mark.parametrize(
    "family", ["gpt2", "llama-biases-wide-heads", "gemma2", "granite", "gptj", "timm-vit-layerscale"]
)
def test_shares_of_neurons_and_the_rest_sum_to_the_mlps(family: str) -> None:
    setup = case(family, batch=2)
    session = setup.session()
    gradients = NodeGradients(session)
    whole = direct_attribution(session, session.clean)
    for layer in range(session.graph.layers):
        node = ws.Node("mlp", layer)
        for kind in ("zero", "mean", "patch"):
            found = ws.neurons(session, node, replacement=kind, measure=False, gradients=gradients)
            total = estimated_effects(session, gradients, node, kind).sum()
            assert found.estimated.sum() + found.rest == pytest.approx(total, abs=1e-9)
            bias = getattr(last_map(setup.oracle.layout.blocks[layer].mlp), "bias", None)
            if family != "gemma2" and (kind != "zero" or bias is None):
                assert found.rest == pytest.approx(0, abs=1e-9), "all that is replaced is some neuron's"
            assert np.allclose(found.by_position.sum(axis=0), found.estimated)
        assert found.direct is not None
        share = whole.values[session.graph.writer_index(node)]
        assert found.direct.sum() + found.direct_rest == pytest.approx(share, abs=1e-9)
        assert (abs(found.direct_rest) < 1e-9) == (bias is None)


@pytest.mark.parametrize("kind", ["zero", "patch"])
def test_the_strongest_are_measured_by_runs_and_estimates_are_their_slopes(kind: str) -> None:
    session = case("gpt2").session()
    found = ws.neurons(session, "m1", top=5, replacement=kind)  # type: ignore[arg-type]
    assert list(found.measured) == found.top(5)
    before = float(session.clean.metric.mean())
    for number, effect in found.measured.items():
        unit = found.unit(number)
        assert effect == pytest.approx(float(session.run([ws.Edit(unit, kind)]).metric.mean()) - before, abs=1e-9)  # type: ignore[arg-type]
        little = float(session.run([ws.Edit(unit.name, kind, strength=1e-5)]).metric.mean()) - before  # type: ignore[arg-type]
        assert little / 1e-5 == pytest.approx(found.estimated[number], rel=1e-2, abs=1e-6)
    standing = [ws.Edit("m0", "zero")]
    under = ws.neurons(session, "m1", top=1, edits=standing)
    (number,) = under.measured
    both = float(session.run([*standing, ws.Edit(under.unit(number), "zero")]).metric.mean())
    assert under.measured[number] == pytest.approx(both - float(session.run(standing).metric.mean()), abs=1e-9)


def test_what_has_no_neurons_is_said() -> None:
    session = case("gpt2").session()
    for node, words in (("a0.h1", "is no MLP"), ("input", "is no MLP"), ("m7", "does not write")):
        with pytest.raises(ArgumentError, match=words):
            ws.neurons(session, node)
    with pytest.raises(ArgumentError, match="-1 neurons"):
        ws.neurons(session, "m0", top=-1)
    with pytest.raises(ArgumentError, match="not ranked by 'noise'"):
        ws.neurons(session, "m0", replacement="noise")
    alone = ws.Session(session.model, session.model.pair(torch.tensor([[1, 2, 3]])))
    with pytest.raises(EditError, match="no counterfactual"):
        ws.neurons(alone, "m0", replacement="patch")


@pytest.mark.parametrize("family", ["mixtral", "qwen2-moe", "llama4", "gpt-oss"])
def test_shares_of_experts_and_the_rest_sum_to_the_mixtures(family: str) -> None:
    setup = case(family)
    session = setup.session()
    layer = next(layer for layer, (kind, _) in enumerate(session.graph.units) if kind == "expert")
    node = ws.Node("mlp", layer)
    whole = direct_attribution(session, session.clean)
    gradients = NodeGradients(session)
    for kind in ("zero", "patch"):
        found = ws.neurons(session, node, top=2, replacement=kind, gradients=gradients)  # type: ignore[arg-type]
        total = estimated_effects(session, gradients, node, kind).sum()  # type: ignore[arg-type]
        assert found.kind == "expert"
        assert found.estimated.sum() + found.rest == pytest.approx(total, abs=1e-9)
        shared = hasattr(setup.oracle.layout.blocks[layer].mlp, "shared_expert")
        assert (abs(found.rest) < 1e-9) == (not shared)
        assert found.direct is not None
        share = whole.values[session.graph.writer_index(node)]
        assert found.direct.sum() + found.direct_rest == pytest.approx(share, abs=1e-9)
        assert len(found.measured) == 2
    logits, weights = ws.routing(session, node)
    assert ((weights > 0).sum(dim=-1) == 2).all()  # of four
    least = logits.masked_fill(weights == 0, float("inf")).amin(dim=-1)
    assert (logits.masked_fill(weights > 0, float("-inf")).amax(dim=-1) <= least).all(), "the largest are chosen"
    with pytest.raises(ArgumentError, match="no mixture"):
        ws.routing(case("gpt2").session(), "m0")


def test_activations_of_neurons_are_as_their_edits_leave_them() -> None:
    session = case("gpt2").session()
    edits = [ws.Edit("m1.n3", "zero"), ws.Edit("m1.n5", "scale", value=2.0, positions=[1]), ws.Edit("m0", "zero")]
    before = ws.activations(session, session.run(edits[2:], positions="all"))["m1.neurons"]
    after = ws.activations(session, session.run(edits, positions="all"))["m1.neurons"]
    expected = before.clone()
    expected[..., 3] = 0
    expected[:, 1, 5] *= 2
    assert torch.allclose(after, expected, atol=1e-12)
    assert not torch.equal(after, before)


@pytest.mark.parametrize("family", ["gpt2", "gemma2", "qwen2-moe"])
def test_scores_of_all_neurons_sum_to_those_of_the_mlps_as_nodes(family: str) -> None:
    session = case(family).session()
    ranking = ws.rank_neurons(session, steps=3, measure=2)
    nodes = ws.trace(session, method="eap-ig", steps=3, level="nodes").values
    for layer in range(session.graph.layers):
        mlp = ws.Node("mlp", layer)
        total = sum(score for unit, score in zip(ranking.units, ranking.scores, strict=True) if unit.whole == mlp)
        assert total + ranking.rests[mlp] == pytest.approx(nodes[session.graph.writer_index(mlp)], abs=1e-9)
    assert len(ranking.units) == sum(count for _, count in session.graph.units)
    before = float(session.clean.metric.mean())
    for unit, effect in ranking.effects.items():
        assert effect == pytest.approx(float(session.run([ws.Edit(unit, "patch")]).metric.mean()) - before, abs=1e-9)
    assert list(ranking.effects) == ranking.top(2)
    assert ranking.report()["scores"] == {unit.name: ranking.score(unit) for unit in ranking.top(len(ranking.units))}


def test_over_a_dataset_all_figures_are_means_over_its_pairs() -> None:
    setup = case("gpt2", batch=3)
    session, b = setup.session(), setup.pair.counterfactual
    assert b is not None
    rows = [
        (setup.pair.clean.tensor[row : row + 1, :end], b.tensor[row : row + 1, :end])
        for row, end in enumerate((7, 7, 4))
    ]
    pairs = [session.model.pair(*row) for row in rows]
    first = ws.Session(session.model, pairs[0], metric=ws.log_probability(3))
    dataset = ws.Dataset(pairs)
    ranking = ws.rank_neurons(first, steps=2, measure=1, dataset=dataset)
    each = [ws.Session(session.model, pair, metric=ws.log_probability(3)) for pair in pairs]
    alone = [ws.rank_neurons(one, steps=2) for one in each]
    assert np.allclose(ranking.scores, np.mean([one.scores for one in alone], axis=0), atol=1e-9)
    assert ranking.whole == pytest.approx(np.mean([one.whole for one in alone]), abs=1e-9)
    ((unit, effect),) = ranking.effects.items()
    changes = [float((one.run([ws.Edit(unit, "patch")]).metric - one.clean.metric).mean()) for one in each]
    assert effect == pytest.approx(np.mean(changes), abs=1e-9)
    curve = ws.neuron_curve(first, ranking, sizes=[10], draws=0, dataset=dataset)
    edits = [ws.Edit(unit, "patch") for unit in ranking.top(10)]
    left = np.mean([float(one.run(edits).metric.mean()) for one in each])
    assert curve.cut[0] == pytest.approx((left - ranking.empty) / (ranking.whole - ranking.empty), abs=1e-9)


def test_the_best_neurons_recover_more_than_random_ones_of_their_layers() -> None:
    session = case("gpt2").session()
    ranking = ws.rank_neurons(session, steps=3)
    of = len(ranking.units)
    curve = ws.neuron_curve(session, ranking, sizes=[0, 20, of], draws=3)
    assert curve.kept[0] == pytest.approx(0, abs=1e-9) == curve.cut[2]
    assert curve.kept[2] == pytest.approx(1, abs=1e-9) == curve.cut[0]
    best = ranking.top(20)
    left = session.run([ws.Edit(unit, "patch") for unit in ranking.units if unit not in best]).metric.mean()
    assert curve.kept[1] == pytest.approx((float(left) - ranking.empty) / (ranking.whole - ranking.empty), abs=1e-9)
    assert curve.kept[1] > curve.kept_random[:, 1].max()
    assert curve.cut[1] < curve.cut_random[:, 1].min()
    with pytest.raises(ArgumentError, match="cannot be taken"):
        ws.neuron_curve(session, ranking, sizes=[of + 1])
    alone = ws.Session(session.model, session.model.pair(session.pair.clean.tensor))
    assert ws.rank_neurons(alone).replacement == "zero"
    assert ws.rank_neurons(alone).steps == 0
    with pytest.raises(ArgumentError, match="not ranked by 'noise'"):
        ws.rank_neurons(session, "noise")
    same = ws.Session(session.model, session.model.pair(session.pair.clean.tensor, session.pair.clean.tensor))
    with pytest.raises(InputError, match="nothing can be recovered"):
        ws.neuron_curve(same, ws.rank_neurons(same, steps=1))
