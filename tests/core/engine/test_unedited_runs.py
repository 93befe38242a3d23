"""The engine without edits: the model's own forward, and a stream that is the sum of what was written to it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import wirescope as ws
from core.engine.state import RunState
from tests.core.engine.cases import TOLERANCE, Case, case
from tests.oracle import output_of
from tests.small_models import ALL, CAUSAL, POSITIONS


@pytest.mark.parametrize("family", ALL)
def test_runs_over_a_and_b_are_the_models_own_forward(family: str) -> None:
    setup = case(family, batch=2)
    session = setup.session()
    a, b = setup.oracle.clean.output, setup.oracle.counterfactual
    assert b is not None
    assert torch.equal(a, own_forward(setup, setup.pair.clean.tensor)), "the oracle's hooks change nothing"
    assert (session.clean.answer - setup.answer(a)).abs().max() <= TOLERANCE
    everywhere = session.run(positions="all")
    assert ((everywhere.answer if a.ndim == 2 else everywhere.logits) - a).abs().max() <= TOLERANCE
    assert session.counterfactual is not None
    assert (session.counterfactual.answer - setup.answer(b.output)).abs().max() <= TOLERANCE
    b_state = session.engine.counterfactual(full=True)
    assert b_state is not None
    assert b_state.readout is not None
    output = b_state.output
    if output.ndim > b.output.ndim:  # of a tower that reads one position: a full run has it at every one
        output = b_state.readout.through(session.model.adapter, session.engine.unedited.reads)[:, 0]
    assert (output - b.output).abs().max() <= TOLERANCE
    assert session.parity.difference <= TOLERANCE


@pytest.mark.parametrize("family", CAUSAL)
def test_padded_rows_read_their_last_real_token(family: str) -> None:
    setup = case(family, batch=2, lengths=(3, POSITIONS))
    answer = setup.session().clean.answer
    for row, length in enumerate((3, POSITIONS)):
        alone = own_forward(setup, setup.pair.clean.tensor[row : row + 1, :length])
        assert (answer[row] - (alone[0] if alone.ndim == 2 else alone[0, -1])).abs().max() <= TOLERANCE


@pytest.mark.parametrize("family", ALL)
def test_the_stream_is_the_sum_of_what_was_written(family: str) -> None:
    """In each layer, in A and in B: stream + sum of head outputs + b_O = stream after attention; + MLP = next stream.
    All of it is what hooks on the original model see."""
    setup = case(family, batch=2)
    session = setup.session()
    adapter, graph = session.model.adapter, session.graph
    b = session.engine.counterfactual(full=True)
    assert b is not None
    for state, seen in ((session.run(positions="all").state, setup.oracle.clean), (b, setup.oracle.counterfactual)):
        assert seen is not None
        assert set(seen.outs) == {node.name for node in graph.writers}
        for node in graph.writers:
            assert close(state.out(adapter, node), seen.outs[node.name]), node.name
        for layer in range(graph.layers):
            before, after = state.attention_in[layer], state.after_attention[layer]
            heads = [state.out(adapter, ws.Node("head", layer, head)) for head in range(graph.heads)]
            bias = adapter.attention[layer].b_o
            total = before + torch.stack(heads).sum(dim=0) + (0 if bias is None else bias)
            assert close(total, after), f"attention of layer {layer}"
            assert close(after + state.mlp_out[layer], following(state, layer)), f"MLP of layer {layer}"
            assert close(before, seen.streams[f"a{layer}"])
            assert close(before if graph.parallel else after, seen.streams[f"m{layer}"])
        assert close(following(state, graph.layers - 1), seen.streams["logits"])


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "timm-vit", "dinov2"])
def test_loading_and_running_leave_the_model_as_it_was(family: str) -> None:
    setup = case.__wrapped__(family)  # a new one: on a shared one transformers may have left hooks for its attentions
    before = {name: value.clone() for name, value in setup.module.state_dict().items()}
    inputs = setup.pair.clean.tensor
    output = own_forward(setup, inputs)
    session = setup.session()
    session.run([ws.Edit("m0", "zero"), ws.Edit("a1.h1", "patch")])
    ws.trace(session, "eap")
    after = setup.module.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert torch.equal(own_forward(setup, inputs), output)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in setup.module.modules())
    assert all(parameter.grad is None for parameter in setup.module.parameters())


def own_forward(setup: Case, inputs: Tensor) -> Tensor:
    with torch.no_grad():
        return output_of(setup.module, inputs)


def following(state: RunState, layer: int) -> Tensor:
    """The stream after a layer."""
    if layer + 1 < len(state.attention_in):
        return state.attention_in[layer + 1]
    assert state.final is not None
    return state.final


def close(one: Tensor, other: Tensor) -> bool:
    """Equal to 1e-9. What the output does not read may be left out of a run: compare the positions that are there."""
    if one.shape[1] != other.shape[1]:
        assert one.shape[1] <= 2, "only the class token is read, and the distillation token"
        other = other[:, : one.shape[1]]
    return bool((one - other).abs().max() <= TOLERANCE)
