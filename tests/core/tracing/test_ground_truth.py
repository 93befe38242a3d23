"""Methods on models whose circuit is known, and the models themselves."""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
import pytest
import torch

import wirescope as ws
from core.edits import EditKind
from tests.ground_truth.builder import Builder
from tests.ground_truth.programs import PROGRAMS
from tests.ground_truth.scoring import auroc, precision


@cache
def built(name: str) -> tuple[Builder, ws.Model, ws.Session]:
    builder = PROGRAMS[name].build()
    model = builder.build()
    return builder, model, PROGRAMS[name].session(model)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_model_does_its_task(name: str) -> None:
    program = PROGRAMS[name]
    _, model, _ = built(name)
    rng = Random(1)
    texts = [program.draw(rng) for _ in range(200)]
    logits = model.adapter.own_forward(torch.tensor([[0, *text] for text in texts]))[:, -1]
    assert logits.argmax(dim=-1).tolist() == [program.answer(text) for text in texts]


@pytest.mark.parametrize("kind", ["patch", "zero"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_truth_is_what_matters(name: str, kind: EditKind) -> None:
    """The circuit alone does all that the whole model does; an edge is in it exactly when cutting it alone changes the
    output of some pair; and what each of them does shows in the mean over pairs, which is what methods see."""
    builder, model, session = built(name)
    truth = builder.truth(model.graph, kind)
    circuit = ws.Circuit(model.graph, np.flatnonzero(truth).astype(np.int64))
    assert torch.allclose(session.run_circuit(circuit, kind).metric, session.clean.metric, rtol=0, atol=1e-6)
    for edge, inside in zip(model.graph.edges, truth, strict=True):
        change = (session.run([ws.Edit(edge, kind)]).answer - session.clean.answer).abs().max()
        assert float(change) > 1e-3 if inside else float(change) < 1e-6, edge.name
    for place in range(len(circuit)):
        fewer = session.run_circuit(ws.Circuit(model.graph, np.delete(circuit.edges, place)), kind)
        assert abs(float((fewer.metric - session.clean.metric).mean())) > 1e-3, circuit.names[place]


@pytest.mark.parametrize("method", ["eap-ig", "integrated-edges", "circuit-pruning", "atp-star", "acdc"])
def test_methods_find_known_circuits(method: str) -> None:
    found = []
    for name in PROGRAMS:
        builder, model, session = built(name)
        scores = ws.trace(session, method, steps=8).values
        found.append(auroc(scores, builder.truth(model.graph, "patch")))
    assert np.median(found) >= 0.9


def test_the_measures_themselves() -> None:
    truth = np.array([True, False, True, False])
    assert auroc(np.array([3.0, 1.0, -2.0, 0.5]), truth) == 1.0
    assert auroc(np.zeros(4), truth) == 0.5
    assert auroc(np.array([0.0, 1.0, 0.0, 1.0]), truth) == 0.0
    assert precision(np.array([3.0, 2.0, -1.0, 0.5]), truth) == 0.5
