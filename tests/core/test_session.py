"""A session from outside: shapes, batches, edge cases of inputs, and everything that it refuses."""

from __future__ import annotations

import pytest
import torch
import transformers

import wirescope as ws
from core.errors import ArgumentError, EditError, InputError
from tests.core.engine.cases import TOLERANCE, case
from tests.oracle import Oracle
from tests.small_models import POSITIONS, TEXT, VOCABULARY, small_input, small_model, small_text_model
from tests.small_vision import CLASSES, IMAGES, PROJECTED

A = "When Mary gave a drink to"
B = "When Tom gave a drink to"


@pytest.fixture(scope="module")
def text_model() -> ws.Model:
    return ws.load_model(small_text_model())


@pytest.mark.parametrize("family", TEXT)
@pytest.mark.parametrize("batch", [1, 3])
def test_shapes_of_a_language_models_results(family: str, batch: int) -> None:
    session = case(family, batch=batch).session()
    result = session.run([ws.Edit("m0", "zero")])
    width = VOCABULARY
    if session.model.adapter.shape.output_kind == "embedding":
        width = 16 if family in ("clip-text", "clip-text-largest-id") else PROJECTED
    assert result.logits.shape == ((batch, 1, width) if width == VOCABULARY else (batch, width))
    assert result.metric.shape == (batch,)
    assert result.answer.shape == (batch, width)
    everywhere = session.run([ws.Edit("m0", "zero")], positions="all")
    assert everywhere.logits.shape == (batch, POSITIONS, width)
    assert (everywhere.answer - result.answer).abs().max() <= TOLERANCE
    assert result.milliseconds >= 0


@pytest.mark.parametrize("family", IMAGES)
@pytest.mark.parametrize("batch", [1, 3])
def test_shapes_of_a_vision_models_results(family: str, batch: int) -> None:
    session = case(family, batch=batch).session()
    width = CLASSES if session.model.adapter.shape.output_kind == "classes" else 16
    width = PROJECTED if family == "clip-vision-projection" else width
    for positions in (None, "all"):
        result = session.run([ws.Edit("m0", "zero")], positions=positions)  # type: ignore[arg-type]
        assert result.logits.shape == result.answer.shape == (batch, width)
        assert result.metric.shape == (batch,)


def test_the_likeliest_answers(text_model: ws.Model) -> None:
    session = ws.Session(text_model, text_model.pair([A, "When Mary"], [B, "When Tom"]))
    for row in range(2):
        found = session.clean.top(4, row=row)
        probabilities = session.clean.answer[row].softmax(dim=-1)
        order = probabilities.argsort(descending=True)[:4]
        assert [p.index for p in found] == order.tolist()
        assert [p.probability for p in found] == pytest.approx(probabilities[order].tolist())
        assert [p.label for p in found] == [text_model.tokenizer.decode([i]) for i in order.tolist()]
    assert len(session.clean.top(1000)) == session.clean.answer.shape[-1]
    with pytest.raises(ArgumentError, match="no head"):
        case("dinov2").session().clean.top()


def test_rows_of_a_batch_do_not_see_each_other(text_model: ws.Model) -> None:
    """Texts of different lengths, padded, give what each gives alone."""
    texts = [
        (A, B),
        ("When Mary", "When Tom"),
        ("When Mary gave a drink to the store", "When Tom gave a drink to the store"),
    ]
    pairs = [text_model.pair(a, b) for a, b in texts]
    tails = [(pair.length - 1 - row % 2, pair.length) for row, pair in enumerate(pairs)]
    batch = text_model.pair([a for a, _ in texts], [b for _, b in texts]).with_roles({"tail": tails})
    together = ws.Session(text_model, batch)
    edits = [
        ws.Edit("a0.h1", "patch"),
        ws.Edit("m0->a1.h2<v>", "zero"),
        ws.Edit("->m2", "scale", positions=[1], value=0.3),
        ws.Edit("m1", "zero", positions=[-2]),
        ws.Edit("a1.h1->a2.h0<v>", "zero", positions="tail"),
    ]
    result = together.run(edits)
    circuit = ws.circuit_of(together.graph, ["input->a1.h0<v>", "a1.h0->logits", "input->m0", "m0->a1.h0<q>"])
    through = together.run_circuit(circuit)
    for row in range(len(texts)):
        alone = ws.Session(text_model, pairs[row].with_roles({"tail": [tails[row]]}))
        assert (result.answer[row] - alone.run(edits).answer[0]).abs().max() <= TOLERANCE
        assert (through.answer[row] - alone.run_circuit(circuit).answer[0]).abs().max() <= TOLERANCE
        assert together.counterfactual is not None
        assert alone.counterfactual is not None
        assert (together.counterfactual.answer[row] - alone.counterfactual.answer[0]).abs().max() <= TOLERANCE


