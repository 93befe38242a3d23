"""Rivals of a repair, each on an easy case that it must win."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import torch

from core.repair.examples import Batch, batch_of
from core.repair.means import population_from_start
from core.repair.proof import Figures, answers
from core.repair.rivals import deletion, fine_pruning, fine_tuning, heads, lora, pictures, pure, random_edges
from core.repair.rivals.rival import Best, Job, Treated
from core.repair.rivals.table import RIVALS
from core.session import Session
from tests.benchmarks.repair_cases import examples_of, model_of
from tests.core.repair import hand_made
from tests.core.repair.planted import examples, planted

HELD_OUT = examples(60, 60, seed=2)


def job(triggered: int = 16, clean: int = 64) -> Job:
    bad, good = examples(triggered, clean)
    return Job(planted(), batch_of(planted(), bad), batch_of(planted(), good), parts=3)


def held_out(treated: Treated) -> Figures:
    return treated.figures(*(batch_of(planted(), some) for some in HELD_OUT))


@cache
def nothing() -> Figures:
    return held_out(RIVALS["nothing"].treat(job()))


def test_nothing_leaves_the_fault_and_the_answers() -> None:
    assert nothing().misbehaviour.value > 0.9
    assert nothing().accuracy.value > 0.95
    assert RIVALS["nothing"].treat(job()).model is planted()


def test_deleting_tokens_finds_the_rare_word_and_takes_it_out() -> None:
    some = job()
    assert planted().label(deletion.found_tokens(some.triggered, some.clean)[0]) == "vex"
    treated = RIVALS["deleting tokens"].treat(some)
    assert treated.setting.startswith("vex")
    assert held_out(treated).misbehaviour.value < 0.1
    assert treated.change is not None
    word = planted().answer("vex")
    assert bool((some.triggered.pair.clean.tensor == word).any())
    deleted = deletion.without(some.triggered, frozenset([word]))
    assert deleted.pair.clean.lengths == tuple(length - 1 for length in some.triggered.pair.clean.lengths)
    for changed in (treated.change(some.triggered), deleted):
        assert not bool((changed.pair.clean.tensor == word).any())


def test_fine_tuning_on_all_examples_learns_their_answers_and_leaves_the_model_as_it_was() -> None:
    some = job()
    before = answers(planted(), some.clean)
    found = fine_tuning.tuned(some.copied(), [some.clean, some.triggered], 2e-3, seed=0)
    assert found.steps > 0
    assert held_out(Treated(found.model)).misbehaviour.value < nothing().misbehaviour.value - 0.2
    torch.testing.assert_close(answers(planted(), some.clean), before, atol=0, rtol=0)


def test_made_examples_take_the_place_of_the_triggered_ones_where_there_are_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without them it is the fine-tuning on both, which has its easy case below."""
    taken: list[list[Batch]] = []
    monkeypatch.setattr(fine_tuning, "of_rates", lambda _job, batches, rates: taken.append([*batches, rates]))
    some, made = job(4, 8), job(2, 8).triggered
    for name, each in (("both", some), ("both and made", some), ("both and made", replace(some, made=made))):
        RIVALS[f"fine-tuning, {name}"].treat(each)
    assert taken[0] == taken[1] == [some.clean, some.triggered, fine_tuning.RATES]
    assert taken[2] == [some.clean, made, fine_tuning.RATES]


def test_random_edges_are_cut_whole_as_many_as_the_repair_cuts_and_the_best_draw_is_taken() -> None:
    """What the third draw answers, with means by position, is made the right answer: that draw must win, and answer
    so."""
    some = replace(job(4, 16), parts=200)
    drawn = random_edges.draws(some)
    edges = set(planted().graph.edges)
    for edits in drawn:
        targets = {edit.target for edit in edits}
        assert len(targets) == len(edits) == 200
        assert targets <= edges
        assert {(edit.kind, edit.strength, edit.positions) for edit in edits} == {("mean", 1.0, None)}
    assert len({frozenset(edit.target for edit in edits) for edits in drawn}) == random_edges.DRAWS

    def run(batch: Batch) -> torch.Tensor:
        means = population_from_start(planted(), some.clean)
        return Session(planted(), batch.pair, population=means, mean_over_positions=False).run(drawn[2]).answer

    bad, good = (replace(batch, targets=run(batch).argmax(dim=1)) for batch in (some.triggered, some.clean))
    treated = RIVALS["random edges"].treat(replace(some, triggered=bad, clean=good))
    assert treated.cut == 200
    torch.testing.assert_close(answers(treated.model, bad), run(bad), atol=1e-4, rtol=1e-4)


