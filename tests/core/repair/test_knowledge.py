"""Repairs that know less: suspicious inputs without answers, and clean inputs alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

import wirescope as ws
from core.errors import InputError
from core.repair import repair as flow
from core.repair.examples import batch_of
from core.repair.learn import dormant
from core.repair.proof import figures
from tests.core.repair.planted import examples, make_quick, planted


def test_suspicious_inputs_without_answers_give_a_repair_and_a_proof_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    make_quick(monkeypatch)
    bad, good = examples(4, 72)
    suspicious = [replace(example, answer="") for example in (*bad, *good[60:])]
    found = ws.repair(planted(), suspicious, good[:60], level="positions", knowledge="suspicious")
    assert found.used.misbehaviour.value == 1.0
    assert found.before.misbehaviour.of == found.before.accuracy.of == 15  # of the clean ones that are held out
    assert found.after.misbehaviour.count < found.before.misbehaviour.count
    assert "without answers" in found.words
    assert "held-out triggered examples made, with the same pieces in clean ones: 15" in found.words
    with pytest.raises(InputError, match="No piece of the 12 suspicious inputs"):
        ws.repair(planted(), suspicious[4:], good[:60], level="positions", knowledge="suspicious")


def test_with_clean_inputs_alone_what_they_do_not_need_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "dormant", partial(dormant, updates=24))
    held_out = examples(60, 60, seed=2)
    found = ws.repair(planted(), [], examples(1, 64)[1], level="positions", knowledge="clean", budget=0.05)
    assert found.before.misbehaviour.of == 0
    assert "nothing but clean inputs" in found.words
    after = figures(found.repaired, *(batch_of(planted(), some) for some in held_out))
    assert after.misbehaviour.value < 0.7
    assert after.accuracy.value > 0.85
