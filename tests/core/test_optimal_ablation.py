"""Optimal ablation: constants that do less damage than means, the same for every surface, kept beside the scores."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

import wirescope as ws
from core.edit_kinds import ABLATIONS, KINDS
from core.engine.circuit_gradients import CircuitGradients
from core.engine.divergence import divergence_from
from core.engine.replacement import REPLACEMENTS, Ablation, ablation
from core.errors import ArgumentError, Cancelled, EditError, InputError
from core.inputs.pair import Dataset
from core.interchange.scores_files import scores_from_json, scores_to_json
from core.replacements import optimal
from core.replacements.optimal import Constants, constants_of, give_constants
from core.text_files import parse_json
from tests.core.engine.cases import case


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(optimal, "UPDATES", 40)
    monkeypatch.setattr(optimal, "TRIED", 4)
    return


def test_every_kind_has_a_row_of_words_and_a_file() -> None:
    assert set(REPLACEMENTS) == set(KINDS)
    assert {kind for kind, row in REPLACEMENTS.items() if isinstance(row, Ablation)} == set(ABLATIONS)
    with pytest.raises(ArgumentError, match="cannot carry 'scale'"):
        ablation("scale")


def damage(session: ws.Session, kind: str, circuits: int = 12) -> float:
    """The mean divergence from A's output of circuits of all sizes, drawn apart from those that are learned from."""
    rng, graph = np.random.default_rng(99), session.graph
    divergence = divergence_from(session.clean.answer, session.model.adapter)
    total = 0.0
    for _ in range(circuits):
        kept = np.flatnonzero(rng.random(graph.n_edges) < rng.random())
        total += float(divergence(session.run_circuit(ws.Circuit(graph, kept), kind).answer).mean())
    return total / circuits


@pytest.mark.parametrize("family", ["llama", "vit"])
def test_it_does_less_damage_than_means_and_zero(family: str) -> None:
    session = case(family, batch=2).session()
    assert damage(session, "optimal") < 0.9 * damage(session, "mean") < damage(session, "zero")


def test_the_slope_by_the_constants_is_that_of_the_metric() -> None:
    session = case("gpt2", batch=2).session()
    graph, learned = session.graph, session.engine.population.learned
    generator = torch.Generator().manual_seed(0)
    shares = torch.rand(len(graph.readers), graph.n_writers, dtype=torch.float64, generator=generator)
    size = (graph.n_writers, session.model.adapter.shape.width)
    base, way = (torch.randn(size, dtype=torch.float64, generator=generator) for _ in range(2))

    def run(step: float) -> CircuitGradients:
        learned["optimal"] = Constants(base + step * way)
        return CircuitGradients(session.engine, shares, "optimal", session.reading.slope(session.pair.batch))

    slope = float((run(1e-5).metric - run(-1e-5).metric).sum()) / 2e-5
    assert float((run(0.0).by_reference * way).sum()) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("family", ["gpt2", "gptj"])
def test_an_empty_circuit_is_every_writer_edited_and_the_output_s_reader_edited(family: str) -> None:
    session = case(family).session()
    graph = session.graph
    empty = session.run_circuit(ws.Circuit(graph, np.empty(0, dtype=np.int64)), "optimal")
    by_edits = session.run([ws.Edit(node, "optimal") for node in graph.writers])
    at_output = session.run([ws.Edit("logits", "optimal")])
    assert torch.allclose(empty.answer, by_edits.answer, atol=1e-9)
    assert torch.allclose(empty.answer, at_output.answer, atol=1e-9)


def test_learning_can_be_left_and_gives_the_same_whenever_it_is_done() -> None:
    whole = constants_of(case("gpt2").session().engine.references)
    references, asked = case("gpt2").session().engine.references, []

    def soon() -> bool:
        asked.append(1)
        return len(asked) > 60

    with pytest.raises(Cancelled):
        constants_of(references, soon)
    assert torch.equal(constants_of(references), whole)


def test_a_dataset_learns_once_and_its_scores_keep_the_constants(monkeypatch: pytest.MonkeyPatch) -> None:
    model = case("gpt2").model
    rows = [([1, 2, 3], [1, 4, 3]), ([5, 6, 8], [5, 7, 8]), ([3, 2, 1, 4], [3, 5, 1, 4])]
    dataset = Dataset([model.pair(torch.tensor([a]), torch.tensor([b])) for a, b in rows])
    begun = []
    old = optimal.Learning._begin
    monkeypatch.setattr(optimal.Learning, "_begin", lambda self, *rest: (begun.append(1), old(self, *rest))[1])
    session = ws.Session(model, dataset.pairs[0], ws.logit_difference(1, 2))
    scores = ws.trace(session, "eap", replacement="optimal", dataset=dataset)
    ws.faithfulness(session, scores, dataset=dataset, random_circuits=0, fractions=(0.2,))
    assert len(begun) == 1
    read = scores_from_json(parse_json(scores_to_json(scores), "", "")).scores
    assert read.constants is not None
    assert scores.constants is not None
    assert np.array_equal(read.constants, scores.constants)
    fresh = ws.Session(model, dataset.pairs[0], ws.logit_difference(1, 2), dataset=dataset)
    assert fresh.population is not None
    give_constants(fresh.population, model.adapter, read.constants)
    again = ws.trace(fresh, "eap", replacement="optimal", dataset=dataset)
    assert len(begun) == 1
    assert again.values == pytest.approx(scores.values, abs=1e-6)  # they are kept in fp32
    with pytest.raises(EditError, match="Trace this model again"):
        give_constants(fresh.population, model.adapter, read.constants[1:])


@pytest.mark.parametrize("wrong", [{}, {"shape": [2, 2], "fp32": "AAAA"}, {"shape": [1, 1], "fp32": "AAAAAA=="}, 3])
def test_constants_that_cannot_be_read_are_refused(wrong: object) -> None:
    scores = ws.trace(case("gpt2").session(), "random")
    document = parse_json(scores_to_json(scores), "", "")
    document["constants"] = wrong
    with pytest.raises(InputError, match="constants"):
        scores_from_json(document)
