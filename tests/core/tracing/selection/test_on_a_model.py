"""Rules on the bundled model: per-pair signs, curves, files, and the ensemble of methods."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import wirescope as ws
from core.errors import ArgumentError
from core.inputs.tasks import make_task
from core.interchange.scores_files import scores_from_json, scores_to_json
from core.tracing.methods.ensemble import MEMBERS, ensemble, mean_of_ranks
from core.tracing.per_pair import scores_per_pair

Setting = tuple[ws.Session, ws.Dataset, ws.Scores]


@pytest.fixture(scope="module")
def setting() -> Setting:
    model = ws.load_model("bundled:names")
    made = make_task("capitals", model, 6)
    dataset = ws.Dataset([model.pair(a, b) for a, b in made.pairs], made.answers)
    session = ws.Session(model, dataset.pairs[0], ws.logit_difference(*made.answers[0]))
    return session, dataset, ws.trace(session, "eap", dataset=dataset)


def test_signs_are_sure_where_the_pairs_say_so(setting: Setting) -> None:
    session, dataset, scores = setting
    sure = ws.with_agreement(session, scores, dataset)
    assert sure.agreement is not None
    rows = scores_per_pair(session, "eap", dataset)
    one_sign = (np.sign(rows) == np.sign(rows[0])).all(axis=0) & (rows[0] != 0)
    assert (sure.agreement[one_sign] == 1.0).all()
    assert (sure.agreement[~one_sign] < 1.0).any()
    back = scores_from_json(json.loads(scores_to_json(sure.with_rule("consensus")))).scores
    assert back.rule == "consensus"
    assert back.agreement is not None
    assert back.agreement.tobytes() == sure.agreement.tobytes()
    assert back.select(50).edges.tolist() == sure.select(50, "consensus").edges.tolist()


@pytest.mark.parametrize("rule", ["greedy", "program"])
def test_a_curve_runs_the_circuits_of_its_rule(setting: Setting, rule: str) -> None:
    session, dataset, scores = setting
    curve = ws.faithfulness(session, scores, rule=rule, fractions=(0.05, 1.0), dataset=dataset, random_circuits=0)
    assert (curve.rule, curve.gaps) == (rule, (0.0, 0.0))
    circuit = scores.select(curve.sizes[0], rule)
    if rule == "program":
        assert curve.connected[0] == curve.sizes[0]
    share = session.run_circuit(circuit).metric.mean()
    alone = ws.faithfulness(session, scores, rule=rule, fractions=(0.05,), random_circuits=0)
    whole, nothing = (run.metric.mean() for run in (session.clean, session.counterfactual))  # type: ignore[union-attr]
    assert alone.recovered[0] == pytest.approx(float((share - nothing) / (whole - nothing)), abs=1e-4)
    usual = ws.faithfulness(session, scores, fractions=(0.05, 1.0), dataset=dataset, random_circuits=0)
    assert usual.rule == "top"
    assert curve.recovered[1] == usual.recovered[1], "all edges are the whole model, whatever the rule"
    own = ws.faithfulness(session, scores.with_rule(rule), fractions=(0.05, 1.0), dataset=dataset, random_circuits=0)
    assert own.recovered == curve.recovered


def test_ranks_of_measured_scores_are_not_said_to_be_measured(setting: Setting) -> None:
    session, _, _ = setting
    scan = ws.trace(session, "exact-scan", options=ws.Options(budget=3))
    assert scan.measured is not None
    found = ensemble([replace(scan, about={**scan.about, "chosen by": "consensus"}), ws.trace(session, "eap")])
    assert found.measured is None
    assert "measured" not in found.about
    assert found.rule == "top", "how sure the signs of one method are is not known of the ranks"
    assert len(found.select(5)) == 5


def test_an_ensemble_is_the_mean_of_the_members_ranks(setting: Setting) -> None:
    session, dataset, _ = setting
    members = [ws.trace(session, name, dataset=dataset) for name in MEMBERS]
    found, one_go = ensemble(members), ws.trace(session, "ensemble", dataset=dataset)
    assert np.abs(found.values).max() <= 1
    assert np.allclose(found.values, one_go.values, atol=2e-3)
    assert found.direction == one_go.direction == members[0].direction
    assert mean_of_ranks([np.array([3.0, -1.0, 0.0, 1.0])]).tolist() == [1.0, -0.625, 0.0, 0.625]
    for member in members:  # one method alone keeps its order
        assert (ensemble([member]).top(40).edges == member.top(40).edges).all()
    with pytest.raises(ArgumentError, match="direction"):
        ensemble([members[0], ws.trace(session, "eap", dataset=dataset, replacement="patch").__class__(
            members[0].graph, members[0].values, "eap", "patch", direction=-1)])  # fmt: skip
    with pytest.raises(ArgumentError, match="no sign"):
        ensemble([ws.trace(session, "random")])
