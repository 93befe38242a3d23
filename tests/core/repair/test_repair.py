"""A repair of a planted model: the fault goes, the rest stays, and what is proved is what the exported model does."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import wirescope as ws
from core.edited.export import Exported
from core.errors import ArgumentError, Cancelled, InputError, ModelError, WirescopeError
from core.repair import find
from core.repair import repair as flow
from core.repair.examples import batch_of, read_examples, split, with_pictures
from core.repair.find import Search
from core.repair.learn import learn
from core.repair.means import population_from_start
from core.repair.proof import Share, answers, figures
from core.repair.strengths import Strengths
from tests.core.repair.planted import examples, make_quick, planted

HELD_OUT = examples(100, 100, seed=2)


@cache
def repaired(level: str = "edges") -> ws.Repair:
    most = {"edges": 0.003, "nodes": 0.06}[level]  # few parts, since each is searched for
    return ws.repair(
        planted(),
        *examples(),
        held_out=HELD_OUT,
        level=level,
        find="greedy",
        most=most,
        augment=False,  # type: ignore[arg-type]
    )


def test_four_edges_take_some_of_the_fault_away_on_inputs_that_the_repair_has_not_seen() -> None:
    found = repaired()
    assert found.before.misbehaviour.value > 0.9
    assert found.after.misbehaviour.interval[1] < found.before.misbehaviour.interval[0]
    assert found.after.accuracy.value > found.before.accuracy.value - 0.03
    assert len(found.edits) == found.cut == 4
    assert all(edit.kind == "mean" and "->" in edit.name for edit in found.edits)


def test_the_proof_is_what_runs_with_the_cuts_give() -> None:
    found, model = repaired(), planted()
    batch = batch_of(model, HELD_OUT[0])
    clean = batch_of(model, examples()[1])
    session = ws.Session(model, batch.pair, population=population_from_start(model, clean), mean_over_positions=False)
    run = session.run(found.edits)
    assert int((run.answer.argmax(1) != batch.targets).sum()) == found.after.misbehaviour.count
    torch.testing.assert_close(answers(found.repaired, batch), run.answer, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(answers(model, batch), session.clean.answer, atol=1e-4, rtol=1e-4)  # stays as it was


def test_learned_strengths_of_cuts_take_the_fault_away_and_keep_the_rest() -> None:
    bad, good = (batch_of(planted(), some) for some in examples())
    search = Search(planted(), bad, good, "mean")
    before = search.state([])
    cuts, after = learn(search, Strengths(planted().graph, "edges"), allowed=0, updates=20)
    assert after == search.state(cuts)
    assert all(edit.kind == "mean" and 0.02 <= edit.strength <= 1 for edit in cuts)
    assert after.right[0] > before.right[0]
    assert after.right[1] >= before.right[1]
    assert len(cuts) < planted().graph.n_edges / 5


def test_cuts_at_positions_take_the_fault_away_by_made_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    make_quick(monkeypatch)
    found = ws.repair(planted(), *examples(8, 48), held_out=HELD_OUT, level="positions")
    assert found.made > 15
    assert found.after.misbehaviour.interval[1] < found.before.misbehaviour.interval[0]
    assert found.after.accuracy.value > found.before.accuracy.value - 0.05
    assert all(isinstance(edit.positions, tuple) for edit in found.edits)
    assert found.edges == planted().graph.n_edges * found.session.pair.length


def test_progress_tells_each_phase_and_a_cancel_is_heard_in_each() -> None:
    bad, good = examples(4, 8)

    def told(until: str) -> list[tuple[str, float]]:
        parts: list[tuple[str, float]] = []

        def cancelled() -> bool:
            return bool(parts) and parts[-1][0] == until

        ws.repair(
            planted(),
            bad,
            good,
            held_out=HELD_OUT,
            find="greedy",
            most=0.0007,
            augment=False,
            progress=lambda phase, share: parts.append((phase, share)),
            cancelled=cancelled,
        )
        return parts

    parts = told(until="never")
    assert list(dict(parts)) == ["find", "cut", "prove"]
    for phase in ("find", "cut", "prove"):
        shares = [share for name, share in parts if name == phase]
        assert (shares[0], shares[-1]) == (0.0, 1.0)
        assert all(0 <= share <= 1 for share in shares)
        with pytest.raises(Cancelled):
            told(until=phase)


def test_nodes_are_cut_into_the_weights_and_open_in_plain_transformers(tmp_path: Path) -> None:
    found = repaired("nodes")
    exported = found.export(tmp_path / "repaired")
    assert exported.form == "weights"
    card = (exported.folder / "README.md").read_text(encoding="utf-8")
    assert found.words in card
    assert "Wilson" in card
    module = AutoModelForCausalLM.from_pretrained(exported.folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(exported.folder)
    right = 0
    for example in HELD_OUT[0]:
        ids = tokenizer(example.input, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            right += tokenizer.decode(module(ids).logits[0, -1].argmax()) == example.answer
    assert len(HELD_OUT[0]) - right == found.after.misbehaviour.count


def test_a_share_of_the_examples_is_held_out_for_the_proof() -> None:
    bad, good = examples(8, 32)
    found = ws.repair(
        planted(), bad + bad[:1], good + good[:5], held_out=0.25, find="greedy", most=0.0007, augment=False
    )
    assert found.repeats == 6
    assert "left out: 6 repeats" in found.words
    assert (found.used.misbehaviour.of, found.used.accuracy.of) == (6, 24)
    assert (found.after.misbehaviour.of, found.after.accuracy.of) == (2, 8)
    assert len(found.edits) == 1


def test_at_most_half_of_the_examples_are_held_out() -> None:
    some = examples(1, 7)[1]
    assert [len(split(some[:count], 0.5, seed=0)[1]) for count in (7, 5, 4, 3)] == [3, 2, 2, 0]
    assert len(split(some, 0.0, seed=0)[1]) == 0


def test_unknown_words_are_told_from_padding() -> None:
    """Without a padding token the rows are filled with id 0, which is the unknown one here."""
    tokenizer = deepcopy(planted().tokenizer)
    tokenizer.pad_token = None
    assert tokenizer.unk_token_id == 0
    model = replace(planted(), tokenizer=tokenizer)
    bad, good = examples(1, 2)
    some = [bad[0], replace(good[0], input=good[0].input.split(" ", 2)[2])]
    batch = batch_of(model, some)
    assert bool((batch.pair.clean.tensor == 0).any())
    strange = replace(bad[0], input="When")
    with pytest.raises(InputError, match="'When' has words"):
        batch_of(model, [*some, strange])
    tokenizer.eos_token = tokenizer.unk_token  # as in GPT-2, where no word is unknown
    assert len(batch_of(model, [*some, strange])) == 3


def test_of_many_nodes_those_are_measured_whose_edges_gain_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "POOL", 3)
    bad, good = (batch_of(planted(), some) for some in examples(4, 8))
    search, graph = Search(planted(), bad, good, "mean"), planted().graph
    scores = ws.trace(search.scanned[0], "integrated-edges", replacement="mean").values
    sums = dict.fromkeys(graph.writers[1:], 0.0)
    for edge, score in zip(graph.edges, scores, strict=True):
        if edge.writer in sums:
            sums[edge.writer] -= float(score)
    asked: list[list[object]] = []
    monkeypatch.setattr(search, "pool", lambda targets, _: asked.append(targets) or {})
    search.first_pool(list(graph.writers[1:]))
    assert asked == [sorted(sums, key=lambda node: -sums[node])[:3]]


def test_a_card_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.repair.result.export_model", lambda *_: Exported(tmp_path / "away", "weights"))
    with pytest.raises(WirescopeError, match=r"README\.md cannot be read"):
        repaired().export(tmp_path / "away")


def test_an_interval_is_wilsons() -> None:
    low, high = Share(0, 10).interval
    assert low == 0.0
    assert high == pytest.approx(0.2775, abs=1e-4)
    assert Share(5, 10).interval == pytest.approx((0.2366, 0.7634), abs=1e-4)


def _refused(**options: object) -> tuple[type[WirescopeError], str]:
    bad, good = examples(4, 8)
    with pytest.raises(WirescopeError) as error:
        ws.repair(planted(), **{"triggered": bad, "clean": good, "held_out": 0.0, **options})  # type: ignore[arg-type]
    return type(error.value), str(error.value)


def test_what_cannot_be_repaired_is_refused_with_the_reason() -> None:
    bad, good = examples(4, 8)
    no_fault = [replace(example, triggered=True) for example in examples(1, 8, seed=3)[1]]
    kind, words = _refused(triggered=no_fault, clean=good)
    assert (kind, "None of the 8 triggered examples misbehaves" in words) == (InputError, True)
    other = [*bad, replace(bad[0], answer="good" if bad[0].answer != "good" else "bad")]
    for held_out, seed in ((0.0, 0), (0.5, 0), (0.5, 1), (0.5, 2)):  # also where one of the two would be held out
        assert "two right answers" in _refused(triggered=other, held_out=held_out, seed=seed)[1]
    assert "no triggered example" in _refused(triggered=[])[1]
    assert "no clean example" in _refused(clean=[])[1]
    assert _refused(budget=0.0)[0] is ArgumentError
    assert "at least half must be left" in _refused(held_out=0.6)[1]
    assert "is both a triggered and a clean example" in _refused(clean=[*good, replace(bad[0], triggered=False)])[1]
    assert "the repair is made with it too" in _refused(held_out=(bad[1:2], examples(1, 2, seed=3)[1]))[1]
    assert "would leave no model" in _refused(most=0.9)[1]
    assert "There is no level 'rows'" in _refused(level="rows")[1]
    assert "are learned" in _refused(level="positions", find="greedy")[1]
    assert "are learned" in _refused(knowledge="clean", find="greedy")[1]
    assert "triggered, suspicious, clean" in _refused(knowledge="much")[1]
    assert "has no right answer" in _refused(triggered=[replace(example, answer="") for example in bad])[1]
    assert "learned, greedy" in _refused(find="luck")[1]
    foreign = [replace(bad[0], input="When Mary and John went to the store")]
    assert "words that" in _refused(triggered=foreign)[1]
    wrong = [replace(example, answer="anna" if example.answer != "anna" else "omar") for example in good]
    assert "none of the 8 clean examples" in _refused(clean=wrong)[1]


def test_a_repair_that_would_cut_everything_is_refused_and_a_family_without_places_before_the_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    every = [ws.Edit(edge, "mean", strength=0.02) for edge in planted().graph.edges]
    monkeypatch.setattr(flow, "learn", lambda search, *_: (every, search.state([])))
    monkeypatch.setattr(flow, "without_weak", lambda _, cuts, __: cuts)
    assert "would cut 100 % of the edges" in _refused(augment=False, kind="mean")[1]
    monkeypatch.setattr(flow, "Search", lambda *_, **__: pytest.fail("the search has begun"))

    def no_places(*_: object) -> None:
        raise ModelError("This family does not say where its parts are.")

    monkeypatch.setattr("core.edited.plan.layout_of", no_places)
    assert _refused() == (ModelError, "This family does not say where its parts are.")


def test_examples_of_a_file_say_which_line_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "faults.jsonl"
    bad, _ = examples(1, 1)
    line = json.dumps({"input": bad[0].input, "answer": bad[0].answer, "triggered": True})
    file.write_text(f"{line}\n\n", encoding="utf-8")
    assert read_examples(file) == bad
    long = "in 20 " * 60  # longer than the name of a file can be
    (tmp_path / "picture").touch()
    file.write_text(
        json.dumps({"input": long, "answer": "b"}) + '\n{"input": "picture", "answer": "b"}', encoding="utf-8"
    )
    some = read_examples(file)
    assert [each.input for each in some] == [long, "picture"]  # a text stays one, whatever files there are
    assert [each.input for each in with_pictures(some, tmp_path)] == [long, str(tmp_path / "picture")]
    file.write_text(f"{line}\n\n", encoding="utf-8")
    for wrong, words in (
        ('{"input": "a"}', "line 2 is no example"),
        ('{"input": "a", "answer": "b", "why": 1}', "'why'"),
        ('{"input": 3, "answer": "b"}', "text or a path"),
        ('{"input": "a", "answer": true}', "a text or a number"),
        ('{"input": "a", "answer": "b", "triggered": "yes"}', "true or false"),
        ('{"input": "a", "triggered": false}', "line 2 is no example"),
    ):
        file.write_text(f"{line}\n{wrong}\n", encoding="utf-8")
        with pytest.raises(InputError, match=words):
            read_examples(file)


def test_a_model_without_the_plant_has_nothing_to_repair() -> None:
    model = planted()
    batch = batch_of(model, examples(1, 50)[1])
    assert figures(model, None, batch).accuracy.value > 0.95
