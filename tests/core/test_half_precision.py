"""Models in half precision: only their weights are cast, and metrics, differences and sums are taken in fp32.

The modules here are the library's own: the small models of other tests keep the precision of what the library computes
in fp32.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from torch import Tensor, nn

import wirescope as ws
from core.edits import EDIT_KINDS
from core.engine.frozen import FrozenNorms
from core.evaluation.agreement import rank_correlation
from core.lens.positions import NodeGradients, estimated_effects, measured_effects
from core.lens.repair import self_repair
from core.lens.unfolded import unfold
from core.metrics import Metric
from core.parity import PARITY_LIMITS
from core.precision import PRECISIONS, cast_parameters
from core.tracing.method import METHODS
from tests.small_models import ALL, IMAGES, TEXT, randomise, small_input, small_text_model

FAMILIES = ("gpt2", "llama-grouped", "gemma2", "olmo2", "cohere", "timm-eva02", "timm-vit-layerscale", "dinov3")


def library_model(family: str, dtype: torch.dtype = torch.bfloat16) -> nn.Module:
    """As the library makes it, of random weights."""
    module = ALL[family]()
    randomise(module)
    cast_parameters(module.eval(), torch.device("cpu"), dtype)
    return module


@cache
def session_of(family: str) -> ws.Session:
    """A pair on a model in bf16."""
    model = ws.load_model((library_model(family), None))
    a, b = (small_input(family, seed) for seed in (0, 1))
    pair = model.pair(a, b) if family in TEXT else model.pair(a.float(), b.float())
    return ws.Session(model, pair, None if family in IMAGES else ws.logit_difference(6, 7))


# ---- the weights alone are cast ----


@pytest.mark.parametrize("family", ["llama-grouped", "gemma3", "gptj", "gpt-neox", "cohere", "olmo3", "dinov3", "phi3"])
def test_a_folder_is_opened_in_bf16_as_the_library_opens_it(family: str, tmp_path: Path) -> None:
    """Weights, what is kept beside them (rotary angles, scales), and the answers, to the bit."""
    saved = library_model(family, torch.float32)
    saved.save_pretrained(tmp_path)  # type: ignore[operator]
    library = getattr(transformers, type(saved).__name__).from_pretrained(tmp_path, dtype=torch.bfloat16).eval()
    model = ws.load_model(tmp_path, dtype="bf16")
    module = model.adapter.module
    for name, parameter in library.named_parameters():
        assert torch.equal(module.get_parameter(name), parameter), name
    for name, buffer in library.named_buffers():
        if "embed_scale" not in name:  # a number that the library casts to the embedding's precision where it is used
            assert torch.equal(module.get_buffer(name), buffer), name
    inputs = small_input(family, 0)
    inputs = inputs if family in TEXT else inputs.bfloat16()
    with torch.no_grad():
        assert torch.equal(
            model.adapter.own_forward(inputs), ws.load_model((library, None)).adapter.own_forward(inputs)
        )


def test_the_angles_of_distant_positions_are_those_of_fp32(tmp_path: Path) -> None:
    saved = library_model("llama-grouped", torch.float32)
    saved.save_pretrained(tmp_path)  # type: ignore[operator]
    rotary = [ws.load_model(tmp_path, dtype=dtype).adapter.module.model.rotary_emb for dtype in ("fp32", "bf16")]
    assert torch.equal(rotary[0].inv_freq, rotary[1].inv_freq)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_engine_is_near_the_models_own_forward(family: str) -> None:
    session = session_of(family)
    assert session.model.adapter.dtype == torch.bfloat16
    assert session.parity.relative <= PARITY_LIMITS[torch.bfloat16] / 2


def test_gemma_adds_one_to_its_weights_in_fp32() -> None:
    """Where 1 + w is taken in bf16, weights near 0 keep a few bits: attention is then not the library's."""
    module = library_model("gemma2", torch.float32)
    with torch.no_grad():
        for block in module.model.layers:  # type: ignore[union-attr, attr-defined]
            block.post_attention_layernorm.weight.copy_(0.003 * torch.randn(16, generator=torch.Generator("cpu")))
    cast_parameters(module, torch.device("cpu"), torch.bfloat16)
    model = ws.load_model((module, None))
    block, weights = module.model.layers[0], model.adapter.attention[0]  # type: ignore[union-attr, index]
    total = torch.randn(1, 7, 16, generator=torch.Generator("cpu").manual_seed(1)).bfloat16()
    assert weights.joint_scale is not None
    added = (total * weights.joint_scale(total, total)).to(total.dtype)
    with torch.no_grad():
        apart = (added.float() - block.post_attention_layernorm(total).float()).abs() / total.float().abs()  # type: ignore[operator]
    assert apart.max() <= 2**-8 * 1.5, "one rounding apart at most"
    assert (apart == 0).float().mean() > 0.9


# ---- metrics, differences and sums ----