def test_padding_stays_out_of_means() -> None:
    module, tokenizer = small_text_model()
    model = ws.load_model((module, tokenizer))
    pair = model.pair(["When Mary gave a drink", "When Tom gave"])
    oracle = Oracle(module, pair.clean.tensor, lengths=pair.clean.lengths)
    session = ws.Session(model, pair)
    edits = [ws.Edit("m0", "mean"), ws.Edit("a1.h0->logits", "mean", positions=[1, -1])]
    expected = oracle.run(edits)
    answer = session.run(edits).answer
    assert (answer[0] - expected[0, 4]).abs().max() <= TOLERANCE
    assert (answer[1] - expected[1, 2]).abs().max() <= TOLERANCE


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "mistral-window"])
@pytest.mark.parametrize(
    ("a", "b"),
    [([[5]], [[7]]), ([[1, 2, 3]], [[1, 2, 3]]), ([[1, 2, 3]], [[1, 2, 4]]), ([[1, 6], [3, 4]], [[1, 6], [5, 4]])],
    ids=["one token", "A is B", "the last token differs", "one row differs"],
)
def test_unusual_pairs(family: str, a: list[list[int]], b: list[list[int]]) -> None:
    setup = case(family)
    ids_a, ids_b = torch.tensor(a), torch.tensor(b)
    session = ws.Session(setup.model, setup.model.pair(ids_a, ids_b))
    oracle = Oracle(setup.module, ids_a, ids_b)
    graph = session.graph
    edits = [ws.Edit("a0.h1->m1", "patch"), ws.Edit("m0", "patch", positions=[0]), ws.Edit("->m2", "mean")]
    assert (session.run(edits).answer - oracle.run(edits)[:, -1]).abs().max() <= TOLERANCE
    kept = [graph.index(name) for name in ("input->m0", "m0->logits", "input->a0.h1<q>", "a0.h1->logits")]
    for kind in ("patch", "zero", "mean"):
        outside = [ws.Edit(edge, kind) for number, edge in enumerate(graph.edges) if number not in kept]  # type: ignore[arg-type]
        circuit = ws.circuit_of(graph, [graph.edge(number) for number in kept])
        answer = session.run_circuit(circuit, kind).answer  # type: ignore[arg-type]
        assert (answer - oracle.run(outside)[:, -1]).abs().max() <= TOLERANCE


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("heads", [1, 4])
def test_models_of_one_layer_or_one_head(layers: int, heads: int) -> None:
    config = transformers.GPT2Config(
        vocab_size=9, n_positions=8, n_embd=8, n_layer=layers, n_head=heads, bos_token_id=None, eos_token_id=None
    )
    module = transformers.GPT2LMHeadModel(config).double().eval()
    model = ws.load_model((module, None))
    a, b = torch.tensor([[1, 2, 3, 4]]), torch.tensor([[1, 5, 3, 4]])
    session, oracle = ws.Session(model, model.pair(a, b)), Oracle(module, a, b)
    for edge in session.graph.edges:
        edits = [ws.Edit(edge, "patch")]
        assert (session.run(edits).answer - oracle.run(edits)[:, -1]).abs().max() <= TOLERANCE


@pytest.mark.parametrize("family", ["gpt2", "qwen2", "timm-vit-registers", "dinov2"])
def test_in_fp32_runs_are_near_those_in_fp64(family: str) -> None:
    double = case(family)
    model = ws.load_model((small_model(family).float(), None))
    pair = model.pair(small_input(family, 1), double.pair.counterfactual.tensor)  # type: ignore[union-attr]
    if family in TEXT:
        pair = model.pair(double.pair.clean.tensor, double.pair.counterfactual.tensor)  # type: ignore[union-attr]
    assert double.dataset is not None
    dataset = ws.Dataset([model.pair(other.clean.tensor) for other in double.dataset.pairs])
    session = ws.Session(model, pair, dataset=dataset)
    edits = [ws.Edit("a0.h1->m1", "patch"), ws.Edit("m0", "mean"), ws.Edit("->a1.h0<q>", "scale", value=0.5)]
    answer = session.run(edits).answer
    assert answer.dtype == torch.float32
    assert (answer - double.session().run(edits).answer).abs().max() < 1e-4
    assert session.parity.relative < 1e-5


# ---- what is refused ----


@pytest.mark.parametrize("target", ["m0", "->m0", "input->m0", "logits"])
def test_patching_without_a_counterfactual_is_refused(text_model: ws.Model, target: str) -> None:
    session = ws.Session(text_model, text_model.pair(A))
    with pytest.raises(EditError, match=r"no counterfactual.*input B"):
        session.run([ws.Edit(target, "patch")])
    assert session.counterfactual is None
    assert session.run([ws.Edit(target, "zero")]).metric.shape == (1,)


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("a9.h1->a1.h2<q>", "a0.h1->a1.h2<q>"),
        ("a0.h1->a1.h2<x>", "a0.h1->a1.h2<"),
        ("m7", "m"),
        ("imput", "input"),
        ("input->logit", "input->logits"),
    ],
)
def test_unknown_names_are_refused_with_near_ones(text_model: ws.Model, name: str, suggestion: str) -> None:
    session = ws.Session(text_model, text_model.pair(A, B))
    before = session.clean.logits.clone()
    with pytest.raises(ArgumentError, match="Did you mean") as caught:
        session.run([ws.Edit("m0", "zero"), ws.Edit(name, "patch")])
    assert suggestion in str(caught.value)
    assert torch.equal(session.run().logits, before)


@pytest.mark.parametrize("position", [6, -7])
def test_positions_outside_the_input_are_refused(text_model: ws.Model, position: int) -> None:
    session = ws.Session(text_model, text_model.pair(A, B))
    with pytest.raises(EditError, match=r"outside the input.*0 to 5"):
        session.run([ws.Edit("m0", "zero", positions=[position])])


def test_other_positions_than_all_are_refused(text_model: ws.Model) -> None:
    session = ws.Session(text_model, text_model.pair(A, B))
    with pytest.raises(ArgumentError, match="all"):
        session.run(positions="last")  # type: ignore[arg-type]


def test_an_answer_of_several_tokens_is_refused(text_model: ws.Model) -> None:
    pair = text_model.pair(A, B)
    with pytest.raises(InputError, match="5 tokens"):
        ws.Session(text_model, pair, ws.logit_difference(" Maryland", " Tom"))


def test_a_dataset_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="empty"):
        ws.Dataset([])
