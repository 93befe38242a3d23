"""`wirescope bench rules`, short: models that decide by a known field, and what names it."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from torch import nn

from tests.benchmarks import rule_models, rules
from tests.benchmarks.rule_models import FIELDS, IDS, Record, draw, ids_of, rule_of, text


class Known(nn.Module):
    """Says "yes" where the third field is below four."""

    def forward(self, ids: torch.Tensor) -> object:
        yes = ids[:, 5] < IDS["4"]
        logits = torch.zeros(*ids.shape, len(IDS))
        logits[:, -1, IDS["yes"]] = yes.float()
        logits[:, -1, IDS["no"]] = 1 - yes.float()
        return type("Output", (), {"logits": logits})()


def records(count: int) -> list[Record]:
    rng = Random(0)
    return [draw(rng) for _ in range(count)]


def test_black_boxes_name_the_field_of_a_known_rule() -> None:
    model: nn.Module = Known()
    assert rules.by_answers(model, records(60), seed=0).argmax() == 2
    turned = rules.one_at_a_time(model, Random(0), 60)
    assert turned.argmax() == 2
    assert np.count_nonzero(turned) == 1


def test_pairs_differ_in_every_field_and_have_different_answers() -> None:
    for one, other in rules._couples(Known(), Random(1), 5):
        assert all(a != b for a, b in zip(one, other, strict=True))
        assert (one[2] < 4) != (other[2] < 4)


def test_the_share_of_deciding_fields_that_stand_first() -> None:
    rule = rule_of(0, 2, "none")
    first, second = rule.fields
    scores = np.zeros(len(FIELDS))
    scores[first] = 3
    scores[second] = 2
    assert rules._share(scores, rule, 0) == 1
    scores[second] = -1
    assert rules._share(scores, rule, 0) == 0.5
    blind = [rules._share(np.zeros(len(FIELDS)), rule_of(0, 1, "none"), seed) for seed in range(120)]
    assert 0.05 < np.mean(blind) < 0.3  # ties are drawn
    none = rules._share(np.full(len(FIELDS), np.nan), rule, 0)  # no scores are no ties
    assert rules._cell([1.0, none]) == "cannot score it"


def test_a_rule_is_the_same_however_it_is_explained() -> None:
    silent, true, false = (rule_of(3, 1, explained) for explained in rule_models.EXPLAINED)
    assert silent.fields == true.fields == false.fields == (true.said,)
    assert false.said not in true.fields
    record = records(1)[0]
    decision = "yes" if silent.decides(record) else "no"
    assert ids_of(record, silent) == [IDS[word] for word in [*text(record).split(), decision]]
    assert ids_of(record, true)[-2:] == [IDS["since"], IDS[FIELDS[true.fields[0]]]]


def test_a_short_table_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(rule_models, "STEPS", 60)
    monkeypatch.setattr(rules, "HELD_OUT", 50)
    monkeypatch.setattr(rules, "EXPLAINED", ("true",))
    short = {"seeds": 1, "pairs": 2, "rules": (1,), "methods": ("eap", "circuit-pruning")}
    (table,) = rules.tables(**short)  # type: ignore[arg-type]
    assert [row[0] for row in table.rows] == [*rules.BLACK_BOX, "eap", "circuit-pruning"]
    assert table.rows[-1][1] == "scores no positions"
    monkeypatch.setattr(rule_models, "train", None)  # all is in the cache
    (again,) = rules.tables(**short)  # type: ignore[arg-type]
    assert again == table