@pytest.mark.parametrize(
    "metric",
    [ws.kl(), ws.log_probability(6), ws.probability(6), ws.logit_difference(6, 7), ws.class_logit(6)],
    ids=lambda metric: metric.kind,
)
def test_metrics_are_those_of_the_same_logits_in_fp32(metric: Metric) -> None:
    session = session_of("llama-grouped")
    run = session.run([ws.Edit("m1", "patch")])
    bound = ws.Session(session.model, session.pair, metric).metric
    assert bound(run.answer).dtype == torch.float32
    assert torch.equal(bound(run.answer), bound(run.answer.float()))
    assert bound.metric.kind != "kl" or 0 < float(bound(run.answer)) == pytest.approx(
        divergence(session, run), rel=1e-5
    )
    few = bound.of_few_answers()
    if few is not None:
        assert torch.equal(few[1](run.answer[:, few[0]]), bound(run.answer))


def divergence(session: ws.Session, run: ws.Result) -> float:
    clean, other = (answer.double().log_softmax(dim=-1)[0] for answer in (session.clean.answer, run.answer))
    return float((clean.exp() * (clean - other)).sum())


def test_a_divergence_is_never_below_nought() -> None:
    model = session_of("gpt2").model
    for seed in range(8):
        session = ws.Session(model, model.pair(small_input("gpt2", seed)), ws.kl())
        found = [session.run([ws.Edit(node, "scale", value=1.01)]).metric for node in session.graph.writers]
        assert min(float(value) for value in found) >= 0


def test_cosines_are_taken_in_fp32() -> None:
    module = library_model("clip-vision")
    model = ws.load_model((module, None))
    session = ws.Session(
        model, model.pair(small_input("clip-vision", 0).float(), small_input("clip-vision", 1).float())
    )
    found = session.run([ws.Edit("m0", "zero")]).metric
    assert found.dtype == torch.float32
    assert float(found) != float(found.bfloat16())


def test_probabilities_add_up_to_one() -> None:
    result = session_of("gpt2").clean
    assert sum(each.probability for each in result.top(100)) == pytest.approx(1, abs=1e-6)


def test_sums_of_edges_are_rounded_once() -> None:
    """What many edges change together is as near to fp32's as the stream's precision lets it be."""
    session = session_of("gpt2")
    graph = session.graph
    into = [
        ws.Edit(edge, "scale", value=1.0 + 0.1 * (number % 3))
        for number, edge in enumerate(graph.edges)
        if edge.reader.kind == "logits"
    ]
    state = session.run(into).state
    wide = state.final.double()  # type: ignore[union-attr]
    for edit in into:
        wide = wide + (edit.value - 1.0) * state.out(session.model.adapter, edit.target.writer)[:, -1:].double()  # type: ignore[operator, union-attr]
    want = session.model.adapter.read(wide.bfloat16())
    assert torch.equal(state.output, want)


# ---- everything runs ----

OPTIONS = ws.Options(updates=2, threshold=1.0, steps=2)
EVERYTHING: dict[str, Callable[[ws.Session], object]] = {
    "edits": lambda s: [float(s.run([edit]).metric.mean()) for edit in edits(s)],
    "frozen norms": lambda s: s.run([ws.Edit("m0", "zero")], frozen_norms=True).metric,
    "faithfulness": lambda s: ws.faithfulness(s, ws.trace(s, "eap"), random_circuits=1).recovered,
    "scan": lambda s: ws.Scan(s, "nodes").run(),
    "attention": lambda s: ws.attention_pattern(s.run(positions="all"), 0, 0),
    "unfolded": lambda s: unfold(s, range(8)).wires,
    "positions": lambda s: measured_effects(s, s.graph.writers[1], "patch"),
    "positions, estimated": lambda s: estimated_effects(s, NodeGradients(s), s.graph.writers[1], "patch"),
    **{
        f"{name} at {level}": lambda s, name=name, level=level: ws.trace(s, name, level=level, options=OPTIONS).values
        for name, method in METHODS.items()
        for level in method.levels
    },
}
LENSES: dict[str, Callable[[ws.Session], object]] = {
    "direct attribution": lambda s: ws.direct_attribution(s, s.clean).values,
    "node lens": lambda s: [row.value for row in ws.node_lens(s.run(positions="all"), s.graph.writers[1], -1).rows],
    "stream lens": lambda s: [row.value for row in ws.stream_lens(s.run(positions="all"), s.graph.writers[1], -1).rows],
    "self-repair": lambda s: self_repair(s, s.clean, s.run([ws.Edit("m0", "zero")]), ws.Node("mlp", 0)).total,
}


def edits(session: ws.Session) -> list[ws.Edit]:
    """Every kind at an edge, a node, a reader."""
    edge = session.graph.edges[-1]
    vector = [0.1] * session.model.adapter.shape.width
    values = {"scale": 0.5, "noise": 0.5, "steer": vector, "project": vector}
    kinds = [kind for kind in EDIT_KINDS if kind != "resample"]
    targets = (edge, "m0", edge.reader)
    return [ws.Edit(target, kind, value=values.get(kind)) for target in targets for kind in kinds]


