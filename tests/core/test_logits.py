"""Logits are made where something reads them: of a metric's answers alone, and nowhere at all positions."""

from __future__ import annotations

import pytest
import torch

import wirescope as ws
from core.engine.run import Pass
from core.tracing.method import METHODS
from tests.core.engine.cases import TOLERANCE, case

Sizes = list[tuple[int, ...]]
OPTIONS = ws.Options(updates=2, threshold=1.0, steps=2, budget=10)
METRIC = ws.logit_difference(6, 7)


@pytest.fixture
def heads(monkeypatch: pytest.MonkeyPatch) -> Sizes:
    """The sizes of all outputs that the model's adapter, or one of some answers, makes: [.., positions, answers]."""
    sizes: Sizes = []
    of = type(case("llama-grouped").model.adapter)
    real = of.head

    def head(self: object, normed: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = real(self, normed)  # type: ignore[arg-type]
        sizes.append(tuple(output.shape))
        return output

    monkeypatch.setattr(of, "head", head)
    return sizes


def test_a_run_makes_the_metrics_answers_alone_until_somebody_wants_more(heads: Sizes) -> None:
    setup = case("llama-grouped")
    session = ws.Session(setup.model, setup.pair, METRIC)
    heads.clear()
    runs = [session.run([ws.Edit("m0", "patch")]), session.run([ws.Edit("m0", "zero")], positions="all")]
    runs.append(session.run([ws.Edit("a1.h0", "zero")], frozen_norms=True))
    runs.append(session.run_circuit(ws.circuit_of(session.graph, ["input->m0", "m0->logits"])))
    assert {size[1:] for size in heads} == {(1, 2)}
    for run in runs:
        assert (run.metric - session.metric(run.answer)).abs().max() <= TOLERANCE
    vocabulary = setup.model.adapter.vocabulary
    assert {size[1:] for size in heads} == {(1, 2), (1, vocabulary)}
    assert runs[1].logits.shape == (1, setup.pair.length, vocabulary)
    count = len(heads)
    assert session.run([ws.Edit("m0", "patch")]).answer is not None
    assert len(heads) == count + 1, "the answer was kept with the run: only the metric was read again"


@pytest.mark.parametrize("method", METHODS)
def test_no_method_makes_logits_at_all_positions(method: str, heads: Sizes) -> None:
    setup = case("llama-grouped", batch=2)
    session = ws.Session(setup.model, setup.pair, METRIC)
    ws.trace(session, method, options=OPTIONS)
    ws.trace(session, method, options=OPTIONS, replacement="zero" if method == "eap-ig" else "mean")
    assert max(size[-2] for size in heads if len(size) > 2) == 1


def test_seeded_edits_and_scans_make_no_logits_at_all_positions(heads: Sizes) -> None:
    setup = case("llama-grouped", batch=2)
    session = ws.Session(setup.model, setup.pair, METRIC)
    heads.clear()
    session.run([ws.Edit("m0", "mean"), ws.Edit("m1", "noise"), ws.Edit("a0.h1", "resample")])
    effects = ws.Scan(session, "nodes").run()
    assert {size[1:] for size in heads} == {(1, 2)}
    alone = [
        float((session.run([ws.Edit(node, "patch")]).metric - session.clean.metric).mean())
        for node in session.graph.writers
    ]
    assert effects == pytest.approx(alone, abs=TOLERANCE)


@pytest.mark.parametrize("family", ["gpt2", "llama-grouped", "gemma2"])
def test_runs_over_all_positions_take_all_but_the_last_layer_from_those_that_are_there(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers: list[int] = []
    real = Pass._mlp
    monkeypatch.setattr(Pass, "_mlp", lambda self, layer: (layers.append(layer), real(self, layer)))
    setup = case(family, batch=2)
    engine = setup.session().engine
    for run in (engine.clean, engine.counterfactual):
        layers.clear()
        first = run(full=True)
        assert layers == [engine.graph.layers - 1]
        fresh = setup.session().engine
        fresh.clean(full=True), fresh.counterfactual(full=True)
        assert torch.equal(
            first.output, (fresh.clean if run == engine.clean else fresh.counterfactual)(full=True).output
        )
