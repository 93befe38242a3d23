"""`wirescope bench repair`, short: a table of the repair and its rivals, on one seed."""

from __future__ import annotations

import pytest

from tests.benchmarks.repair import HEADS, spread, table_of
from tests.core.repair.planted import MODEL


def test_the_table_has_a_row_a_way_with_held_out_figures() -> None:
    table = table_of(
        MODEL,
        seeds=1,
        triggered=4,
        clean=16,
        held_out=40,
        rivals=("nothing", "deleting tokens"),
        most=0.03,
        levels=("nodes",),
    )
    assert table.heads == HEADS
    assert [row[0] for row in table.rows] == ["repair, nodes", "nothing", "deleting tokens"]
    figures = {row[0]: float(row[1].removesuffix(" %")) for row in table.rows}
    assert figures["nothing"] > 90
    assert figures["deleting tokens"] < 20
    assert table.rows[1][2:5] == ["0.0", "0.000", "0.00 %"]
    assert "40 held-out inputs" in table.title


def test_a_mean_stands_with_half_its_interval() -> None:
    assert spread([1.0, 3.0], " %") == "2.0 ± 12.7 %"
    assert spread([5.0], "") == "5.0"
    assert float(spread([1.0, 2.0, 3.0], "", 3).split()[2]) == pytest.approx(4.303 / 3**0.5, abs=1e-3)
