"""Labels: heads known from their construction get theirs, and no other head does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.errors import ArgumentError
from core.heads.evidence import evidence
from core.heads.function_vector import FunctionVectorScores
from core.heads.identity import head_identities
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
    shown = evidence(model, corpus, "induction", "a1.h1")
    assert shown.queries == sum(row[:place].count(row[place]) > 0 for row in corpus.tolist() for place in range(9))
    assert len(shown.deciles) == 11
    assert shown.deciles == tuple(sorted(shown.deciles))
    for moment in shown.moments:
        row = corpus[moment.row].tolist()
        read = int(moment.key.strip(" #"))
        assert any(row[place] == row[moment.query] and row[place + 1] == read for place in range(moment.query))
        assert moment.before.endswith(f"#{row[moment.query]}")
    with pytest.raises(ArgumentError, match="not asked about 'copying'"):
        evidence(model, corpus, "copying", "a1.h1")


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