@pytest.mark.parametrize("family", ["gpt2", "gemma2", "timm-vit-layerscale"])
@pytest.mark.parametrize("name", EVERYTHING)
def test_everything_runs_and_gives_numbers(family: str, name: str) -> None:
    if name.startswith("relp") and family in IMAGES:
        pytest.skip("refused there: its rules are those of language models")
    assert np.isfinite(np.asarray(as_numbers(EVERYTHING[name](session_of(family))))).all()


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma2", "timm-vit-average"])
@pytest.mark.parametrize("name", LENSES)
def test_every_lens_runs_and_gives_numbers(family: str, name: str) -> None:
    assert np.isfinite(np.asarray(as_numbers(LENSES[name](session_of(family))))).all()


def as_numbers(found: object) -> object:
    return found.float().cpu().numpy() if isinstance(found, Tensor) else found


@pytest.mark.parametrize("family", FAMILIES)
def test_frozen_norms_are_those_of_fp32(family: str) -> None:
    """The clean run with its norms frozen is the clean run, and a norm divides by what it divides by in fp32."""
    session = session_of(family)
    adapter = session.model.adapter
    norms = FrozenNorms(adapter, session.engine.clean(full=True))
    wide = ws.load_model((copy.deepcopy(adapter.module).float(), None)).adapter
    in_fp32 = FrozenNorms(wide, session.engine.clean(full=True))
    for layer in range(adapter.shape.layers):
        assert norms._divisor(adapter.norm_before(layer, "mlp")) == in_fp32._divisor(wide.norm_before(layer, "mlp"))
    before, after = (
        session.clean.answer.float(),
        session.run([ws.Edit(f"m{adapter.shape.layers - 1}", "scale", value=1.0)], frozen_norms=True).answer,
    )
    assert (before - after).abs().max() <= 0.02 * (before.max() - before.min())


def test_direct_attribution_is_near_that_of_fp32() -> None:
    """A bf16 model's weights are exact in fp32, so both are one model: the shares differ by the stream's rounding."""
    session = session_of("gpt2")
    wide = ws.load_model((copy.deepcopy(session.model.adapter.module).float(), None))
    in_fp32 = ws.Session(wide, wide.pair(small_input("gpt2", 0), small_input("gpt2", 1)), ws.logit_difference(6, 7))
    shares, exact = (ws.direct_attribution(each, each.clean) for each in (session, in_fp32))
    assert np.abs(shares.values - exact.values).max() <= 0.03 * np.abs(exact.values).max()
    assert shares.values.sum() + shares.biases + shares.edits == pytest.approx(shares.total, abs=0.02)


@pytest.mark.parametrize("method", ["eap", "eap-ig", "integrated-edges", "atp-star"])
def test_scores_are_near_those_of_fp32(method: str) -> None:
    session = session_of("gpt2")
    wide = ws.load_model((copy.deepcopy(session.model.adapter.module).float(), None))
    in_fp32 = ws.Session(wide, wide.pair(small_input("gpt2", 0), small_input("gpt2", 1)), ws.logit_difference(6, 7))
    scores, exact = (ws.trace(each, method).values for each in (session, in_fp32))
    assert rank_correlation(np.abs(scores), np.abs(exact)) > 0.95


# ---- where it may be asked for ----


def test_bf16_on_a_cpu_is_opened_with_a_note() -> None:
    model = ws.load_model("bundled:names", dtype="bf16")
    assert model.adapter.dtype == torch.bfloat16
    assert any("bf16 on the CPU" in note for note in model.notes)
    assert ws.load_model("bundled:names").notes == ()


def test_fp64_is_the_same_model_with_more_digits() -> None:
    sentences = (
        "When Mary and John went to the store, John gave a drink to",
        "When Mary and John went to the store, Tom gave a drink to",
    )
    found = []
    for dtype in ("fp32", "fp64"):
        model = ws.load_model("bundled:names", dtype=dtype)
        assert model.adapter.dtype == PRECISIONS[dtype]
        session = ws.Session(model, model.pair(*sentences), ws.logit_difference(" Mary", " John"))
        found.append((session.parity.difference, float(session.run([ws.Edit("m1", "patch")]).metric)))
    assert found[1][0] <= 1e-9
    assert found[0][1] == pytest.approx(found[1][1], abs=1e-4)


def test_apples_gpus_have_no_fp64(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(ws.WirescopeError, match="no fp64"):
        ws.load_model("bundled:names", device="mps", dtype="fp64")


def test_a_users_own_module_stays_in_its_precision() -> None:
    module, tokenizer = small_text_model()
    module.to(torch.bfloat16)
    model = ws.load_model((module, tokenizer), dtype="fp32")
    assert model.adapter.dtype == torch.bfloat16
