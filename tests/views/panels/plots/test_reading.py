"""Which point of a figure is read."""

from __future__ import annotations

import numpy as np

from views.panels.plots.reading import REACH, Reading, Spots

FIRST = Spots(np.array([3.0, 1.0, 2.0]), np.array([0.3, 0.1, 0.2]), ("c", "a", "b"))
SECOND = Spots(np.array([1.0, 2.9]), np.array([0.5, 0.6]), ("A", "C"))


def test_the_keys_read_along_a_row_and_go_to_the_next() -> None:
    reading = Reading([FIRST, Spots(np.zeros(0), np.zeros(0), ()), SECOND])
    read = []
    for way in ("right", "right", "right", "right", "down", "left", "up", "last", "first"):
        reading.at = reading.next(way)
        read.append(reading.words)
    assert read == ["a", "b", "c", "c", "C", "A", "a", "c", "a"]
    assert [values.tolist() for values in reading.place] == [[1.0], [0.1]]

    reading.at = None
    reading.at = reading.next("left")
    assert reading.words == "c", "from the right end"
    assert Reading().next("right") is None


def test_the_pointer_reads_the_nearest_within_reach() -> None:
    reading = Reading([FIRST, SECOND])
    assert reading.nearest(lambda row: np.array([9.0, np.nan, 7.0]) if row is FIRST else np.array([8.0, 6.0])) == (1, 1)
    assert reading.nearest(lambda row: np.full(len(row.xs), REACH + 1)) is None
    assert reading.words == ""
    assert [len(values) for values in reading.place] == [0, 0]
