"""What the studies of heads compute by passes of their own, against the engine's, in families whose attention
differs."""

from __future__ import annotations

import pytest
import torch

import wirescope as ws
from core.engine.engine import Engine
from core.engine.layer import LayerMath
from core.heads.function_vector import function_vector_scores
from core.heads.places import induction
from core.inputs.few_shot import FewShotPrompts, FewShotTask
from core.studies.pattern_knockout import without_induction
from tests.small_models import small_model

FAMILIES = ("gpt2", "gpt-neox", "llama-grouped", "gemma2", "gpt-oss")  # parallel, grouped, joint scale, sinks
TASK = FewShotTask("made", "Made", "abstract", (("a", "b"),))


@pytest.fixture(params=FAMILIES)
def model(request: pytest.FixtureRequest) -> ws.Model:
    return ws.load_model((small_model(request.param), None))


def test_function_vector_effects(model: ws.Model) -> None:
    clean = FewShotPrompts(TASK, ("3 5 2 7", "4 4 9"), (5, 6))
    shuffled = FewShotPrompts(TASK, ("3 5 2", "7 8 1 2 3"), (11, 12))
    found = function_vector_scores(model, [(clean, shuffled)])
    layer, head = model.graph.layers - 2, 1
    node, mixed = ws.Node("head", layer, head), []
    for text in clean.texts:
        mixed.append(ws.Session(model, model.pair(text)).run(positions="all").state.z[layer][0, -1, head])
    effects = []
    for text, answer in zip(shuffled.texts, shuffled.answers, strict=True):
        session = ws.Session(model, model.pair(text), ws.probability(answer))
        state = session.run(positions="all").state
        factor = state.factors[layer]
        at_last = None if factor is None else factor[:, -1:]
        change = torch.stack(mixed).mean(dim=0) - state.z[layer][0, -1, head]
        vector = LayerMath(model.adapter, layer).out(change[None, None], head, at_last)[0, 0]
        edit = ws.Edit(node, "steer", positions=[-1], value=vector)
        effects.append(float(session.run([edit]).metric - session.clean.metric))
    assert found.scores[layer * model.graph.heads + head] == pytest.approx(sum(effects) / 2, abs=1e-9)


def test_the_pattern_taken_out(model: ws.Model) -> None:
    ids = torch.tensor([[3, 5, 2, 3, 5, 2, 3]])
    engine, head = Engine(model.adapter, ids, None), f"a{model.graph.layers - 2}.h1"
    window = model.adapter.attention[model.graph.layers - 2].window or ids.shape[1]
    pairs = zip(*induction(ids[0].tolist()).nonzero(), strict=True)
    places = [(query, key) for query, key in pairs if query - key < window]
    assert places
    for kind, renormalised in (("zero", False), ("knockout", True)):
        edited = engine.run([ws.Edit(f"{head}[{key}]", kind, positions=[query]) for query, key in places], full=True)
        assert edited.state.readout is not None
        ours = without_induction(engine, [head], renormalised=renormalised, full=True)
        assert torch.allclose(ours.stream, edited.state.readout.stream, atol=1e-9)
        assert not torch.allclose(ours.stream, engine.clean(full=True).readout.stream, atol=1e-6)
