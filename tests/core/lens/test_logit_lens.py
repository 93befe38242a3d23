"""The logit lens against the modules' own norm and head."""

from __future__ import annotations

import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError
from core.graph import INPUT, LOGITS, Node
from core.lens.direct import direct_attribution
from core.lens.logit_lens import NOT_ALIGNED, node_lens, node_logits, stream_lens
from tests.core.engine.cases import case


def test_the_stream_at_the_end_says_what_the_model_says() -> None:
    for family in ("gpt2", "vit-classifier"):
        session = case(family).session()
        result = session.run(positions="all")
        position = -1 if family == "gpt2" else 0
        said = stream_lens(result, LOGITS, position, 4)
        assert said.unit == "probability"
        assert [row.index for row in said.rows] == [p.index for p in session.clean.top(4)]
        for row, own in zip(said.rows, session.clean.top(4), strict=True):
            assert row.value == pytest.approx(own.probability, abs=1e-9)
            assert row.label == own.label


@pytest.mark.parametrize(("after", "number"), [(INPUT, 0), (Node("mlp", 0), 1), (Node("mlp", 1), 2)])
def test_the_stream_between_layers_goes_through_norm_and_unembedding(after: Node, number: int) -> None:
    setup = case("gpt2")
    with torch.no_grad():
        body = setup.module.transformer
        hidden = body(setup.pair.clean.tensor, output_hidden_states=True).hidden_states[number]
        expected = setup.module.lm_head(body.ln_f(hidden[0, 3])).softmax(-1)
    said = stream_lens(setup.session().run(positions="all"), after, 3, 3)
    assert [row.index for row in said.rows] == expected.topk(3).indices.tolist()
    assert [row.value for row in said.rows] == pytest.approx(expected.topk(3).values.tolist(), abs=1e-9)


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "vit-classifier"])
def test_what_nodes_say_adds_up_to_their_direct_shares(family: str) -> None:
    """Read where the output reads, target minus foil of a node's logits is its share."""
    session = case(family).session()
    session.with_metric(ws.logit_difference(3, 5))
    shares = direct_attribution(session, session.clean)
    result = session.run(positions="all")
    position = -1 if family != "vit-classifier" else 0
    for number, node in enumerate(session.graph.writers):
        logits = node_logits(result, node, [position])[0]
        assert float(logits[3] - logits[5]) == pytest.approx(shares.values[number], abs=1e-9)
        assert float(logits.mean()) == pytest.approx(0, abs=1e-12)


def test_a_zeroed_node_says_nothing_and_a_scaled_one_half() -> None:
    session = case("gpt2").session()
    node = Node("head", 1, 2)
    whole = node_logits(session.run(positions="all"), node, [2])
    for kind, value, share in (("zero", None, 0.0), ("scale", 0.5, 0.5)):
        result = session.run([ws.Edit("m2", "zero"), ws.Edit(node, kind, value=value)], positions="all")
        found = node_logits(result, node, [2])
        if share == 0:
            assert float(found.abs().max()) < 1e-12
        else:  # along the same direction, if with another scale of the norm
            assert float(torch.cosine_similarity(found, whole)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("family", "warns"), [("clip-zero-shot", True), ("siglip-zero-shot", True), ("vit-classifier", False)]
)
def test_class_texts_are_aligned_with_the_end_alone(family: str, warns: bool) -> None:
    result = case(family).session().run(positions="all")
    before, warning = [INPUT, Node("mlp", 0), Node("head", result.model.graph.layers - 1)], NOT_ALIGNED if warns else ""
    assert {stream_lens(result, node, 0).warning for node in before} == {warning}
    assert stream_lens(result, LOGITS, 0).warning == ""
    assert stream_lens(result, Node("mlp", result.model.graph.layers - 1), 0).warning == ""
    lens = ws.logit_lens(result)
    assert lens.warning == warning
    assert ("not aligned" in lens._repr_svg_()) == warns


def test_what_cannot_be_read_is_refused_in_words() -> None:
    session = case("gpt2").session()
    result = session.run(positions="all")
    with pytest.raises(ArgumentError, match="no position 40"):
        node_lens(result, INPUT, 40)
    with pytest.raises(ArgumentError, match="write nothing"):
        node_lens(result, LOGITS, 0)
    with pytest.raises(ArgumentError, match="only the positions"):
        node_lens(session.run(), Node("mlp", 2), 0)
    with pytest.raises(ArgumentError, match="gives an embedding"):
        stream_lens(case("dinov2").session().run(positions="all"), LOGITS, 0)
