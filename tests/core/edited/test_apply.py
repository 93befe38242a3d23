"""The edited model: what it gives is what the session's run gives, family by family, in fp64."""

from __future__ import annotations

import random

import pytest
import torch
from torch import Tensor

import wirescope as ws
from core.edit_kinds import KINDS
from core.models.families.probe import ProbedAdapter
from core.models.family import FAMILIES
from core.models.sharing import sharing_copy
from core.replacements.optimal import give_constants
from tests.core.engine.cases import TOLERANCE, case, random_edit, random_edits, variant
from tests.oracle import output_of
from tests.small_models import ALL, small_model

OF_UNITS = [kind for kind, row in KINDS.items() if row.of_units]


def neuron_edits(rng: random.Random, session: ws.Session) -> list[ws.Edit]:
    """Of two neurons of a layer that has some."""
    layers = [(layer, count) for layer, (kind, count) in enumerate(session.graph.units) if kind == "neuron" and count]
    if not layers:
        return []
    layer, count = rng.choice(layers)
    names = [f"m{layer}.n{number}" for number in rng.sample(range(count), 2)]
    return [random_edit(rng, name, session.engine.length, OF_UNITS) for name in names]


@pytest.mark.parametrize("family", ALL)
def test_a_model_with_edits_inside_gives_what_the_sessions_run_gives(family: str) -> None:
    setup = case(family)
    session = setup.session()
    rng = random.Random(family)
    inputs = session.pair.clean.tensor
    with torch.no_grad():
        clean = output_of(setup.module, inputs)
        for _ in range(1 if variant(family) else 2):
            edits = random_edits(rng, session.graph, session.engine.length)
            edits += neuron_edits(rng, session)
            run = session.run(edits, positions="all")
            with ws.apply(session.model, edits, session) as edited:
                output = output_of(edited.module, inputs)
            worst = (output - (run.answer if clean.ndim == 2 else run.logits)).abs().max()
            assert worst <= TOLERANCE, f"{', '.join(map(str, edits))}: {worst:.2e}"
        assert torch.equal(output_of(edited.module, inputs), clean)  # they are taken out
        assert torch.equal(output_of(setup.module, inputs), clean)  # and never were in the original


@pytest.mark.parametrize("family", ["llama-grouped", "timm-vit-registers"])
def test_rows_with_values_of_their_own(family: str) -> None:
    setup = case(family, batch=3)
    session = setup.session()
    rng = random.Random(family)
    inputs = session.pair.clean.tensor
    for _ in range(4):
        edits = random_edits(rng, session.graph, session.engine.length) + neuron_edits(rng, session)
        edited = ws.apply(session.model, [*edits, ws.Edit("m0", "patch", positions=["head"])], session)
        run = session.run([*edits, ws.Edit("m0", "patch", positions=["head"])], positions="all")
        expected = run.logits if family == "llama-grouped" else run.answer
        with torch.no_grad():
            assert (output_of(edited.module, inputs) - expected).abs().max() <= TOLERANCE
    with pytest.raises(ValueError, match="made for 3 inputs at once, and there are 2"), torch.no_grad():
        edited(inputs[:2])


GENERATE = ("gpt2", "llama-grouped", "gemma3", "gpt-neox", "olmo2", "cohere2", "opt", "gpt-oss")