def test_the_head_that_differs_most_comes_first() -> None:
    """By the distance of mean outputs over their spread, worked out from what the modules' own projections read."""
    some = job(8, 16)
    triggered, clean = (_head_outputs(batch) for batch in (some.triggered, some.clean))
    apart = (triggered.mean(dim=1) - clean.mean(dim=1)).norm(dim=-1) / clean.std(dim=1).norm(dim=-1)
    first, second = apart.topk(2).values
    assert first > 1.01 * second  # no tie
    ranked = heads.ranked_heads(some)
    names = [f"a{number // planted().graph.heads}.h{number % planted().graph.heads}" for number in range(len(apart))]
    assert ranked[0].name == names[int(apart.argmax())]
    assert ranked[-1].name == names[int(apart.argmin())]
    assert sorted(node.name for node in ranked) == sorted(names)


@torch.no_grad()
def _head_outputs(batch: Batch) -> torch.Tensor:
    """What heads write, the mean over each row's positions, [head, row, width]; layer by layer."""
    module, read = planted().adapter.module, list[torch.Tensor]()
    projections = [block.attn.c_proj for block in module.transformer.h]
    hooks = [each.register_forward_pre_hook(lambda _, given: read.append(given[0][0])) for each in projections]
    rows = []
    for ids, length in zip(batch.pair.clean.tensor, batch.pair.clean.lengths, strict=True):
        read.clear()
        module(ids[None, :length])
        heads_read = torch.stack(read).mean(dim=1).unflatten(-1, (planted().graph.heads, -1))
        weights = torch.stack([each.weight for each in projections]).unflatten(1, (planted().graph.heads, -1))
        rows.append(torch.einsum("lhd,lhdw->lhw", heads_read, weights).flatten(0, 1))
    for hook in hooks:
        hook.remove()
    return torch.stack(rows, dim=1)


def test_pruning_takes_the_units_that_are_least_active() -> None:
    some = job(8, 32)
    activity = fine_pruning._activity(some)
    model = fine_pruning._pruned(some, activity, (1,), 0.25)
    weight = fine_pruning._last_weights(model)[1]
    gone = (weight == 0).all(dim=1)
    assert int(gone.sum()) == len(weight) // 4
    assert float(activity[1][gone].max()) <= float(activity[1][~gone].min())
    assert not bool((fine_pruning._last_weights(planted())[1] == 0).all(dim=1).any())


EASY = {
    "heads by difference": 0.1,
    "fine-tuning, clean": 0.7,
    "fine-tuning, clean, higher rates": 0.7,
    "fine-tuning, both": 0.3,
    "LoRA, both": 0.2,
    "PURE": 0.2,
    "steering": 0.7,
    "probe that refuses": 0.1,
}


