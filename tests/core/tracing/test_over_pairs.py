"""Means over a dataset: those of the model's own modules over all clean inputs, however the pairs are batched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import wirescope as ws
from core.engine.population import Population
from core.engine.unedited import UneditedRuns
from core.errors import Cancelled, EditError, InputError
from core.evaluation.measured import measure
from core.tracing.method import METHODS
from core.tracing.over_pairs import batches_over, release_runs, sessions_over
from core.tracing.per_pair import scores_per_pair
from tests.core.engine.cases import case
from tests.core.tracing.test_trace import ANSWERS, pairs
from tests.small_models import VOCABULARY


def mlp_outputs(module: torch.nn.Module, ids: torch.Tensor) -> torch.Tensor:
    """What the first MLP of a GPT-2 writes: [position, width]."""
    found = []
    hook = module.transformer.h[0].mlp.register_forward_hook(lambda _m, _i, out: found.append(out[0]))
    with torch.no_grad():
        module(ids)
    hook.remove()
    return found[0]


def answer_with(module: torch.nn.Module, ids: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """The answer where the first MLP writes something else."""
    hook = module.transformer.h[0].mlp.register_forward_hook(lambda _m, _i, out: value.expand_as(out))
    with torch.no_grad():
        answer = module(ids).logits[0, -1]
    hook.remove()
    return answer


def test_a_mean_is_over_the_whole_dataset_as_far_from_the_nearer_end() -> None:
    setup = case("gpt2")
    dataset = ws.Dataset(pairs(setup.model), ANSWERS)
    rows = [pair.clean.tensor for pair in dataset.pairs]
    outputs = [mlp_outputs(setup.module, ids) for ids in rows]
    first, last = (torch.stack([out[end] for out in outputs]).mean(dim=0) for end in (0, -1))
    middle = torch.stack([out[1] for out in outputs if len(out) == 3] + [outputs[1][0]]).mean(dim=0)
    expected = []
    for ids, (target, foil) in zip(rows, dataset.answers, strict=True):
        means = [first, middle, last] if ids.shape[1] == 3 else [first, last]
        answer = answer_with(setup.module, ids, torch.stack(means))
        expected.append(float(answer[target] - answer[foil]))
    session = ws.Session(setup.model, dataset.pairs[0], ws.logit_difference(1, 2))
    graph = session.graph
    for positions in (1, 6, 256):
        found = {}
        for each in sessions_over(session, dataset, positions):
            metric = each.run([ws.Edit("m0", "mean")]).metric
            for row in range(each.pair.batch):
                found[each.metric.target[row], each.metric.foil[row]] = float(metric[row])
        assert [found[answers] for answers in ANSWERS] == pytest.approx(expected, abs=1e-9), positions
    without = ws.Circuit(graph, np.flatnonzero(graph.edge_writers != graph.writer_index(ws.Node("mlp", 0))))
    measured = measure(session, [without], "mean", dataset=dataset)
    assert sorted(measured.circuits[0]) == pytest.approx(sorted(expected), abs=1e-9)
    clean = {answers: float(ws.Session(setup.model, pair, ws.logit_difference(*answers)).clean.metric)
             for pair, answers in zip(dataset.pairs, ANSWERS, strict=True)}  # fmt: skip
    scan = ws.trace(session, "exact-scan", replacement="mean", level="nodes", dataset=dataset)
    assert scan.of_node(ws.Node("mlp", 0)) == pytest.approx(np.mean(list(clean.values())) - np.mean(expected), abs=1e-9)


@pytest.mark.parametrize("family", ["llama-grouped", "gptj", "gemma2", "vit"])
def test_means_of_all_nodes_and_streams_do_not_depend_on_how_inputs_run_together(family: str) -> None:
    setup = case(family)
    model = setup.model
    assert setup.dataset is not None
    whole = ws.Session(model, setup.pair, dataset=setup.dataset).population
    assert isinstance(whole, Population)
    one_by_one = Population(model.adapter, whole.inputs, whole.lengths, whole.run, together=1)
    for over_positions in (False, True):
        one, other = whole.means(over_positions), one_by_one.means(over_positions)
        columns = torch.arange(1 if over_positions else whole.alignment.size)[None]
        index, real = whole.alignment.sources(range(len(whole.lengths)))
        for node in model.graph.writers:
            a, b = (means.of_node(model.adapter, node, columns) for means in (one, other))
            assert (a - b).abs().max() <= 1e-9
            outs = [whole.run([row]).out(model.adapter, node)[0, :size] for row, size in enumerate(whole.lengths)]
            own = (torch.cat(outs).mean(dim=0)[None] if over_positions
                   else torch.stack([torch.stack([out[index[row, place]] for row, out in enumerate(outs)
                                                  if real[row, place]]).mean(dim=0)
                                     for place in columns[0].tolist()]))  # fmt: skip
            assert (a[0] - own).abs().max() <= 1e-9, node.name
        for reader in model.graph.readers:
            assert (one.before(reader, columns) - other.before(reader, columns)).abs().max() <= 1e-9


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.replaces and not method.joint])
def test_every_method_scores_by_the_datasets_means(name: str) -> None:
    setup = case("gpt2", batch=3)
    b = setup.pair.counterfactual
    assert b is not None
    tensors = zip(setup.pair.clean.tensor, b.tensor, strict=True)
    dataset = ws.Dataset([setup.model.pair(one[None], other[None]) for one, other in tensors])
    metric = ws.logit_difference(1, 2)
    expected = [
        ws.trace(ws.Session(setup.model, pair, metric, dataset=dataset), name, replacement="mean").values
        for pair in dataset.pairs
    ]
    session = ws.Session(setup.model, dataset.pairs[0], metric)
    assert np.allclose(scores_per_pair(session, name, dataset, "mean"), expected, rtol=0, atol=1e-6)
    if name != "atp-star":  # which takes absolute values of a batch's mean
        together = ws.trace(session, name, replacement="mean", dataset=dataset).values
        assert np.allclose(together, np.mean(expected, axis=0), rtol=0, atol=1e-6)


def test_a_dataset_that_the_session_has_already_is_the_one_that_means_are_over() -> None:
    setup = case("gpt2")
    rows = pairs(setup.model)
    metric = ws.logit_difference(1, 2)
    given = ws.Session(setup.model, rows[0], metric, dataset=ws.Dataset(rows))
    circuit = ws.trace(given, "eap", replacement="mean").top(30).pruned()
    assert len(circuit) > 10
    own = given.run_circuit(circuit, "mean").metric
    alone = measure(given, [circuit], "mean", dataset=ws.Dataset(rows[:1]))
    assert alone.circuits[0, 0] == pytest.approx(float(own), abs=1e-9), "the trust panel's dataset of one pair"
    without = ws.Session(setup.model, rows[0], metric)
    over_positions = float(without.run_circuit(circuit, "mean").metric)
    assert measure(without, [circuit], "mean", dataset=ws.Dataset(rows[:1])).circuits[0, 0] == pytest.approx(
        over_positions, abs=1e-9
    )
    assert abs(over_positions - float(own)) > 1e-6
    long = setup.model.pair(torch.tensor([[1, 2, 3, 4, 5, 6]]), torch.tensor([[1, 2, 3, 4, 5, 7]]))
    short = ws.Session(setup.model, rows[1], metric, dataset=ws.Dataset(rows[1:2] * 2))
    with pytest.raises(EditError, match="end at position 1, so there is no mean at 2"):
        measure(short, [circuit], "mean", dataset=ws.Dataset([long]))


def test_the_dataset_runs_once_for_all_of_its_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    model = case("gpt2").model
    rows = pairs(model)
    session = ws.Session(model, rows[0], ws.logit_difference(1, 2))
    sessions = list(sessions_over(session, ws.Dataset(rows), positions=1))
    assert len(sessions) == 4
    population = sessions[0].population
    assert population is not None
    assert all(each.population is population for each in sessions)
    ran: list[int] = []
    run = population.run
    monkeypatch.setattr(population, "run", lambda numbers: (ran.extend(numbers), run(numbers))[1])
    population._together = 1
    for each in sessions:
        with pytest.raises(Cancelled):
            each.run([ws.Edit("m0", "mean")], cancelled=lambda: len(ran) >= 2)
    assert ran == [0, 1], "cancelled between two inputs; they need not run again"
    for each in sessions:
        each.run([ws.Edit("m0", "mean")])
    assert ran == [0, 1, 2, 3]


def test_a_default_metric_is_bound_to_what_the_model_says_to_each_pair() -> None:
    setup = case("gpt2")
    rows = pairs(setup.model)
    own = [int(setup.module(pair.clean.tensor).logits[0, -1].argmax()) for pair in rows]  # type: ignore[operator]
    assert len(set(own)) > 1, "else the first pair's answer is every pair's"
    dataset = ws.Dataset(rows)
    session = ws.Session(setup.model, rows[0])
    for positions in (1, 256):
        said = {}
        for each in sessions_over(session, dataset, positions):
            numbers = [next(i for i, pair in enumerate(rows) if torch.equal(pair.clean.tensor[0], row))
                       for row in each.pair.clean.tensor]  # fmt: skip
            said |= dict(zip(numbers, each.metric.target, strict=True))
        assert said == dict(enumerate(own))
    of_each = [ws.trace(ws.Session(setup.model, pair), "eap").values for pair in rows]
    scores = ws.trace(session, "eap", dataset=dataset)
    np.testing.assert_allclose(scores.values, np.mean(of_each, axis=0), atol=1e-6)
    assert scores.about["metric"] == "log-probability of what the model answers to each A"
    np.testing.assert_allclose(scores_per_pair(session, "eap", dataset), of_each, atol=1e-6)
    session.with_metric(ws.log_probability(own[0]))
    fixed = ws.trace(session, "eap", dataset=dataset)
    assert fixed.about["metric"] == session.metric.name
    assert not np.allclose(fixed.values, scores.values)
    session.with_metric(None)
    np.testing.assert_array_equal(ws.trace(session, "eap", dataset=dataset).values, scores.values)


def test_answers_of_the_sessions_rows_are_not_given_to_other_pairs() -> None:
    model = case("gpt2").model
    ids = torch.tensor([[1, 2, 3], [4, 5, 6]])
    pair = model.pair(ids, ids + 1)
    dataset = ws.Dataset([model.pair(ids[:1] + 3, ids[:1]), model.pair(ids[1:] + 3, ids[1:])])
    session = ws.Session(model, pair, ws.logit_difference([7, 8], 9))
    with pytest.raises(InputError, match="target for each row of the session"):
        ws.trace(session, "eap", dataset=dataset)
    same = ws.trace(ws.Session(model, pair, ws.logit_difference([7, 7], 9)), "eap", dataset=dataset)
    one = ws.trace(ws.Session(model, pair, ws.logit_difference(7, 9)), "eap", dataset=dataset)
    np.testing.assert_array_equal(same.values, one.values)


def test_a_batch_counts_the_rows_of_its_pairs() -> None:
    """A pair may be a batch itself."""
    model = case("gpt2").model
    ids = torch.arange(9 * 5).reshape(9, 5) % VOCABULARY
    rows = [ids[:4], ids[4:5], ids[5:7], ids[7:]]
    given = [model.pair(part, (part + 1) % VOCABULARY) for part in rows]
    session = ws.Session(model, given[0], ws.logit_difference(1, 2))
    batches = batches_over(session, ws.Dataset(given), 15)
    assert [batch.rows for batch in batches] == [(0, 1, 2, 3), (4, 5, 6), (7, 8)]
    scores = ws.trace(session, "eap", dataset=ws.Dataset(given))
    one = ws.trace(ws.Session(model, model.pair(ids, (ids + 1) % VOCABULARY), ws.logit_difference(1, 2)), "eap")
    np.testing.assert_allclose(scores.values, one.values, atol=1e-12)


def test_a_metric_of_each_pairs_answers_is_not_named_by_the_first_ones() -> None:
    setup = case("gpt2")
    rows = pairs(setup.model)
    session = ws.Session(setup.model, rows[0], ws.logit_difference(1, 2))
    scores = ws.trace(session, "eap", dataset=ws.Dataset(rows, ANSWERS))
    assert scores.about["metric"] == "logit difference of each pair's own answers"
    alike = ws.trace(session, "eap", dataset=ws.Dataset(rows, [(1, 2)] * len(rows)))
    assert alike.about["metric"] == session.metric.name


def test_the_sessions_own_pair_as_a_dataset_takes_its_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command over one pair does after the other: the input is embedded and run for the first of them alone. A
    pair with other answers, or another one that says the same, has a session of its own."""
    setup = case("gpt2")
    pair = pairs(setup.model)[0]
    made: list[int] = []
    usual = UneditedRuns.__init__
    monkeypatch.setattr(UneditedRuns, "__init__", lambda *given: (made.append(1), usual(*given))[1])
    session = ws.Session(setup.model, pair, ws.logit_difference(1, 2))
    own = ws.Dataset([pair], [(1, 2)])
    measured, scores = measure(session, [], dataset=own), ws.trace(session, "eap", dataset=own)
    assert len(made) == 1
    assert session.engine.unedited.states
    release_runs(session)
    assert not session.engine.unedited.states
    for other in (ws.Dataset([pair], [(2, 1)]), ws.Dataset([replace(pair)], [(1, 2)])):
        (batch,) = batches_over(session, other)
        assert batch.session() is not session
    np.testing.assert_allclose(ws.trace(session, "eap").values, scores.values, atol=1e-12)
    opposite = measure(session, [], dataset=ws.Dataset([pair], [(2, 1)]))
    assert opposite.whole == pytest.approx(-measured.whole, abs=1e-9)
