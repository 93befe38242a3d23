"""Attribution per token: complete, its gradient a finite difference, its measurement a real replacement."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

import wirescope as ws
from core.errors import ArgumentError, Cancelled, EditError
from core.graph import INPUT
from tests.core.engine.cases import case


@pytest.mark.parametrize(
    ("family", "kind"), [("gpt2", "patch"), ("llama-grouped", "mean"), ("vit-classifier", "patch")]
)
def test_integrated_effects_add_up_to_replacing_everything(family: str, kind: str) -> None:
    session = case(family).session()
    session.with_metric(ws.logit_difference(3, 5))
    found = ws.token_attribution(session, kind, steps=200)
    total = float(session.run([ws.Edit(INPUT, kind)]).metric[0] - session.clean.metric[0])
    assert found.total == pytest.approx(total, abs=1e-12)
    assert found.estimated.sum() == pytest.approx(total, abs=1e-3 * abs(total) + 1e-4)
    coarse = ws.token_attribution(session, kind, steps=2)
    assert abs(coarse.gap) > abs(found.gap)
    if kind == "patch":  # where A and B are the same, nothing is replaced
        same = (session.engine.embedding == session.engine.counterfactual().embedding).all(dim=-1)[0].numpy()
        assert not found.estimated[same].any()


def test_the_gradient_is_a_finite_difference_and_the_measurement_a_real_edit() -> None:
    session = case("gpt2").session()
    session.with_metric(ws.logit_difference(3, 5))
    found = ws.token_attribution(session, "zero", method="gradient", measured=True)
    assert found.measured is not None
    step = 1e-6
    for position in range(session.pair.length):
        small = session.run([ws.Edit(INPUT, "zero", positions=[position], strength=step)]).metric[0]
        change = float(small - session.clean.metric[0]) / step
        assert found.estimated[position] == pytest.approx(change, abs=1e-4 + 1e-4 * abs(change))
        whole = session.run([ws.Edit(INPUT, "zero", positions=[position])]).metric[0]
        assert found.measured[position] == float(whole - session.clean.metric[0])
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert [float(row["measured"]) for row in rows] == pytest.approx(found.measured.tolist(), rel=1e-4)
    assert np.isfinite(found.gap)


def test_what_cannot_be_attributed_is_refused() -> None:
    session = case("gpt2").session()
    assert ws.token_attribution(session, steps=1).replacement == "patch"  # there is a B
    for asked, error in (
        (lambda: ws.token_attribution(session, method="guess"), ArgumentError),
        (lambda: ws.token_attribution(session, steps=0), ArgumentError),
        (lambda: ws.token_attribution(session, "steer"), ArgumentError),
        (lambda: ws.token_attribution(session, cancelled=lambda: True), Cancelled),
        (lambda: ws.token_attribution(ws.Session(session.model, _alone(session)), "patch"), EditError),
    ):
        with pytest.raises(error):
            asked()


def _alone(session: ws.Session) -> ws.Pair:
    return session.model.pair(session.pair.clean.tensor)
