"""Edits as values: what they may be, and how text is read as one."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from core.edits import Edit, edit_words, parse_edit, resolve
from core.errors import ArgumentError, EditError
from core.graph import Edge, Graph, Node, Reader
from core.positions import Extent, Positions

GRAPH = Graph(layers=2, heads=2, kv_heads=2)
WIDTH = 3
FIVE = Extent((5,), 5, {"subject": ((1, 3),)})


def test_an_edits_target_is_a_node_a_reader_or_an_edge() -> None:
    assert resolve(Edit("m1", "zero"), GRAPH, FIVE, WIDTH).target == Node("mlp", 1)
    assert resolve(Edit("->m1", "zero"), GRAPH, FIVE, WIDTH).target == Reader("mlp", 1)
    assert resolve(Edit("a1.h0<k>", "zero"), GRAPH, FIVE, WIDTH).target == Reader("k", 1, 0)
    edge = Edge(Node("mlp", 0), Reader("logits"))
    assert resolve(Edit("m0->logits", "zero"), GRAPH, FIVE, WIDTH).target == edge
    assert resolve(Edit(edge, "zero"), GRAPH, FIVE, WIDTH).target == edge
    assert resolve(Edit(Node("logits"), "zero"), GRAPH, FIVE, WIDTH).target == Reader("logits"), "it only reads"


@pytest.mark.parametrize(
    ("positions", "absolute"),
    [
        (None, None),
        ([3], (3,)),
        (3, (3,)),
        ([-1, 0, 4], (0, 4)),
        ([2, 1, 2], (1, 2)),
        (range(5), None),
        ([-5], (0,)),
        ("subject", (1, 2)),
        (["subject", -1], (1, 2, 4)),
        ([0, "subject", 3, 4], None),
    ],
)
def test_positions_become_absolute_and_sorted(positions: Positions | None, absolute: tuple[int, ...] | None) -> None:
    resolved = resolve(Edit("m0", "zero", positions), GRAPH, FIVE, WIDTH)
    assert resolved.positions == (None if absolute is None else (absolute,))


@pytest.mark.parametrize("position", [5, -6, 100])
def test_positions_outside_the_input_are_refused(position: int) -> None:
    with pytest.raises(EditError, match=rf"{position}.*0 to 4"):
        resolve(Edit("m0", "zero", [0, position]), GRAPH, FIVE, WIDTH)


def test_no_positions_are_refused() -> None:
    with pytest.raises(EditError, match="no positions"):
        resolve(Edit("m0", "zero", []), GRAPH, FIVE, WIDTH)


def test_kinds_that_do_not_exist_and_a_scale_without_a_factor_are_refused() -> None:
    with pytest.raises(EditError, match="patch, zero, mean, scale"):
        Edit("m0", "cut")  # type: ignore[arg-type]
    with pytest.raises(EditError, match=r"value\. Write m3=scale:0\.5, or value=0\.5\."):
        Edit("m0", "scale")
    with pytest.raises(EditError, match="one number"):
        Edit("m0", "scale", value=[1.0, 2.0])
    with pytest.raises(EditError, match="nan"):
        Edit("m0", "noise", value=math.nan)


def test_a_vector_to_steer_with_fits_the_stream() -> None:
    for value in ((1, 2, 3), [1.0, 2.0, 3.0], np.array([1, 2, 3]), torch.tensor([1.0, 2.0, 3.0])):
        edit = Edit("m0", "steer", value=value)
        assert resolve(edit, GRAPH, FIVE, WIDTH).value == (1.0, 2.0, 3.0)
        assert hash(edit)
    with pytest.raises(EditError, match="m0 with has 2 numbers, and the stream is 3 wide"):
        resolve(Edit("m0", "steer", value=(1, 2)), GRAPH, FIVE, WIDTH)
    for wrong in (None, 0.5, "left", [], [1.0, math.inf, 0.0]):
        with pytest.raises(EditError, match="vector"):
            Edit("m0", "steer", value=wrong)  # type: ignore[arg-type]


def test_a_direction_may_have_a_level_and_is_not_nought() -> None:
    for value in ((0, 2, 0), (0, 2, 0, -0.5), (0, 2, 0, 1, 1, 1), (0, 2, 0, 1, 1, 1, -0.5)):
        edit = Edit("m0", "project", value=value)
        assert resolve(edit, GRAPH, FIVE, WIDTH).value == value
        assert edit_words(edit) == "a direction taken out"
    for wrong, words in (
        ((0, 0, 0, 1), "no direction"),
        ((1, 2), "3 wide"),
        ((1, 2, 3, 4, 5), "3 wide"),
        ((1, 0, 0, 0, 1, 0), "right angles"),
    ):
        with pytest.raises(EditError, match=words):
            resolve(Edit("m0", "project", value=wrong), GRAPH, FIVE, WIDTH)
    with pytest.raises(EditError, match="strength 2"):
        Edit("m0", "project", value=(1, 2, 3), strength=2)


def test_a_vector_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "vector.json"
    path.write_text("[1, 2.5, -3]")
    assert parse_edit(f"m0=steer:{path}@-1") == Edit("m0", "steer", -1, (1.0, 2.5, -3.0))
    path.write_text('{"vector": [1]}')
    for name in (path, tmp_path / "none.json"):
        with pytest.raises(EditError, match="No vector can be read from"):
            parse_edit(f"m0=steer:{name}")


@pytest.mark.parametrize("target", ["m9", "a1.h7->logits", Node("mlp", 9), Reader("mlp", 9), Node("head", 0, 2)])
def test_targets_outside_the_model_are_refused(target: Node | Reader | str) -> None:
    with pytest.raises(ArgumentError):
        resolve(Edit(target, "zero"), GRAPH, FIVE, WIDTH)


def test_an_edge_that_goes_back_is_refused() -> None:
    with pytest.raises(ArgumentError, match="writes after"):
        resolve(Edit(Edge(Node("mlp", 1), Reader("mlp", 0)), "zero"), GRAPH, FIVE, WIDTH)


@pytest.mark.parametrize(
    "text",
    [
        "m3=zero",
        "a9.h6->a10.h7<q>=patch",
        "m3=mean@4,5",
        "->m3=scale:0.5@-1",
        "input=scale:-2",
        "m3=mean@subject",
        "m3=zero@4,subject,-1,verb.2",
        "m3=noise:0.5#7@1",
        "m3=resample#2",
    ],
)
def test_an_edit_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_edit(text)) == text


def test_text_is_read_as_an_edit() -> None:
    assert parse_edit("m3=scale:0.5@4,5") == Edit("m3", "scale", (4, 5), 0.5)
    assert parse_edit("m3=noise") == Edit("m3", "noise", value=1.0)
    assert parse_edit("m3=zero@subject, -1") == Edit("m3", "zero", ("subject", -1))


@pytest.mark.parametrize(
    "text",
    [
        "m3",
        "=zero",
        "m3=cut",
        "m3=scale",
        "m3=scale:x",
        "m3=zero@1.5",
        "m3=zero@1,",
        "m3=zero@a b",
        "m3=zero#1",
        "m3=noise#x",
        "m3=mean:2",
        "m3=steer",
    ],
)
def test_text_that_is_no_edit_is_refused(text: str) -> None:
    with pytest.raises(EditError):
        parse_edit(text)


def test_the_strength_of_an_edit_is_written_and_read() -> None:
    edit = Edit("m3", "noise", [4], 0.5, 0.25, 7)
    assert str(edit) == "m3=noise:0.5*0.25#7@4"
    assert parse_edit(str(edit)) == edit
    assert parse_edit("m3=zero*0.4") == Edit("m3", "zero", strength=0.4)
    assert edit_words(Edit("m3", "zero", strength=0.4)) == "zero, 40 %"
    assert edit_words(Edit("m3", "steer", value=[1.0], strength=-2)) == "steer × -2"
    with pytest.raises(EditError, match="a value that is no number"):
        parse_edit("m3=zero*much")


@pytest.mark.parametrize("strength", [math.nan, math.inf])
def test_a_strength_is_a_finite_number(strength: float) -> None:
    with pytest.raises(EditError, match="cannot have the strength"):
        Edit("m0", "zero", strength=strength)


def test_positions_and_strengths_of_numpy_and_pytorch_are_numbers_and_others_are_refused() -> None:
    for positions in (np.int64(2), np.array([2]), torch.tensor(2), torch.tensor([2]), [np.int32(2)], range(2, 3)):
        assert Edit("m0", "zero", positions=positions).positions == (2,)  # type: ignore[arg-type]
    for wrong in (2.0, [2.5], np.float64(2), None.__class__, [None], "a b", ["'+x+'"], ""):
        with pytest.raises(EditError, match="is no position"):
            Edit("m0", "zero", positions=wrong)  # type: ignore[arg-type]
    for target in (3, ["m0"], None):
        with pytest.raises(EditError, match="cannot be edited"):
            Edit(target, "zero")  # type: ignore[arg-type]
    for strength in ("x", None, [0.5], float("nan"), np.float32("inf")):
        with pytest.raises(EditError, match="cannot have the strength"):
            Edit("m0", "zero", strength=strength)  # type: ignore[arg-type]


@pytest.mark.parametrize("strength", [2.0, -0.5, math.nan, "full"])
def test_a_strength_is_from_none_to_the_whole_edit(strength) -> None:
    with pytest.raises(EditError, match=f"strength {strength}"):
        Edit("m3", "zero", strength=strength)
    if isinstance(strength, float) and math.isfinite(strength):
        Edit("m3", "steer", value=[1.0], strength=strength)  # how often the vector is added


def test_what_is_no_edit_is_refused() -> None:
    for wrong in ("m1", None, Node("mlp", 1)):
        with pytest.raises(ArgumentError, match="is no edit"):
            resolve(wrong, GRAPH, FIVE, WIDTH)  # type: ignore[arg-type]
