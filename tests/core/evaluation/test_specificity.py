"""What cutting a circuit leaves of the model's other tasks, as the trust panel says it."""

from __future__ import annotations

import pytest

import wirescope as ws
from core.evaluation.specificity import say_specific, specificity, task_of
from core.evaluation.verdict import verdict
from core.inputs.tasks import make_task


def test_the_way_from_the_input_is_shared_and_other_tasks_are_asked() -> None:
    """Every task needs the input; an edge that carries next to nothing hurts none of them."""
    model = ws.load_model("bundled:names")
    made = make_task("capitals", model, 4, 0)
    pairs = ws.Dataset([model.pair(a, b) for a, b in made.pairs], made.answers)
    session = ws.Session(model, pairs.pairs[0], ws.logit_difference(*made.answers[0]))
    assert task_of(session, pairs) == "capitals"
    from_input = ws.Circuit(session.graph, session.graph.edges_out_of(session.graph.writers[0]))
    found = specificity(session, from_input, pairs)
    assert found is not None
    assert set(found["others"]) == {"ioi", "greater-than", "induction", "agreement"}  # docstring is not done
    assert found["kept"] < 0.25
    assert max(kept for kept, _ in found["others"].values()) < 0.25
    (statement,) = say_specific({"specific": found})
    assert statement.tone == "against"
    assert statement.words.endswith("is left: this circuit is not specific to this task.")
    assert verdict([statement])[0].words.startswith("This circuit is not specific to this task: without its edges ")

    idle = ws.Circuit(session.graph, session.graph.edges_out_of(session.graph.writers[3])[-1:])
    found = specificity(session, idle, pairs)
    assert found is not None
    assert found["kept"] == pytest.approx(1, abs=0.1)
    (statement,) = say_specific({"specific": found})
    assert "does much of it without them" in statement.words


def test_only_a_cut_that_spares_all_others_is_specific() -> None:
    report = {"kept": 0.1, "random": 0.9, "edges": 7, "others": {"a": [0.95, 1.0], "b": [0.91, 1.0]}}
    (good,) = say_specific({"specific": report})
    assert (good.tone, good.figure) == ("plain", "91 %")
    (bad,) = say_specific({"specific": {**report, "others": {"a": [0.95, 1.0], "b": [-0.2, 1.0]}}})
    assert bad.tone == "against"
    assert "1 of 2 other tasks lose too, most of all b, of which nothing is left" in bad.words
    assert say_specific({}) == []


def test_a_model_of_pictures_is_not_asked() -> None:
    model = ws.load_model("bundled:shapes")
    made = make_task("shapes", model, 2, 0)
    pairs = ws.Dataset([model.pair(a, b) for a, b in made.pairs], made.answers)
    session = ws.Session(model, pairs.pairs[0], ws.logit_difference(*made.answers[0]))
    assert specificity(session, ws.circuit_of(session.graph, ["input->logits"]), pairs) is None
