"""Labels: heads known from their construction get theirs, and no other head does."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

import wirescope as ws
from core.errors import ArgumentError, Cancelled
from core.heads.evidence import evidence
from core.heads.function_vector import FunctionVectorScores
from core.heads.identity import head_identities
from core.progress import watched
from tests.ground_truth.programs import PROGRAMS


@pytest.fixture(scope="module")
def corpus() -> torch.Tensor:
    tokens = torch.randint(1, 8, (12, 8), generator=torch.Generator().manual_seed(0))
    return torch.cat([torch.zeros(12, 1, dtype=torch.long), tokens], dim=1)


def test_the_hand_written_heads_get_their_cards_and_no_other_does(corpus: torch.Tensor) -> None:
    model = PROGRAMS["induction"].build().build()
    found = head_identities(model, corpus, period=4, tokens=range(1, 8), start=[0])
    labels = {head: [label.test.name for label in found.labels(head)] for head in found.heads}
    assert labels.pop("a0.h2") == ["previous token"]
    assert labels.pop("a1.h1") == ["induction", "copying"]  # it does write what it reads
    assert not any(labels.values())
    (previous,) = found.labels("a0.h2")
    assert previous.corpus > 0.99
    assert previous.covers > 0.99
    induction = found.labels("a1.h1")[0]
    assert induction.generated > 0.99
    assert 0.3 < induction.covers < 0.7  # where nothing came before, the label tells nothing of it
    assert np.isnan(found.labels("a1.h1")[1].covers)


def test_evidence_shows_where(corpus: torch.Tensor) -> None:
    model = PROGRAMS["induction"].build().build()
    given = {"period": 4, "tokens": range(1, 8), "start": [0]}
    found = head_identities(model, corpus, **given)
    shown = evidence(found, "induction", "a1.h1")
    assert shown.queries == sum(row[:place].count(row[place]) > 0 for row in corpus.tolist() for place in range(9))
    assert len(shown.deciles) == 11
    assert shown.deciles == tuple(sorted(shown.deciles))
    assert shown.deciles[-1] == pytest.approx(max(each.weight for each in shown.best), abs=0.005)
    assert len({each.row for each in shown.best}) == len(shown.best) == 6  # one of an input
    for each in shown.best:
        row = corpus[each.row].tolist()
        read = [key for key, share in zip(each.keys, each.shares, strict=True) if share > 0.2]
        assert read
        assert all(row[key - 1] == row[each.query] and key <= each.query for key in read)
    for kind, head, words in (("copying", "a1.h1", "not asked about 'copying'"), ("induction", "a7.h7", "no head")):
        with pytest.raises(ArgumentError, match=words):
            evidence(found, kind, head)


def test_what_is_stopped_goes_on_and_gives_the_same(corpus: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    model = PROGRAMS["induction"].build().build()
    given = {"period": 4, "tokens": range(1, 8), "start": [0]}
    whole = head_identities(model, corpus, **given)
    monkeypatch.setattr("core.heads.attention.POSITIONS", 9)  # one row at a time
    parts: dict[str, Any] = {}

    def stop() -> bool:
        return "corpus" in parts and parts["corpus"]["rows"] == 5

    with pytest.raises(Cancelled), watched(None, stop):
        head_identities(model, corpus, **given, parts=parts)
    parts = json.loads(json.dumps(parts))
    monkeypatch.setattr("core.heads.identity.copying_scores", None)  # what is measured is not measured again
    found = head_identities(model, corpus, **given, parts=parts)
    for name in ("generated", "corpus", "covers", "rare", "rare_corpus"):
        np.testing.assert_allclose(getattr(found, name), getattr(whole, name), atol=1e-9)
    assert evidence(found, "induction", "a1.h1").deciles == evidence(whole, "induction", "a1.h1").deciles


def test_without_random_heads_there_is_no_label() -> None:
    """Of one head there is none to put together at random: the comparison would be with itself."""
    config = LlamaConfig(
        vocab_size=12, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1,
        num_key_value_heads=1, max_position_embeddings=32,
    )  # fmt: skip
    torch.manual_seed(0)
    model = ws.load_model((LlamaForCausalLM(config).eval(), None))
    found = head_identities(model, period=4, tokens=range(1, 12), start=[0])
    assert np.isinf(found.rare[:4]).all()
    assert not found.passes[:4].any()


def test_a_function_vector_head_needs_more_than_changes_of_its_size() -> None:
    model = PROGRAMS["sort"].build().build()
    effects, turned = np.zeros((2, 8)), np.zeros((2, 8))
    effects[:, 3], effects[:, 5] = 0.1, (0.03, 0.0)  # the second is below the threshold in the mean
    given = {"period": 3, "tokens": range(1, 7), "start": [0]}
    for control, passed in ((0.0, {"a0.h3"}), (0.2, set())):
        turned[:, 0] = control
        vectors = FunctionVectorScores(("a", "b"), effects, turned)
        found = head_identities(model, vectors=vectors, **given)
        assert found.tests[-1].name == "function vector"
        assert {h for h in found.heads for each in found.labels(h) if each.test is found.tests[-1]} == passed


def test_another_program_has_none_of_these() -> None:
    model = PROGRAMS["sort"].build().build()
    found = head_identities(model, period=3, tokens=range(1, 7), start=[0])
    assert found.rows == 0
    assert {label.test.name for head in found.heads for label in found.labels(head)} <= {"copying"}
    assert [label.test.name for label in found.labels("a0.h3")] == ["copying"]  # the largest token is the answer
