"""The balance of scores: measured by circuits, kept when it is cancelled, and written into files of scores."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import wirescope as ws
from core.errors import ArgumentError, Cancelled, InputError
from core.evaluation.measured import measure
from core.interchange.eap_ig_files import MarkedScores, eap_ig_scores, scores_to_eap_ig
from core.interchange.scores_files import scores_from_json, scores_to_json
from core.tracing.selection.balance import balanced_order
from tests.core.engine.cases import case

FRACTIONS = (0.05, 0.1, 0.2, 0.4, 0.7)


def overshooting() -> tuple[ws.Session, ws.Scores]:
    """A model whose best edges alone recover more than all of it, at some size at least."""
    session = case("gpt2", batch=2).session()
    return session, ws.trace(session, "eap-ig", steps=4)


def test_circuits_come_nearer_to_all_than_by_either_order_alone() -> None:
    session, scores = overshooting()
    found = ws.with_balance(session, scores, fractions=FRACTIONS)
    assert found.balance is not None
    assert found.about["balance measured on"] == "2"
    assert any(0 < share < 1 for _, share in found.balance), "else this tells nothing"
    for size, share in found.balance:
        circuits = [
            ws.Circuit(session.graph, balanced_order(scores.towards, ((size, each),))[:size])
            for each in (share, 0.0, 1.0)
        ]
        chosen, by_size, signed = np.abs(measure(session, circuits).recovered() - 1)
        assert chosen <= min(by_size, signed) + 1e-6


def test_a_cancelled_measurement_goes_on_where_it_was() -> None:
    session, scores = overshooting()
    whole = ws.with_balance(session, scores, fractions=FRACTIONS)
    memory: dict[object, object] = {}
    told: list[float] = []
    with pytest.raises(Cancelled):
        ws.with_balance(
            session,
            scores,
            fractions=FRACTIONS,
            progress=told.append,
            cancelled=lambda: bool(told) and told[-1] > 0.4,
            memory=memory,
        )
    assert told == sorted(told)
    assert memory
    assert ws.with_balance(session, scores, fractions=FRACTIONS, memory=memory).balance == whole.balance


def test_what_has_no_balance_is_refused() -> None:
    session, scores = overshooting()
    for other in (
        replace(scores, kept=np.zeros(session.graph.n_edges, dtype=bool)),
        replace(scores, values=np.full(session.graph.n_edges, np.nan)),
        ws.trace(session, "eap", level="nodes"),
        ws.trace(session, "flow-routes"),
    ):
        with pytest.raises(ArgumentError, match="signed scores"):
            ws.with_balance(session, other)


def test_files_keep_it() -> None:
    _session, scores = overshooting()
    scores = replace(scores, balance=((3, 1.0), (40, 0.25)))
    for back in (
        scores_from_json(json.loads(scores_to_json(scores))).scores,
        eap_ig_scores(json.loads(scores_to_eap_ig(MarkedScores(scores, scores.top(9), 8))), scores.graph).scores,
    ):
        assert back.balance == scores.balance
        assert back.select(20, "balance").edges.tolist() == scores.select(20, "balance").edges.tolist()


@pytest.mark.parametrize("balance", [[], [[0, 0.5]], [[5, 0.5], [5, 0.4]], [[3, 1.5]], [[10**9, 0.5]]])
def test_a_file_that_makes_no_sense_is_refused(balance: list[list[float]]) -> None:
    _session, scores = overshooting()
    document = json.loads(scores_to_json(scores)) | {"balance": balance}
    with pytest.raises(InputError, match="balance"):
        scores_from_json(document)
