"""Positions by number, from the end and by role, in rows of one length and of several."""

from __future__ import annotations

import pytest

from core.errors import EditError, InputError
from core.positions import Extent, Positions, check_roles, parse_role

ROLES = {"subject": ((0, 2), (2, 3), (1, 4)), "verb": ((4, 6), (3, 4), (0, 1))}
EXTENT = Extent((6, 4, 5), 6, ROLES)  # the second and the third row are padded


@pytest.mark.parametrize(
    ("positions", "rows"),
    [
        (0, ((0,), (0,), (0,))),
        (-1, ((5,), (3,), (4,))),
        ([-2, 3], ((3, 4), (2, 3), (3,))),
        ("subject", ((0, 1), (2,), (1, 2, 3))),
        (["subject", "verb"], ((0, 1, 4, 5), (2, 3), (0, 1, 2, 3))),
        (["subject", -1], ((0, 1, 5), (2, 3), (1, 2, 3, 4))),
    ],
    ids=str,
)
def test_positions_of_rows_of_different_lengths(positions: Positions, rows: tuple[tuple[int, ...], ...]) -> None:
    assert EXTENT.rows(positions) == rows


def test_all_that_is_real_of_every_row_is_everything() -> None:
    assert Extent((2, 1), 2, {"all": ((0, 2), (0, 1))}).rows("all") is None
    assert Extent((3, 3), 3).rows([0, 1, 2]) is None
    assert Extent((3, 2), 3).rows([0, 1]) == ((0, 1), (0, 1))


def test_a_role_that_nothing_is_called_is_refused_with_the_known_ones() -> None:
    with pytest.raises(EditError, match=r"'object'.*subject, verb"):
        EXTENT.rows("object")
    with pytest.raises(EditError, match=r"'object'.*subject=2:4"):
        Extent((3,), 3).rows(["object"])


@pytest.mark.parametrize(("position", "row"), [(4, 1), (5, 1), (-5, 1), (-6, 1), (7, 0)])
def test_a_position_that_some_row_does_not_have_is_refused_by_that_row(position: int, row: int) -> None:
    with pytest.raises(EditError, match=rf"Position {position} is outside row {row}.*0 to {EXTENT.lengths[row] - 1}"):
        EXTENT.rows([0, position])


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ({"subject": [(0, 7)]}, "subject spans 0:7, and the input has 6"),
        ({"subject": [(3, 3)]}, "3:3"),
        ({"subject": [(-1, 2)]}, "-1:2"),
        ({"subject": [(0, 1), (0, 1)]}, "2 spans for 1 rows"),
        ({"2nd": [(0, 1)]}, "'2nd' cannot be the name"),
        ({"a,b": [(0, 1)]}, "'a,b' cannot be the name"),
        ({"": [(0, 1)]}, "cannot be the name"),
    ],
)
def test_senseless_roles_are_refused(roles: dict[str, list[tuple[int, int]]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_roles(roles, [6])


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("subject=2:4", ("subject", (2, 4))),
        ("subject=2", ("subject", (2, 3))),
        ("end=-1", ("end", (5, 6))),
        ("tail=-2:", ("tail", (4, 6))),
        ("head=:2", ("head", (0, 2))),
        ("middle=1:-1", ("middle", (1, 5))),
    ],
)
def test_text_is_read_as_a_role(text: str, role: tuple[str, tuple[int, int]]) -> None:
    assert parse_role(text, 6) == role


@pytest.mark.parametrize("text", ["subject", "=2:4", "subject=", "subject=x", "subject=1:x", "subject=1:2:3"])
def test_text_that_is_no_role_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="NAME=START:STOP"):
        parse_role(text, 6)
