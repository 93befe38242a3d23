"""A model so small that each edited run is worked out by hand here: 2 layers, 2 heads, width 2, 2 positions.

A GPT-2 with scale 1 (head width 1), no norm before attention and before layer 0's MLP, and elsewhere a norm that
divides by the sum of the absolute values. u and w are the two numbers of a stream. Written as (u, w), at position 0,
then at position 1:

    embedding          token 0: (1, 0)   token 1: (0, 1)   token 2: (2, 0)
    a0.h0              q = k = 0 (it averages)     v = u    writes (0, 2z)
    a0.h1              q = w ln 3,  k = u          v = u    writes (4z, 0)        b_O = (1, 0)
    m0                 h = relu(u - w)                      writes (0, h + 1)
    a1.h0              q = k = 0                   v = u    writes (0, z)
    a1.h1              q = (w - u) ln 3, k = w - u v = u    writes (z, 0)         b_O = (0, 1)
    m1                 normed; h = relu(20 (w - u))         writes (h, -h)
    logits             normed; (100 u, 100 w, 100 (u - w))

A = tokens 0 1:
    input (1, 0)  (0, 1)
    a0.h0 v = 1, 0: z = 1, 1/2                                          (0, 2)  (0, 1)
    a0.h1 v = 1, 0; at 1 q = ln 3, k = 1, 0: weights 3 : 1, z = 3/4     (4, 0)  (3, 0)
    with b_O                                                   stream   (6, 2)  (4, 2)
    m0 h = 4, 2                                                         (0, 5)  (0, 3)
                                                               stream   (6, 7)  (4, 5)
    a1.h0 v = 6, 4: z = 6, 5                                            (0, 6)  (0, 5)
    a1.h1 v = 6, 4; at 1 q = ln 3, k = 1, 1: z = 5                      (6, 0)  (5, 0)
    with b_O                                                   stream (12, 14) (9, 11)
    m1 normed (12/26, 14/26), (9/20, 11/20): h = 20/13, 2      (20/13, -20/13) (2, -2)
    logits at 1: (11, 9) normed (0.55, 0.45): 55, 45, 10

B = tokens 2 1:
    input (2, 0)  (0, 1);  a0.h0 z = 2, 1: (0, 4)  (0, 2);  a0.h1 at 1 weights 9 : 1, z = 1.8: (8, 0)  (7.2, 0)
    stream (11, 4)  (8.2, 3);  m0 h = 7, 5.2: (0, 8)  (0, 6.2);  stream (11, 12)  (8.2, 9.2)
    a1.h0 z = 9.6;  a1.h1 k = 1, 1: z = 9.6;  stream at 1 (17.8, 19.8);  m1 h = 40/37.6
"""

from __future__ import annotations

import math

import pytest
import torch
import transformers
from torch import Tensor, nn

import wirescope as ws
from tests.core.engine.cases import TOLERANCE
from tests.oracle import Oracle

A, B = torch.tensor([[0, 1]]), torch.tensor([[2, 1]])
CLEAN = (55.0, 45.0, 10.0)
B_H = 40 / 37.6


