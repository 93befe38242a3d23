"""A head's identity card on patterns made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from core.lens.heads import patch_traits, token_traits

IDS = [7, 1, 2, 3, 1, 2]  # 1 and 2 come twice


def traits(weights, **more) -> dict[str, float]:
    return {trait.name: trait.value for trait in token_traits(np.asarray(weights, np.float32), IDS, **more)}


def test_a_head_that_reads_the_token_before() -> None:
    weights = np.eye(6, k=-1)
    weights[0, 0] = 1
    found = token_traits(weights.astype(np.float32), IDS)
    assert (found[0].name, found[0].value, found[0].over) == ("previous token", 1.0, 5)
    assert found[0].source == "Olsson et al. 2022"


def test_induction_reads_what_followed_and_duplicates_the_same_token() -> None:
    """At the second 1 (position 4) the copy is at 1 and what followed at 2; at the second 2 they are at 2 and 3."""
    weights = np.zeros((6, 6))
    weights[4, 2], weights[4, 1] = 0.75, 0.25
    weights[5, 3], weights[5, 2] = 0.5, 0.25
    found = traits(weights)
    assert found["induction"] == pytest.approx((0.75 + 0.5) / 2)
    assert found["duplicate token"] == pytest.approx(0.25)


def test_without_repeats_there_is_no_induction_score() -> None:
    found = token_traits(np.eye(3, dtype=np.float32), [1, 2, 3])
    assert {trait.name for trait in found} == {"previous token", "first position"}


def test_copying_counts_the_queries_that_push_what_they_read() -> None:
    weights = np.eye(6, k=-1)
    pushed = [[0], [7, 9], [5], [2], [1, 3], [6]]  # at 1, 3 and 4 the token read is among them
    assert traits(weights, pushed=pushed)["copying"] == pytest.approx(3 / 5)


def test_a_head_that_reads_its_own_patch_and_one_that_reads_evenly() -> None:
    own = np.eye(10, dtype=np.float32)  # CLS and 3 x 3 patches
    found = patch_traits(own, (3, 3), 1)
    assert (found[0].name, found[0].value) == ("itself", 1)
    assert (found[-1].name, found[-1].value) == ("distance", 0)
    even = np.full((9, 9), 1 / 9, np.float32)
    values = {trait.name: trait.value for trait in patch_traits(even, (3, 3), 0)}
    assert values["distance"] == pytest.approx(1)
    assert values["itself"] == pytest.approx(1 / 9)
    assert values["neighbours"] == pytest.approx((4 * 3 + 4 * 5 + 8) / 81)
    assert "class token" not in values


def test_a_head_that_reads_the_class_token() -> None:
    weights = np.zeros((10, 10), np.float32)
    weights[:, 0] = 1
    found = patch_traits(weights, (3, 3), 1)
    assert (found[0].name, found[0].value) == ("class token", 1.0)
