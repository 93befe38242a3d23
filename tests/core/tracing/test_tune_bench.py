"""`wirescope bench tune`, short: where adapters are placed, what is trained, and the tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

from core.graph import Graph
from core.models import packs
from tests.benchmarks import repair_outcomes, tune, tune_training, tune_units
from tests.benchmarks.__main__ import main
from tests.benchmarks.tune_places import EVEN, MOST, at_random, even, in_order, maps_of, of_maps, share_in_attention
from tests.benchmarks.tune_tables import Draws, in_short, rates_table, table_of
from tests.benchmarks.tune_tasks import KINDS, SMOLLM2, TASKS, Lesson, names_order
from tests.benchmarks.tune_training import Examples, model_of
from tests.benchmarks.tune_units import ARMS, UNTRAINED, chosen_rates, rates_of, tuning_units

NAMES = "names-order"
COSTS = {f"transformer.h.{layer}.{name}": cost for layer in range(2) for name, cost in
         (("attn.c_attn", 1024), ("attn.c_proj", 512), ("mlp.c_fc", 1280), ("mlp.c_proj", 1280))}  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("WIRESCOPE_CACHE", str(tmp_path))
    threads = torch.get_num_threads()
    yield tmp_path / "bench-tune"
    torch.set_num_threads(threads)


def size(ranks: dict[str, int]) -> int:
    return sum(rank * COSTS[name] for name, rank in ranks.items())


def test_every_order_has_exactly_the_parameters_of_even_ranks_and_fills_what_comes_first() -> None:
    whole = size(even(COSTS))
    for seed in range(20):
        ranks = at_random(COSTS, seed)
        assert size(ranks) == whole
        assert max(ranks.values()) <= MOST
    order = [*COSTS]
    first, *_, last = in_order(order, COSTS).items()
    assert first == (order[0], MOST)
    assert last[0] != order[-1]
    assert at_random(COSTS, 1) == at_random(COSTS, 1) != at_random(COSTS, 2)


def test_a_map_has_the_edges_of_its_part() -> None:
    graph = Graph(layers=2, heads=2, kv_heads=2)
    sizes = np.zeros(graph.n_edges)
    sizes[graph.index("a0.h1->a1.h0<q>")] = 3.0
    sizes[graph.index("m0->m1")] = 5.0
    sizes[graph.index("m1->logits")] = 7.0
    model = type("OfGraph", (), {"graph": graph})()
    values = of_maps(model, sizes, COSTS)
    found = {name.removeprefix("transformer.h."): value for name, value in values.items() if value}
    assert found == {"0.attn.c_proj": 3, "1.attn.c_attn": 3, "0.mlp.c_proj": 5, "1.mlp.c_fc": 5, "1.mlp.c_proj": 7}
    assert share_in_attention({"transformer.h.0.attn.c_proj": 5, "transformer.h.1.mlp.c_fc": 2}, COSTS) == 0.5


@pytest.mark.parametrize("name", TASKS)
def test_a_task_has_words_of_its_own_for_each_part_and_counterfactuals_of_another_answer(name: str) -> None:
    lesson = TASKS[name].draw(Random(0))
    assert lesson == TASKS[name].draw(Random(0)) != TASKS[name].draw(Random(1))
    for item in (*lesson.train, *lesson.validation, *lesson.held_out):
        assert item.answer != item.foil
        assert item.text != item.other
    if name == "smollm2-kind":
        assert {item.answer for item in lesson.held_out} == set(KINDS)
        words = [{item.text for item in part} for part in (lesson.train, lesson.validation, lesson.held_out)]
    else:
        words = [{item.answer for item in part} for part in (lesson.train, lesson.validation, lesson.held_out)]
    assert all(words)
    assert not words[0] & words[1] | words[0] & words[2] | words[1] & words[2]


def check_tokens(lesson: Lesson, model: str) -> None:
    tokenizer = model_of(model).tokenizer
    for part in (lesson.train, lesson.validation, lesson.held_out):
        Examples(model_of(model), part)  # raises where an answer is not one token
        lengths = [[len(tokenizer(text)["input_ids"]) for text in (item.text, item.other)] for item in part]
        assert all(one == other for one, other in lengths)


def test_answers_are_one_token_and_counterfactuals_are_aligned() -> None:
    check_tokens(TASKS[NAMES].draw(Random(3)), TASKS[NAMES].model)


@pytest.mark.packs
@pytest.mark.skipif(not packs.is_installed("smollm2"), reason="needs pack:smollm2")
def test_answers_are_one_token_of_smollm2() -> None:
    for task in TASKS.values():
        if task.model == SMOLLM2:
            check_tokens(task.draw(Random(3)), SMOLLM2)


def few(rng: Random) -> Lesson:
    """A lesson of some examples of each part."""
    lesson = names_order(rng)
    return Lesson(lesson.train[:16], lesson.validation[:8], lesson.held_out[:8])


def test_the_short_mode_trains_every_arm_once_and_the_arms_of_lora_as_many_parameters(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("peft")
    small = replace(TASKS[NAMES], steps=6, batch=4, draw=few)
    monkeypatch.setitem(TASKS, NAMES, small)
    monkeypatch.setattr(tune_training, "KNOWN", 3)
    monkeypatch.setitem(tune_training.PAIRS, small.model, 2)
    before = {name: value.clone() for name, value in model_of(small.model).adapter.module.state_dict().items()}
    assert main(["tune", "--short", "--processes", "1"]) == 0
    table, short, _ = capsys.readouterr().out.split("\n\n")
    assert [line.split("  ")[0] for line in table.splitlines()[3:]] == list(ARMS)
    assert "which of four names: 1 draw, 6 steps of 4 examples" in table
    assert "names-order, 1 draw" in short
    kept = {outcome["arm"]: outcome for outcome in repair_outcomes.kept(NAMES, "tune").values()}
    assert list(kept) == [UNTRAINED, *ARMS]
    costs = maps_of(model_of(small.model).adapter.module)
    whole = EVEN * sum(costs.values())
    placed = [arm for arm in ARMS if arm not in ("AdaLoRA", "full")]
    assert {kept[arm]["parameters"] for arm in placed} == {whole}
    assert sum(kept["AdaLoRA"]["ranks"].values()) == EVEN * len(costs)
    assert kept["full"]["parameters"] > 50 * whole
    losses = {arm: kept[arm]["validation loss"] for arm in kept}
    assert len(set(losses.values())) == len(losses)
    assert all(losses[arm] < losses[UNTRAINED] for arm in ("even", "circuit", "gradient"))
    after = model_of(small.model).adapter.module.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())

    def again(*_: object) -> object:
        raise AssertionError("trained again")

    monkeypatch.setattr(tune_units, "trained", again)
    assert main(["tune", "--short", "--processes", "1", "--minutes", "0"]) == 0
    assert capsys.readouterr().out.split("\n\n")[0] == table
    assert list(tune.finish(tuning_units(NAMES, 1), 1, ends=0.0)) == []  # the time is over
    with pytest.raises(SystemExit):
        main(["tune", "--processes", "0"])


def outcome(arm: str, seed: int, right: float, rate: float = 0.01, **more: float) -> dict[str, object]:
    some = {"arm": arm, "seed": seed, "rate": rate, "held out": right, "known": 0.9 if arm == UNTRAINED else 0.8}
    return some | {"parameters": 10, "seconds": 2.0, "choosing": 0.5, "attention": 0.25, "depth": 0.5} | more


def test_rates_are_those_of_the_best_validation_and_of_equal_ones_that_of_less_loss() -> None:
    accuracies = {0.1: (0.5, 0.7), 0.2: (0.6, 0.6), 0.3: (0.9, 0.2)}
    some = [
        outcome("even", seed, 0.0, rate, validation=accuracies[rate][seed], **{"validation loss": 1 - rate})
        for rate in accuracies
        for seed in (0, 1)
    ]
    assert chosen_rates(some) == {"even": 0.2}
    tried = {task: {len(rates_of(task, arm)) for arm in ARMS} for task in TASKS}
    assert all(counts == {4} for counts in tried.values())
    table = rates_table(Draws(NAMES, [], some))
    assert table.rows == [["even", "60 % at 0.1", "60 % at 0.2", "55 % at 0.3"]]
    assert "2 draws of their own" in table.title


def test_tables_compare_draws_that_all_arms_have() -> None:
    found = []
    for arm, right in ((UNTRAINED, 0.0), ("even", 0.5), ("circuit", 0.53)):
        found += [outcome(arm, seed, right + 0.01 * seed) for seed in range(7)]
    draws = Draws(NAMES, found[:-1])
    assert draws.seeds == list(range(6))
    row = dict(zip(table_of(draws).heads, table_of(draws).rows[1], strict=True))
    assert row["placed"] == "circuit"
    assert row["points over even"] == "3.0 ± 0.0, p 0.031"
    assert row["points over random"] == ""
    assert row["its five behaviours, points lost"] == "10.0 ± 0.0"
    assert "untrained: 2.5 % held out, its five behaviours 90.0 %" in table_of(draws).title
    one = Draws(NAMES, [each for each in found if each["arm"] != "circuit"])
    assert [row[0] for row in table_of(one).rows] == ["even"]
    assert in_short([draws]).rows == [["circuit", "3.0 ± 0.0"]]