class SumNorm(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x / x.abs().sum(dim=-1, keepdim=True)


def micro_model() -> nn.Module:
    config = transformers.GPT2Config(
        vocab_size=3, n_positions=2, n_embd=2, n_layer=2, n_head=2, n_inner=1, activation_function="relu",
        tie_word_embeddings=False, bos_token_id=None, eos_token_id=None,
    )  # fmt: skip
    model = transformers.GPT2LMHeadModel(config).double().eval()
    body, log3 = model.transformer, math.log(3)
    zero, one = body.h
    zero.ln_1, zero.ln_2, one.ln_1 = nn.Identity(), nn.Identity(), nn.Identity()
    one.ln_2, body.ln_f = SumNorm(), SumNorm()
    # c_attn [in, out]: the columns are q of both heads, k of both, v of both. c_proj [in, out]: a row is a head's z.
    values = {
        body.wte.weight: [[1, 0], [0, 1], [2, 0]],
        body.wpe.weight: [[0, 0], [0, 0]],
        zero.attn.c_attn.weight: [[0, 0, 0, 1, 1, 1], [0, log3, 0, 0, 0, 0]],
        zero.attn.c_proj.weight: [[0, 2], [4, 0]],
        zero.attn.c_proj.bias: [1, 0],
        zero.mlp.c_fc.weight: [[1], [-1]],
        zero.mlp.c_proj.weight: [[0, 1]],
        zero.mlp.c_proj.bias: [0, 1],
        one.attn.c_attn.weight: [[0, -log3, 0, -1, 1, 1], [0, log3, 0, 1, 0, 0]],
        one.attn.c_proj.weight: [[0, 1], [1, 0]],
        one.attn.c_proj.bias: [0, 1],
        one.mlp.c_fc.weight: [[-20], [20]],
        one.mlp.c_proj.weight: [[1, -1]],
        one.mlp.c_proj.bias: [0, 0],
        model.lm_head.weight: [[100, 0], [0, 100], [100, -100]],
    }
    with torch.no_grad():
        for parameter, value in values.items():
            parameter.copy_(torch.tensor(value, dtype=torch.float64))
        for layer in body.h:
            layer.attn.c_attn.bias.zero_()
            layer.mlp.c_fc.bias.zero_()
    return model


def logits(u: float, w: float) -> tuple[float, float, float]:
    total = abs(u) + abs(w)
    return 100 * u / total, 100 * w / total, 100 * (u - w) / total


EDITS: dict[str, tuple[list[ws.Edit], tuple[float, float, float]]] = {
    "nothing": ([], CLEAN),
    # m0 reads (6 - 4, 2), (4 - 3, 2): h = 0, 0, so it writes (0, 1) twice. Stream (6, 3) (4, 3). a1.h0 z = 5. a1.h1:
    # q = -ln 3, k = -3, -1: weights 27 : 3, z = 0.9 * 6 + 0.1 * 4 = 5.8. Stream (9.8, 9), w < u: m1 writes nothing.
    "zero an edge into an MLP": ([ws.Edit("a0.h1->m0", "zero")], logits(9.8, 9)),
    # At 1 alone: m0 reads (6, 2) (1, 2), writes (0, 5) (0, 1). Stream (6, 7) (4, 3). a1.h1: q = -ln 3, k = 1, -1:
    # weights 1 : 9, z = 0.6 + 3.6 = 4.2. Stream (8.2, 9), sum 17.2: h = 16 / 17.2.
    "at one position": ([ws.Edit("a0.h1->m0", "zero", positions=[1])], logits(8.2 + 16 / 17.2, 9 - 16 / 17.2)),
    # k reads (6 + 1, 7) (4, 5): k = 0, 1; q = ln 3: weights 1 : 3, z = 4.5. Stream (8.5, 11), sum 19.5: h = 50/19.5.
    "patch an edge into a key": ([ws.Edit("input->a1.h1<k>", "patch")], logits(8.5 + 50 / 19.5, 11 - 50 / 19.5)),
    # q reads (4, 5 - 3): -2 ln 3; the keys are equal, so the head still averages.
    "zero an edge into a query": ([ws.Edit("m0->a1.h1<q>", "zero")], CLEAN),
    # Both: q = -2 ln 3, k = 0, 1: weights 9 : 1, z = 5.8. Stream (9.8, 11), sum 20.8: h = 24 / 20.8.
    "query and key together": (
        [ws.Edit("m0->a1.h1<q>", "zero"), ws.Edit("input->a1.h1<k>", "patch")],
        logits(9.8 + 24 / 20.8, 11 - 24 / 20.8),
    ),
    # v reads (6 - 4, 7) (4 - 3, 5): v = 2, 1, z = 1.5; the keys see the whole stream. Stream (5.5, 11), sum 16.5:
    # h = 110 / 16.5 = 20 / 3.
    "zero an edge into a value": ([ws.Edit("a0.h1->a1.h1<v>", "zero")], logits(5.5 + 20 / 3, 11 - 20 / 3)),
    # m0 h = 0, 0: (0, 1) (0, 1). Stream (2, 3) (1, 3). a1.h0 z = 1.5. a1.h1: q = 2 ln 3, k = 1, 2: weights 1 : 9,
    # z = 0.2 + 0.9 = 1.1. Stream (2.1, 5.5), sum 7.6: h = 68 / 7.6.
    "zero a head": ([ws.Edit("a0.h1", "zero")], logits(2.1 + 68 / 7.6, 5.5 - 68 / 7.6)),
    # m0 reads (6, 0) (4, 1): h = 6, 3, writes (0, 7) (0, 4): it makes up for what is gone. Stream (6, 7) (4, 5) again.
    "zero a head that is made up for": ([ws.Edit("a0.h0", "zero")], CLEAN),
    # a0.h0 is B's (0, 4) (0, 2): m0 reads (6, 4) (4, 3): h = 2, 1: (0, 3) (0, 2). Stream (6, 7) (4, 5) again.
    "patch a head that is made up for": ([ws.Edit("a0.h0", "patch")], CLEAN),
    # Its edge to m0 alone: m0 as above, but the stream keeps (0, 2) (0, 1): (6, 5) (4, 4). a1.h0 z = 5. a1.h1: q = 0:
    # z = 5. Stream (9, 10), sum 19: h = 20 / 19.
    "patch its edge to the MLP alone": ([ws.Edit("a0.h0->m0", "patch")], logits(9 + 20 / 19, 10 - 20 / 19)),
    # Means over both positions: input (.5, .5), a0.h0 (0, 1.5), a0.h1 (3.5, 0), m0 (0, 4); with b_O (1, 0) the reader
    # has (5, 6) at 1: v = 6, 5, z = 5.5. Stream (9, 11.5), sum 20.5: h = 50 / 20.5.
    "mean of a reader at one position": (
        [ws.Edit("a1.h0<v>", "mean", positions=[-1])],
        logits(9 + 50 / 20.5, 11.5 - 50 / 20.5),
    ),
    # Nothing but both b_O: (1, 1) normed (.5, .5): h = 0.
    "zero a reader, biases stay": ([ws.Edit("->m1", "zero")], logits(9, 11)),
    # Half of (9, 11) and half of (1, 1): (5, 6), sum 11: h = 20 / 11.
    "zero it half": ([ws.Edit("->m1", "zero", strength=0.5)], logits(9 + 20 / 11, 11 - 20 / 11)),
    # (11, 9) + (-2) (2, -2) - (2, -2) = (5, 15).
    "scale an edge": ([ws.Edit("m1->logits", "scale", value=-2.0)], logits(5, 15)),
    # half-way: (11, 9) - 1.5 (2, -2) = (8, 12).
    "scale it half": ([ws.Edit("m1->logits", "scale", value=-2.0, strength=0.5)], logits(8, 12)),
    # (11, 9) + (-2, 6); half-way + (-1, 3).
    "steer an edge": ([ws.Edit("m1->logits", "steer", value=(-2, 6))], logits(9, 15)),
    "steer it half": ([ws.Edit("m1->logits", "steer", value=(-2, 6), strength=0.5)], logits(10, 12)),
    # The stream before m1 at 1 is (9, 11) + (3, 1) = (12, 12): h = 0. Without m1's the stream is (9, 11).
    "steer a reader": ([ws.Edit("->m1", "steer", value=(3, 1), positions=[-1])], logits(9, 11)),
    # a1.h0 writes (0, 5) + (3, 1): all after it read it. m1 h = 0, and the output reads (12, 12).
    "steer a node": ([ws.Edit("a1.h0", "steer", value=(3, 1), positions=[-1])], logits(12, 12)),
    # What steers a reader is carried by none of its edges: (9, 11) without m1, + (1, -1).
    "an edge's edit leaves what steers its reader": (
        [ws.Edit("logits", "steer", value=(1, -1)), ws.Edit("m1->logits", "zero")],
        logits(10, 10),
    ),
    "noise of size 0": ([ws.Edit("m0", "noise", value=0.0)], CLEAN),
    # logits alone reads B's stream of that place.
    "patch the reader of the output": ([ws.Edit("logits", "patch")], logits(17.8 + B_H, 19.8 - B_H)),
    "patch every node": ([ws.Edit(f"a{i}.h{j}", "patch") for i in (0, 1) for j in (0, 1)]
        + [ws.Edit(name, "patch") for name in ("input", "m0", "m1")], logits(17.8 + B_H, 19.8 - B_H)),
    # The edge wins over the reader, the reader over the node: b_O (1, 1) + 3 (2, -2) = (7, -5).
    "edge before reader before node": (
        [ws.Edit("m1->logits", "scale", value=3.0), ws.Edit("logits", "zero"), ws.Edit("m1", "patch")],
        logits(7, -5),
    ),
    # m1 reads b_O + twice what all wrote, a1.h0 too: (1, 1) + 2 (8, 10) = (17, 21), sum 38: h = 80 / 38. The output
    # reads the stream without a1.h0: (9 + h, 6 - h).
    "reader before node": (
        [ws.Edit("->m1", "scale", value=2.0), ws.Edit("a1.h0", "zero")],
        logits(9 + 80 / 38, 6 - 80 / 38),
    ),
    # The node's half-way value is (1, -1); the edge blends it with 0 by a quarter: (0.75, -0.75).
    "blends build on what less particular ones left": (
        [ws.Edit("m1", "zero", strength=0.5), ws.Edit("m1->logits", "zero", strength=0.25)],
        logits(9.75, 10.25),
    ),
    # The later edit of one target wins where they overlap.
    "later before earlier": ([ws.Edit("->m1", "patch"), ws.Edit("->m1", "zero", positions=[1])], logits(9, 11)),
}  # fmt: skip


@pytest.fixture(scope="module")
def session() -> ws.Session:
    model = ws.load_model((micro_model(), None))
    return ws.Session(model, model.pair(A, B), metric=ws.logit_difference(0, 1))


@pytest.mark.parametrize("name", EDITS)
def test_edits_give_what_the_hand_works_out(session: ws.Session, name: str) -> None:
    edits, expected = EDITS[name]
    result = session.run(edits)
    assert result.logits.shape == (1, 1, 3)
    assert result.answer[0].tolist() == pytest.approx(expected, abs=1e-10)
    assert result.metric.tolist() == pytest.approx([expected[0] - expected[1]], abs=1e-10)


@pytest.mark.parametrize("name", EDITS)
def test_so_does_the_oracle(name: str) -> None:
    edits, expected = EDITS[name]
    assert Oracle(micro_model(), A, B).run(edits)[0, -1].tolist() == pytest.approx(expected, abs=1e-10)


def test_what_each_node_writes_is_what_the_hand_works_out(session: ws.Session) -> None:
    written = {
        "input": [[1, 0], [0, 1]],
        "a0.h0": [[0, 2], [0, 1]],
        "a0.h1": [[4, 0], [3, 0]],
        "m0": [[0, 5], [0, 3]],
        "a1.h0": [[0, 6], [0, 5]],
        "a1.h1": [[6, 0], [5, 0]],
        "m1": [[20 / 13, -20 / 13], [2, -2]],
    }
    state = session.run(positions="all").state
    for node in session.graph.writers:
        out = state.out(session.model.adapter, node)[0]
        assert (out - torch.tensor(written[node.name], dtype=out.dtype)).abs().max() < TOLERANCE, node.name


CIRCUITS: dict[str, tuple[list[str], str, tuple[float, float, float]]] = {
    "all of B": ([], "patch", logits(17.8 + B_H, 19.8 - B_H)),
    # b_O (1, 1) and nothing else.
    "all zero": ([], "zero", logits(1, 1)),
    # and the input's (0, 1).
    "the input alone, else zero": (["input->logits"], "zero", logits(1, 2)),
    # Means over both positions, a1.h0 (0, 5.5), a1.h1 (5.5, 0), m1 (23/13, -23/13):
    # (0, 1) + (1, 1) + (0, 1.5) + (3.5, 0) + (0, 4) + (0, 5.5) + (5.5, 0) + m1 = (10, 13) + m1.
    "the input alone, else means": (["input->logits"], "mean", logits(10 + 23 / 13, 13 - 23 / 13)),
    # m0 reads the input and b_O: (2, 0) (1, 1): h = 2, 0: (0, 3) (0, 1). a1.h0's v reads a0.h1 and b_O alone; a0.h1 has
    # z = 0 as its v reads nothing; so v = 1, 1 and it writes (0, 1). The output: (1, 1) + m0 (0, 1) + (0, 1) = (1, 3).
    "a small circuit, else zero": (
        ["input->m0", "m0->logits", "a0.h1->a1.h0<v>", "a1.h0->logits"],
        "zero",
        logits(1, 3),
    ),
    # m0 reads B's stream with A's input: (11 - 1, 4) (8.2, 3): h = 6, 5.2: (0, 7) (0, 6.2); at 1 it writes as in B.
    "a difference at position 0 that nobody carries over": (
        ["input->m0", "m0->logits"],
        "patch",
        logits(17.8 + B_H, 19.8 - B_H),
    ),
    # a1.h0's v reads B's stream with A's input: v = 10, 8.2, z = 9.1, in B 9.6: half less than B.
    "one that a head carries over": (
        ["input->a1.h0<v>", "a1.h0->logits"],
        "patch",
        logits(17.8 + B_H, 19.3 - B_H),
    ),
}


@pytest.mark.parametrize("name", CIRCUITS)
def test_circuits_give_what_the_hand_works_out(session: ws.Session, name: str) -> None:
    edges, replacement, expected = CIRCUITS[name]
    circuit = ws.circuit_of(session.graph, list(edges))
    result = session.run_circuit(circuit, replacement)  # type: ignore[arg-type]
    assert result.answer[0].tolist() == pytest.approx(expected, abs=1e-10)
