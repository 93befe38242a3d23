"""The budget holds for what a call really needs: what does not fit at once is split, and refused only where its
smallest part does not fit."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

import wirescope as ws
from core.engine.sizes import state_bytes
from core.errors import ArgumentError, MemoryBudgetError
from core.lens.attention import mean_attention
from core.models import causal_lm
from tests.core.engine.cases import case
from tests.live_memory import LiveMemory
from tests.process_memory import resident

LAYERS, WIDTH, VOCABULARY, LENGTH = 3, 64, 8000, 12
METRIC = ws.logit_difference(6, 7)


@pytest.fixture(scope="module")
def model() -> ws.Model:
    torch.manual_seed(0)
    config = LlamaConfig(
        num_hidden_layers=LAYERS,
        hidden_size=WIDTH,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=128,
        vocab_size=VOCABULARY,
    )
    made = ws.load_model((LlamaForCausalLM(config).eval().requires_grad_(False), None))
    assert made.adapter.attention  # what the model itself keeps is there
    return made


def ids(row: int, rows: int = 1, length: int = LENGTH) -> torch.Tensor:
    return torch.randint(0, VOCABULARY, (rows, length), generator=torch.Generator().manual_seed(row))


def pair(model: ws.Model, row: int, rows: int = 1, length: int = LENGTH) -> Any:
    a = ids(row, rows, length)
    b = a.clone()
    b[:, 1] = (b[:, 1] + 1) % VOCABULARY
    return model.pair(a, b)


def one_row(model: ws.Model, rows: int = 1, length: int = LENGTH) -> float:
    """Megabytes of the state of a run over all positions."""
    return state_bytes(model.adapter, rows * length, rows * length, rows) / 2**20


def test_opening_a_session_makes_no_logits_but_those_that_are_read(model: ws.Model) -> None:
    """Among them those of the parity check: at all positions they would be twelve times as many."""
    rows = 32
    made = pair(model, 1, rows)
    budget = 3 * one_row(model, rows)
    everywhere = rows * LENGTH * VOCABULARY * 4 / 2**20
    assert everywhere > 1.2 * budget
    with LiveMemory() as memory:
        session = ws.Session(model, made, METRIC, memory_megabytes=budget)
        session.run([ws.Edit("m0", "mean")])
        session.run([ws.Edit("a1.h0", "zero")], positions="all")
    assert memory.most < 1.3 * budget


@pytest.mark.parametrize("logits_bytes", [causal_lm.LOGITS_BYTES, 0])
def test_the_parity_check_reads_each_rows_last_position(
    logits_bytes: int, model: ws.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causal_lm, "LOGITS_BYTES", logits_bytes)
    made = pair(model, 1, 5)
    whole = ws.Session(model, made, METRIC)
    tight = ws.Session(model, made, METRIC, memory_megabytes=whole.engine.least_megabytes)
    own = model.adapter.own_forward(made.clean.tensor)[:, -1]
    for session in (whole, tight):
        assert session.parity.difference == pytest.approx(float((own - session.clean.answer).abs().max()), abs=1e-6)


def test_a_scan_is_cut_to_the_memory(model: ws.Model) -> None:
    made = pair(model, 1)
    effects = []
    for budget in (384.0, 6 * one_row(model)):
        session = ws.Session(model, made, ws.log_probability(6), memory_megabytes=budget)
        with LiveMemory() as memory:
            effects.append(ws.Scan(session, "edges").run())
        if budget < 384:
            assert memory.most < 1.5 * budget
    assert effects[0] == pytest.approx(effects[1], abs=1e-5)
    session.engine.set_memory(1.5 * one_row(model))
    with pytest.raises(MemoryBudgetError, match="memory_megabytes"):
        ws.Scan(session, ["input->m0"]).run()


@pytest.mark.parametrize("family", ["llama-grouped", "timm-vit-average"])
def test_a_batch_that_is_too_large_goes_some_rows_at_a_time(family: str) -> None:
    """With the same numbers, whatever is drawn and averaged for its rows."""
    setup = case(family, batch=5)
    one = case(family).session().engine.least_megabytes
    answers = [0, 1, 2, 3, 4]
    metrics = [ws.log_probability(answers), ws.kl()] if setup.model.adapter.shape.output_kind != "embedding" else [None]
    whole, split = (ws.Session(setup.model, setup.pair, memory_megabytes=size) for size in (384, 2.2 * one))
    assert not whole.parts
    assert [len(rows) for rows in split.parts] == [1, 2, 2]
    kinds = ("patch", "zero", "mean", "resample", "noise")
    runs = [[ws.Edit("m1", kind, value=0.5 if kind == "noise" else None, positions=[-1])] for kind in kinds]
    circuit = ws.Circuit(whole.graph, np.arange(0, whole.graph.n_edges, 3))
    found = []
    for session in (whole, split):
        numbers = [session.clean.logits, session.counterfactual.logits]
        for metric in metrics:
            session.with_metric(metric)
            for edits in runs:
                result = session.run(edits, frozen_norms=edits is runs[0])
                numbers += [result.metric, result.answer, session.run(edits, positions="all").logits]
            numbers += [session.run_circuit(circuit, kind).metric for kind in ("patch", "mean")]
        numbers += [ws.Scan(session, ["m0", "input->m1", "a1.h0->logits"]).run()]
        numbers += [ws.trace(session, "eap", replacement=kind).values for kind in ("patch", "mean")]
        numbers += [ws.faithfulness(session, ws.trace(session, "random"), random_circuits=0).recovered]
        found.append([np.asarray(each) for each in numbers])
    for expected, of_parts in zip(*found, strict=True):
        assert of_parts.shape == expected.shape
        assert np.abs(of_parts - expected).max() <= 1e-12 * max(1, np.abs(expected).max())
    engine = whole.engine
    engine.set_memory((engine._fixed + 0.7 * engine.most_bytes) / 2**20)  # which is too little for one more run
    beside = whole.run([ws.Edit("input", "zero")]).answer
    assert (beside - split.run([ws.Edit("input", "zero")]).answer).abs().max() <= 1e-12
    with pytest.raises(MemoryBudgetError, match="all 5 rows at once"):
        ws.direct_attribution(split, whole.clean)
    with pytest.raises(ArgumentError, match="more inputs than the memory has room for"):
        ws.direct_attribution(split, split.clean)


def test_a_batch_in_parts_keeps_to_its_memory_and_one_row_alone_is_refused(model: ws.Model) -> None:
    rows = 12
    made = pair(model, 1, rows)
    budget = 6 * one_row(model)
    with LiveMemory() as memory:
        session = ws.Session(model, made, METRIC, memory_megabytes=budget)
        session.run([ws.Edit("m0", "mean")])
        session.run([ws.Edit("a1.h0", "patch")])
        ws.Scan(session, ["m0->logits", "input->m1"]).run()
        ws.trace(session, "eap")
        session.run_circuit(ws.circuit_of(session.graph, ["input->m0", "m0->logits"]))
    assert 3 * one_row(model, rows) > 3 * budget
    assert memory.most < 1.2 * budget
    with pytest.raises(MemoryBudgetError, match="memory_megabytes"):
        ws.Session(model, made, METRIC, memory_megabytes=one_row(model))


@pytest.mark.parametrize("position", [-1, None])
def test_steering_vectors_of_many_prompts_need_no_more_memory_than_of_few(
    model: ws.Model, position: int | None
) -> None:
    sides = [[ids(row, length=5 + row % 4) for row in range(start, start + 20)] for start in (0, 20)]
    usual = ws.difference_of_means(model, *sides, at="m1", position=position)
    few = 3.0 * one_row(model, length=8)
    with LiveMemory() as memory:
        vector = ws.difference_of_means(model, *sides, at="m1", position=position, memory_megabytes=few)
    assert (vector - usual).abs().max() < 1e-6
    assert memory.most < 2 * few
    alone = [ws.Session(model, model.pair(x)).run(positions="all").state.mlp_out[1][0] for side in sides for x in side]
    means = [torch.stack([x[-1] if position else x.mean(0) for x in alone[i : i + 20]]).mean(0) for i in (0, 20)]
    if position:
        assert (vector - (means[0] - means[1])).abs().max() < 1e-6
    with pytest.raises(MemoryBudgetError, match="memory_megabytes"):
        ws.difference_of_means(model, *sides, at="m1", memory_megabytes=few / 20)


def test_mean_attention_over_a_dataset_needs_no_more_memory_than_over_few(model: ws.Model) -> None:
    dataset = ws.Dataset([pair(model, row) for row in range(40)])
    budget = 4 * one_row(model)
    session = ws.Session(model, dataset.pairs[0], METRIC, dataset=dataset, memory_megabytes=budget)
    with LiveMemory() as memory:
        found = mean_attention(session, 1, 2)
    assert memory.most < 2 * budget
    each = [ws.attention_pattern(ws.Session(model, of).run(positions="all"), 1, 2) for of in dataset.pairs]
    assert found.weights == pytest.approx(sum(each) / len(each), abs=1e-6)
    assert found.rows == 40


@pytest.mark.parametrize("method", ["eap", "eap-ig", "random"])
def test_memory_does_not_grow_with_the_number_of_pairs(method: str, model: ws.Model) -> None:
    pairs = [pair(model, row) for row in range(24)]
    most = {}
    for count in (6, 24):
        session = ws.Session(model, pairs[0], METRIC, memory_megabytes=10 * one_row(model))
        with LiveMemory() as memory:
            ws.trace(session, method, dataset=ws.Dataset(pairs[:count]), options=ws.Options(steps=2))
        most[count] = memory.most
    assert most[24] < 1.1 * most[6]


def test_a_dataset_has_the_sessions_memory_and_is_cut_to_it(model: ws.Model) -> None:
    """Long pairs that did not fit into the usual memory do with more of it; short ones go through little, a few at a
    time, with the same scores."""
    pairs = [pair(model, row) for row in range(12)]
    scores = []
    for budget in (384.0, 4 * one_row(model)):
        session = ws.Session(model, pairs[0], METRIC, memory_megabytes=budget)
        scores.append(ws.trace(session, "eap", dataset=ws.Dataset(pairs)).values)
        ws.faithfulness(session, ws.trace(session, "random"), dataset=ws.Dataset(pairs), random_circuits=0)
    assert scores[0] == pytest.approx(scores[1], abs=1e-6)


def test_the_sessions_of_a_joint_method_share_one_budget(model: ws.Model) -> None:
    pairs = [pair(model, row) for row in range(24)]
    budget = 8 * one_row(model)
    found = []
    for megabytes in (384.0, budget):
        session = ws.Session(model, pairs[0], METRIC, memory_megabytes=megabytes)
        with LiveMemory() as memory:
            found.append(
                ws.trace(session, "learned-masks", dataset=ws.Dataset(pairs), options=ws.Options(updates=2)).values
            )
    assert memory.most < 2 * budget
    assert found[0] == pytest.approx(found[1], abs=1e-4)


def test_acdc_over_more_pairs_than_fit_is_refused(model: ws.Model) -> None:
    pairs = [pair(model, row) for row in range(24)]
    session = ws.Session(model, pairs[0], METRIC, memory_megabytes=8 * one_row(model))
    with LiveMemory() as memory, pytest.raises(MemoryBudgetError, match="of 24 pairs"):
        ws.trace(session, "acdc", dataset=ws.Dataset(pairs))
    assert memory.most < 2.5 * 8 * one_row(model)


def test_a_thousand_sessions_leave_nothing(model: ws.Model) -> None:
    first = ws.Session(model, pair(model, 1), METRIC)
    made = pair(model, 2, length=3)
    gc.disable()
    try:
        for sessions in (100, 900):
            with LiveMemory() as memory:
                for _ in range(sessions // 100):
                    ws.Session(model, made, METRIC, parity=first.parity).run([ws.Edit("m0", "patch")])
            assert memory.now == pytest.approx(0, abs=0.01)
            before = resident()
            for _ in range(sessions):
                ws.Session(model, made, METRIC, parity=first.parity)
    finally:
        gc.enable()
    assert resident() < before + 5 * 2**20


def test_models_that_are_loaded_want_no_gradients_and_a_users_module_stays_as_it_is() -> None:
    names = ws.load_model("bundled:names")
    assert not any(parameter.requires_grad for parameter in names.adapter.module.parameters())
    module = LlamaForCausalLM(
        LlamaConfig(num_hidden_layers=1, hidden_size=8, num_attention_heads=1, intermediate_size=8, vocab_size=9)
    ).eval()
    ws.load_model((module, None))
    assert all(parameter.requires_grad for parameter in module.parameters())
