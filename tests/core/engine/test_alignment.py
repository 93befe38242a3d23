"""Means over rows of other lengths: over what corresponds, never a row's own value, by hooks on the model's own MLP."""

from __future__ import annotations

import pytest
import torch

import wirescope as ws
from core.engine.alignment import Alignment
from core.errors import EditError
from tests.core.engine.cases import case

METRIC = ws.logit_difference(1, 2)
TEXTS = {5: [3, 1, 4, 1, 5], 6: [9, 2, 6, 5, 3, 5], 7: [8, 9, 7, 9, 3, 2, 3], 1: [4]}


def rows(*lengths: int, **roles: list[tuple[int, int]]) -> list[ws.Pair]:
    """Pairs of some lengths, the same texts shifted by a token."""
    found = []
    for number, length in enumerate(lengths):
        pair = case("gpt2").model.pair(torch.tensor([[(token + number) % 23 for token in TEXTS[length]]]))
        found.append(pair.with_roles({name: [spans[number]] for name, spans in roles.items()}))
    return found


def written(pair: ws.Pair) -> torch.Tensor:
    """What the first MLP writes: [position, width]."""
    module, found = case("gpt2").module, []
    hook = module.transformer.h[0].mlp.register_forward_hook(lambda _m, _i, out: found.append(out[0]))  # type: ignore[union-attr,index]
    with torch.no_grad():
        module(pair.clean.tensor)
    hook.remove()
    return found[0]


def metric_with(pair: ws.Pair, position: int, value: torch.Tensor) -> float:
    """The metric where the first MLP writes something else at a position."""

    def replaced(_module: object, _inputs: object, out: torch.Tensor) -> torch.Tensor:
        out = out.clone()
        out[0, position] = value
        return out

    module = case("gpt2").module
    hook = module.transformer.h[0].mlp.register_forward_hook(replaced)  # type: ignore[union-attr,index]
    with torch.no_grad():
        answer = module(pair.clean.tensor).logits[0, -1]
    hook.remove()
    return float(answer[1] - answer[2])


def mean_edit(pair: ws.Pair, dataset: list[ws.Pair], positions: list[int | str]) -> float:
    session = ws.Session(case("gpt2").model, pair, METRIC, dataset=ws.Dataset(dataset))
    return float(session.run([ws.Edit("m0", "mean", positions=positions)]).metric)


@pytest.mark.parametrize("lengths", [(6, 6, 7), (6, 7, 7), (5, 6, 7), (7, 5)])
def test_where_the_answer_is_read_the_mean_is_over_the_ends_of_all_rows(lengths: tuple[int, ...]) -> None:
    pairs = rows(*lengths)
    for end in (-1, -2):
        value = torch.stack([written(pair)[end] for pair in pairs]).mean(dim=0)
        for pair in pairs:
            found = mean_edit(pair, pairs, [end])
            assert found == pytest.approx(metric_with(pair, pair.length + end, value), abs=1e-9)
            assert abs(found - metric_with(pair, 0, written(pair)[0])) > 1e-4, "it does something"
    first = torch.stack([written(pair)[0] for pair in pairs]).mean(dim=0)
    for pair in pairs:
        assert mean_edit(pair, pairs, [0]) == pytest.approx(metric_with(pair, 0, first), abs=1e-9)


def test_a_mean_in_a_role_is_over_the_same_role() -> None:
    pairs = rows(6, 6, 7, name=[(1, 2), (3, 4), (2, 5)])
    last = torch.stack([written(pairs[0])[1], written(pairs[1])[3], written(pairs[2])[4]]).mean(dim=0)
    assert mean_edit(pairs[0], pairs, ["name"]) == pytest.approx(metric_with(pairs[0], 1, last), abs=1e-9)
    assert mean_edit(pairs[1], pairs, ["name"]) == pytest.approx(metric_with(pairs[1], 3, last), abs=1e-9)
    batch = case("gpt2").model.pair(torch.cat([pair.clean.tensor for pair in pairs[:2]]))
    batch = batch.with_roles({"name": [(1, 2), (3, 4)]})
    two = torch.stack([written(pairs[0])[1], written(pairs[1])[3]]).mean(dim=0)
    found = ws.Session(case("gpt2").model, batch, METRIC).run([ws.Edit("m0", "mean", positions=["name"])]).metric
    for row, place in enumerate((1, 3)):
        assert float(found[row]) == pytest.approx(metric_with(pairs[row], place, two), abs=1e-9)


def test_a_mean_that_would_be_a_rows_own_value_is_refused() -> None:
    pairs = rows(1, 7)
    for run in (lambda: mean_edit(pairs[1], pairs, [3]), lambda: mean_edit(pairs[1], pairs, [-1, 2])):
        with pytest.raises(EditError, match="one alone has a position 1, from its start or from its end"):
            run()
    session = ws.Session(case("gpt2").model, pairs[1], METRIC, dataset=ws.Dataset(pairs), mean_over_positions=True)
    assert session.run([ws.Edit("m0", "mean", positions=[3])]).metric != session.clean.metric


def test_rows_of_one_length_correspond_by_number() -> None:
    alignment = Alignment([4, 4, 4], {})
    assert alignment.plain
    assert alignment.places([4, 4], {}, 4).tolist() == [[0, 1, 2, 3]]
    assert alignment.places([3], {}, 4).tolist() == [[0, 2, 3, 0]], "a shorter row from its nearer end"