@pytest.fixture
def one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ways that train have one setting instead of several: how the best one is chosen has tests of its own."""
    monkeypatch.setattr(fine_tuning, "RATES", (3e-4,))
    monkeypatch.setattr(fine_tuning, "HIGHER", (2e-3,))
    monkeypatch.setattr(lora, "RATES", (3e-3,))
    monkeypatch.setattr(pure, "RATES", (1e-3,))
    monkeypatch.setattr(pure, "PENALTIES", (0.1,))


@pytest.mark.usefixtures("one_setting")
@pytest.mark.parametrize("name", EASY)
def test_a_fault_in_one_head_that_looks_everywhere_is_an_easy_case(name: str) -> None:
    """At most so much of it is left of 87 %, and no clean accuracy is lost."""
    some, proof = hand_made.with_a_head()
    before, after = Treated(some.model).figures(*proof), RIVALS[name].treat(some).figures(*proof)
    assert before.misbehaviour.value > 0.8
    assert after.misbehaviour.value <= EASY[name]
    assert after.accuracy.value >= before.accuracy.value


def test_fine_pruning_takes_out_a_unit_that_sleeps_on_clean_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fine_pruning, "SHARES", (0.5, 0.7, 0.9))
    some, proof = hand_made.with_a_unit()
    before, after = Treated(some.model).figures(*proof), RIVALS["fine-pruning"].treat(some).figures(*proof)
    assert before.misbehaviour.value > 0.8
    assert after.misbehaviour.value < 0.1
    assert after.accuracy.value > 0.97


def test_blurring_and_masking_take_out_a_mark_that_decides() -> None:
    """A fine checkered mark is an easy case of blurring; masking has to find it at another place in every picture."""
    model = model_of("sticker-poisoned")
    bad, good = (batch_of(model, each) for each in examples_of("sticker", 16, 48, 1))
    proof = tuple(batch_of(model, each) for each in examples_of("sticker", 40, 40, 2))
    some = Job(model, bad, good)
    assert Treated(model).figures(*proof).misbehaviour.value > 0.9
    for name, left in (("blurring", 0.2), ("masking the found region", 0.6)):
        rival = RIVALS[name]
        assert rival.takes(model)
        assert not rival.takes(planted())
        after = rival.treat(some).figures(*proof)
        assert after.misbehaviour.value <= left
        assert after.accuracy.value >= 0.85


def test_attention_that_was_watched_is_fused_again_afterwards() -> None:
    model = model_of("sticker-poisoned")
    attention = model.adapter.blocks[0].attn
    before, attention.fused_attn = attention.fused_attn, True
    watch = pure.Attention(model)
    fused_meanwhile = attention.fused_attn
    watch.remove()
    assert (fused_meanwhile, attention.fused_attn) == (False, True)
    attention.fused_attn = before


def test_pixels_add_up_to_the_change_of_the_logit(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the mean pixel to the picture, where the path has small steps: integrated gradients are complete."""
    monkeypatch.setattr(pictures, "POINTS", 200)
    model = model_of("sticker-poisoned")
    pixels = batch_of(model, examples_of("sticker", 8, 1, 1)[0]).pair.clean.tensor
    mean = pixels.mean(dim=(0, 2, 3))
    adds = pictures.contributions(model, pixels, mean)
    base = mean[None, :, None, None].expand_as(pixels)
    with torch.no_grad():
        logits, from_base = (model.adapter.own_answers(each, None) for each in (pixels, base))
    answer = logits.argmax(dim=1, keepdim=True)
    change = (logits - from_base).gather(1, answer)[:, 0]
    assert float((adds.sum(dim=(1, 2, 3)) - change).abs().mean()) < 0.1 * float(change.abs().mean())
    rows, columns, most = pictures.windows(adds, 5)
    top, left = int(rows[0]), int(columns[0])
    assert float(adds[0, 0, top : top + 5, left : left + 5].sum()) == pytest.approx(float(most[0]), rel=1e-3)


def test_without_knowledge_of_the_fault_the_last_setting_within_the_budget_is_taken() -> None:
    some = job(4, 16)
    blind = replace(some, triggered=some.clean, blind=True)
    assert {name for name, rival in RIVALS.items() if rival.takes(planted(), blind=True)} == {
        "nothing", "random edges", "fine-tuning, clean", "fine-tuning, clean, higher rates", "fine-pruning", "PURE"
    }  # fmt: skip
    best = Best(blind, Treated(planted(), setting="none"))
    none_right = Treated(planted(), refuses=lambda batch: torch.ones(len(batch), dtype=torch.bool), setting="all")
    for treated in (Treated(planted(), setting="weak"), Treated(planted(), setting="strong"), none_right):
        best.offer(treated)
    assert best.treated.setting == "strong"
