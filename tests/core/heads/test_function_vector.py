"""The function vector score is what a real run with the change gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import wirescope as ws
from core.heads.function_vector import function_vector_scores
from core.inputs.few_shot import FewShotPrompts, FewShotTask

TASK = FewShotTask("made", "Made", "abstract", (("a", "b"),))


@pytest.fixture(scope="module")
def names() -> ws.Model:
    return ws.load_model("bundled:names", dtype="fp64")


def test_effects_are_those_of_runs_with_the_change(names: ws.Model) -> None:
    clean = FewShotPrompts(TASK, ("Mary had a book", "The old key is near the door", "People say that"), (5, 6, 7))
    shuffled = FewShotPrompts(TASK, ("Tom had a ring", "The keys are near"), (11, 12))
    found = function_vector_scores(names, [(clean, shuffled)])
    assert found.effects.shape == (1, 32)
    for layer, head in ((0, 3), (2, 1), (3, 7)):
        node = ws.Node("head", layer, head)
        outs = [
            ws.Session(names, names.pair(text)).run(positions="all").state.out(names.adapter, node)[0, -1]
            for text in clean.texts
        ]
        mean = torch.stack(outs).mean(dim=0)
        effects = []
        for text, answer in zip(shuffled.texts, shuffled.answers, strict=True):
            session = ws.Session(names, names.pair(text), ws.probability(answer))
            written = session.run(positions="all").state.out(names.adapter, node)[0, -1]
            edit = ws.Edit(node, "steer", positions=[-1], value=mean - written)
            effects.append(float(session.run([edit]).metric - session.clean.metric))
        assert found.scores[layer * 8 + head] == pytest.approx(np.mean(effects), abs=1e-9)
    assert np.abs(found.effects).max() > 1e-6
