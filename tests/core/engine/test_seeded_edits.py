"""What `resample` and `noise` put in place, beside what the oracle says of them."""

from __future__ import annotations

import pytest
import torch

import wirescope as ws
from core.errors import EditError, InputError
from core.inputs.pair import Dataset
from tests.core.engine.cases import TOLERANCE, case
from tests.small_models import TEXT

FAMILIES = ["gpt2", "llama-grouped", "gemma2", "timm-vit-average", "dinov2"]
TARGETS = ["a0.h1->m1", "m0", "->m1", "a1.h2<q>", "input"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("target", TARGETS)
def test_resampling_from_one_other_input_is_patching_from_it(family: str, target: str) -> None:
    setup = case(family)
    assert setup.pair.counterfactual is not None
    b = setup.model.pair(setup.pair.counterfactual.tensor)
    session = ws.Session(setup.model, setup.pair, dataset=Dataset([setup.model.pair(setup.pair.clean.tensor), b]))
    resampled = session.run([ws.Edit(target, "resample", seed=5)]).answer
    assert (resampled - session.run([ws.Edit(target, "patch")]).answer).abs().max() <= TOLERANCE
    assert (resampled - session.clean.answer).abs().max() > 1e-6


@pytest.mark.parametrize("kind", ["resample", "noise"])
def test_the_seed_decides_and_nothing_else(kind: str) -> None:
    setup = case("gpt2")
    session = setup.session()
    edits = [[ws.Edit("m0", kind, seed=seed)] for seed in range(8)]  # type: ignore[arg-type]
    answers = [session.run(edit).answer for edit in edits]
    assert len({tuple(answer[0].tolist()) for answer in answers}) >= 3, "seeds give different values"
    other = setup.session()
    other.run([ws.Edit("m1", kind, seed=3)])  # type: ignore[arg-type]
    assert torch.equal(other.run(edits[3]).answer, answers[3])
    at_the_end = session.run([ws.Edit("m0", kind, positions=[-1], seed=3)])  # type: ignore[arg-type]
    beside = session.run([*edits[3], ws.Edit("m0", "scale", positions=[*range(6)], value=1.0)])
    assert (at_the_end.answer - beside.answer).abs().max() <= TOLERANCE, (
        "a position has its numbers, whatever else is edited"
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_noise_is_as_large_as_it_says(family: str) -> None:
    session = case(family).session()
    out = session.run(positions="all").state.out(session.model.adapter, ws.Node("mlp", 0))
    noise = torch.stack([session.engine.references.noise(ws.Node("mlp", 0), seed) for seed in range(200)])
    assert float(noise.square().mean().sqrt() / out.square().mean().sqrt()) == pytest.approx(1.0, abs=0.02)
    assert float(noise.mean().abs() / out.square().mean().sqrt()) < 0.02


def test_nothing_to_resample_from_is_said() -> None:
    setup = case("gpt2")
    alone = ws.Session(setup.model, setup.pair)
    with pytest.raises(EditError, match="no other input to resample from"):
        alone.run([ws.Edit("m0", "resample")])
    short = ws.Session(setup.model, setup.pair, dataset=Dataset([setup.model.pair(torch.tensor([[1, 2, 3]]))] * 2))
    with pytest.raises(EditError, match="at least as long"):
        short.run([ws.Edit("m0", "resample")])
    with pytest.raises(EditError, match="end at position 2, so there is no mean at 3"):
        short.run([ws.Edit("m0", "mean")])
    with pytest.raises(InputError, match="dataset is empty"):
        Dataset([])


@pytest.mark.parametrize("family", FAMILIES)
def test_steering_by_the_difference_of_means_moves_one_mean_to_the_other(family: str) -> None:
    """Two inputs a side: the vector is what the mean of the positive ones has more at the place."""
    setup = case(family)
    assert setup.dataset is not None
    inputs = [pair.clean.tensor for pair in setup.dataset.pairs]
    positive, negative = [inputs[0], inputs[1]], [inputs[2], inputs[3]]
    vector = ws.difference_of_means(setup.model, positive, negative, "m1", position=-1)
    for at, seen in (("m1", lambda run: run.outs["m1"]), ("->m1", lambda run: run.streams["m1"])):
        vector = ws.difference_of_means(setup.model, positive, negative, at, position=-1)
        means = [
            torch.stack([seen(setup.oracle._run(tensor, {}))[0, -1] for tensor in side]).mean(0)
            for side in (positive, negative)
        ]
        assert (vector - (means[0] - means[1])).abs().max() <= TOLERANCE
    session = setup.session()
    edits = [ws.Edit("m1", "steer", value=vector)]
    assert (session.run(edits).answer - setup.answer(setup.oracle.run(edits))).abs().max() <= TOLERANCE
    everywhere = ws.difference_of_means(setup.model, positive, negative, "input", position=None)
    assert everywhere.shape == (16,)
    if family in TEXT:
        with pytest.raises(InputError, match="has 3 positions"):
            ws.difference_of_means(setup.model, positive, negative, "m0", position=5)
    with pytest.raises(InputError, match="no inputs"):
        ws.difference_of_means(setup.model, [], negative, "m0")
    with pytest.raises(ws.WirescopeError, match="is an edge"):
        ws.difference_of_means(setup.model, positive, negative, "m0->m1")


def test_a_picture_of_another_size_is_no_donor() -> None:
    """Its patches lie elsewhere, so that positions do not correspond."""
    setup = case("dinov2")
    pixels = setup.pair.clean.tensor
    larger = setup.model.pair(torch.nn.functional.pad(pixels, (0, pixels.shape[-1], 0, pixels.shape[-2])))
    session = ws.Session(setup.model, setup.pair, dataset=Dataset([setup.model.pair(pixels), larger]))
    with pytest.raises(EditError, match="no other picture of the same size"):
        session.run([ws.Edit("m0", "resample")])


def test_numbers_drawn_do_not_depend_on_the_default_device() -> None:
    setup = case("gpt2")
    before = setup.session().run([ws.Edit("m0", "noise", seed=3)]).answer
    session = setup.session()
    _ = session.engine.references
    torch.set_default_device("meta")
    try:
        after = session.engine.references.noise(ws.Node("mlp", 0), 3)
    finally:
        torch.set_default_device(None)
    assert after.device.type == "cpu"
    assert torch.equal(session.run([ws.Edit("m0", "noise", seed=3)]).answer, before)