def edits_for_generation(session: ws.Session) -> list[ws.Edit]:
    vector = [0.1 * number for number in range(16)]
    return [
        ws.Edit(session.graph.edges[session.graph.n_edges // 3], "zero"),
        ws.Edit("a1.h2", "scale", value=-0.5, strength=0.7),
        ws.Edit("input->m2", "patch", positions=[1, 2]),
        ws.Edit("->m1", "steer", value=vector, positions=[3]),
        ws.Edit("m0", "zero"),
        ws.Edit("a0.h1->m2", "project", value=[*vector, *[1.0] * 16, 0.3], strength=0.8),
        ws.Edit("->a2.h1<q>", "zero"),
        *(
            []
            if session.graph.units[1][0] == "expert"
            else [ws.Edit("m1.n3", "zero"), ws.Edit("m1.n5", "patch", positions=[1, 2])]
        ),
    ]


@pytest.mark.parametrize("family", GENERATE)
def test_generation_has_the_edits_on_each_new_token(family: str) -> None:
    """transformers' generate, with its key cache, against a whole run for each token."""
    setup = case(family)
    prompt = setup.pair.clean.tensor[:, :4]
    b = setup.pair.counterfactual
    assert b is not None
    session = ws.Session(setup.model, setup.model.pair(prompt, b.tensor[:, :4]))
    edits = edits_for_generation(session)
    edited = ws.apply(setup.model, edits, session)
    options = {"max_new_tokens": 5, "min_new_tokens": 5, "output_logits": True, "return_dict_in_generate": True}
    found = edited.generate(prompt, do_sample=False, **options)
    logits = torch.stack(found.logits, dim=1)
    ids = found.sequences
    assert ids.shape == (1, 9)
    whole = ws.Session(setup.model, setup.model.pair(ids[:, :8], torch.cat([b.tensor[:, :4], ids[:, 4:8]], dim=1)))
    expected = whole.run(edits, positions="all").logits[:, 3:]
    assert (edited(ids[:, :8]).logits[:, 3:] - expected).abs().max() <= TOLERANCE
    assert (logits - expected).abs().max() <= 1e-6  # the library's rotary angles with a cache are in fp32
    assert not torch.allclose(expected, setup.module(ids[:, :8]).logits[:, 3:], rtol=0, atol=1e-3)  # they do something


def test_what_edits_need_is_said() -> None:
    model = case("gpt2").model
    mixture = case("mixtral")
    for edit, words in (
        (ws.Edit("m1.e2", "zero", positions=[1]), r"m1\.e2 is an expert"),
        (ws.Edit("m1.e2", "force"), r"m1\.e2 is an expert"),
        (ws.Edit("a0.h1[2]", "zero"), "weights of attention"),
    ):
        with pytest.raises(ws.WirescopeError, match=words):
            ws.apply(mixture.model, [edit], mixture.session())
    for edit, words in (
        (ws.Edit("m0", "patch"), "takes its value from inputs"),
        (ws.Edit("m0", "zero", positions=[-1]), "from the end of an input"),
    ):
        with pytest.raises(ws.WirescopeError, match=words) as caught:
            ws.apply(model, [edit])
        assert "session=" in caught.value.hint
    with pytest.raises(ws.WirescopeError, match="of another model"):
        ws.apply(model, [], case("llama").session())
    edited = ws.apply(model, [ws.Edit("m0", "zero", positions=[2])])
    assert edited.config is edited.module.config
    assert edited.edits == ("m0=zero@2",)
    with pytest.raises(ws.WirescopeError, match="without the edits"):
        edited.save_pretrained("nowhere")
    with pytest.raises(ws.WirescopeError, match="without the edits"):
        edited.push_to_hub("nobody/nothing")


def test_it_shares_the_weights() -> None:
    module = small_model("llama")
    edited = ws.apply(ws.load_model((module, None)), [ws.Edit("a0.h0", "zero")])
    own = dict(module.named_parameters())
    dtypes = {weight.dtype for weight in own.values()}
    assert all(own[name].data_ptr() == weight.data_ptr() for name, weight in edited.module.named_parameters())
    assert not module._forward_pre_hooks
    baked = ws.bake(ws.load_model((module, None)), [ws.Edit("a0.h0", "zero")]).module
    before = dict(module.named_parameters())
    edited.module.half()
    baked.double()
    assert {weight.dtype for weight in edited.module.parameters()} == {torch.float16}
    assert all(weight is before[name] for name, weight in module.named_parameters())
    assert {weight.dtype for weight in own.values()} == dtypes
    tied = sharing_copy(small_model("gpt2"))
    assert tied.lm_head.weight is tied.transformer.wte.weight


def test_it_can_be_moved_to_another_device() -> None:
    """The device "meta" has no numbers, and refuses those of another one as every device does."""
    model = ws.load_model((small_model("llama"), None))
    vector = [0.5] * model.adapter.shape.width
    edits = [ws.Edit("m0", "steer", value=vector), ws.Edit("->m1", "steer", value=vector)]
    edited = ws.apply(model, [*edits, ws.Edit("->a1.h0<q>", "scale", value=2.0)])
    edited.module.to("meta")
    logits = edited(torch.zeros(1, 3, dtype=torch.long, device="meta")).logits
    assert logits.device.type == "meta"
    assert not any(weight.is_meta for weight in model.adapter.module.parameters())


def test_every_family_says_where_its_parts_are() -> None:
    """One that does not is refused with what its adapter is to state."""
    families = [family for family in FAMILIES.values() if family.adapter is not ProbedAdapter]  # over another's
    assert {family.adapter.wiring.__qualname__ for family in families}.isdisjoint({"Adapter.wiring"})


def test_positions_that_are_all_of_the_prompt_are_not_all_of_what_follows() -> None:
    setup = case("llama")
    ids: Tensor = setup.pair.clean.tensor
    session = ws.Session(setup.model, setup.model.pair(ids[:, :3]))
    everywhere = ws.apply(setup.model, [ws.Edit("m1", "zero")], session)
    there = ws.apply(setup.model, [ws.Edit("m1", "zero", positions=[0, 1, 2])], session)
    with torch.no_grad():
        assert torch.equal(everywhere(ids[:, :3]).logits, there(ids[:, :3]).logits)
        assert not torch.allclose(everywhere(ids).logits[:, -1], there(ids).logits[:, -1])
        expected = ws.Session(setup.model, setup.model.pair(ids)).run([ws.Edit("m1", "zero", positions=[0, 1, 2])])
        assert (there(ids).logits[:, -1] - expected.answer).abs().max() <= TOLERANCE


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped"])
def test_beams_and_padding_on_the_left_keep_edits_where_they_stand(family: str) -> None:
    setup = case(family, batch=2)
    ids, b = setup.pair.clean.tensor[:, :4], setup.pair.counterfactual
    assert b is not None
    edits = [ws.Edit("a0.h1->m1", "patch"), ws.Edit("m1", "zero", positions=[1]), ws.Edit("a2.h0", "scale", value=-2.0)]
    both = ws.Session(setup.model, setup.model.pair(ids, b.tensor[:, :4]))
    options = {"max_new_tokens": 4, "do_sample": False, "pad_token_id": 0}
    beams = ws.apply(setup.model, edits, both).generate(ids, num_beams=3, **options)
    for row in range(2):
        alone = ws.Session(setup.model, setup.model.pair(ids[row : row + 1], b.tensor[row : row + 1, :4]))
        edited = ws.apply(setup.model, edits, alone)
        expected = edited.generate(ids[row : row + 1], num_beams=3, **options)
        assert torch.equal(beams[row : row + 1], expected)
        padded = torch.nn.functional.pad(ids[row : row + 1], (2, 0))
        mask = torch.tensor([[0, 0, 1, 1, 1, 1]])
        found = edited.generate(padded, attention_mask=mask, num_beams=3, **options)
        assert torch.equal(found[:, 2:], expected)


@pytest.mark.parametrize("family", ["llama-grouped", "gemma2", "timm-vit-layerscale"])
def test_in_half_precision_it_is_the_sessions_run_to_rounding(family: str) -> None:
    module = small_model(family).bfloat16()
    model = ws.load_model((module, None))
    inputs = case(family).pair.clean.tensor
    session = ws.Session(model, model.pair(inputs if model.is_text else inputs.bfloat16()))
    edits = [ws.Edit("a0.h1->m1", "zero"), ws.Edit("m0", "scale", value=0.5), ws.Edit("->a1.h2<q>", "mean")]
    run = session.run(edits, positions="all")
    expected = (run.logits if model.is_text else run.answer).float()
    with torch.no_grad():
        output = output_of(ws.apply(model, edits, session).module, session.pair.clean.tensor)
    assert output.dtype == torch.bfloat16
    apart = (output.float() - expected).abs().max() / (expected.max() - expected.min())
    assert apart < 0.03, apart
    clean = (session.run(positions="all").answer - run.answer).abs().max() / (expected.max() - expected.min())
    assert clean > 3 * apart  # the edits are more than that


def test_constants_that_were_learned_go_along() -> None:
    setup = case("gpt2")
    session = setup.session()
    generator = torch.Generator().manual_seed(3)
    constants = torch.randn(session.graph.n_writers, 16, generator=generator)
    give_constants(session.engine.population, setup.model.adapter, constants.numpy())
    edits = [ws.Edit("m1", "optimal"), ws.Edit("a0.h1", "optimal", strength=0.5)]
    expected = session.run(edits).answer
    inputs = session.pair.clean.tensor
    with torch.no_grad():
        for module in (ws.apply(setup.model, edits, session), ws.bake(setup.model, edits, session).module):
            assert (module(inputs).logits[:, -1] - expected).abs().max() <= TOLERANCE
        edges = [*edits, ws.Edit("m0->m2", "optimal"), ws.Edit("->a2.h1<v>", "optimal")]
        output = ws.apply(setup.model, edges, session)(inputs).logits[:, -1]
    assert (output - session.run(edges).answer).abs().max() <= TOLERANCE
