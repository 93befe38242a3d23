"""What the table of heads counts, of scores made up by hand."""

from __future__ import annotations

import numpy as np

from core.heads.identity import TESTS, HeadIdentities
from tests.benchmarks.heads import HEADS, row_of


def test_labels_are_counted_and_the_most_and_the_least_of_what_they_cover_are_named() -> None:
    """Of three heads the first attends to the token before, and is an induction head too; the second is one as well."""
    tests = TESTS[:2]
    generated = np.array([[0.9, 0.1, 0.1], [0.5, 0.6, 0.1]])
    covers = np.array([[0.7, 0.1, 0.1], [0.2, 0.05, 0.9]])
    nothing = np.zeros(2)
    found = HeadIdentities(tests, ("a0.h0", "a0.h1", "a0.h2"), generated, generated, covers, nothing, nothing, 1)
    cells = dict(zip(HEADS, row_of("small", found), strict=True))
    assert (cells["heads"], cells["pass a test"], cells["have two labels"]) == ("3", "2", "1")
    assert (cells["previous token"], cells["induction"], cells["copying"]) == ("1", "2", "0")
    assert cells["a label covers most"] == "previous token of a0.h0: 70 %"
    assert cells["a label covers least"] == "induction of a0.h1: 5 %"
