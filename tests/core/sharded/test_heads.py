"""Cards of heads over shards are those over all texts at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import wirescope as ws
from core.errors import InputError
from core.heads.attention import attention_scores
from core.heads.heads_file import read_heads
from core.heads.identity import OF_ATTENTION, HeadIdentities, head_identities
from core.heads.picture_identity import picture_identities
from core.inputs.dataset_columns import FileRow
from core.inputs.few_shot import few_shot_tasks
from core.inputs.tasks import make_task
from core.models.fingerprint import weights_hash
from core.sharded.executors import Workers
from core.sharded.heads import HeadsWork
from core.sharded.heads_over_pairs import heads_over_pairs, tasks_in
from core.sharded.many_pairs import ManyPairs
from core.sharded.progress import RunProgress, read_progress, say_words
from core.studies.few_shot import vectors_of
from core.studies.kept_results import KeptResults
from tests.core.sharded.small_run import ROWS, Backwards, small_model


def texts(model: ws.Model, rows) -> list[torch.Tensor]:
    return [model.pair(row.clean, row.counterfactual).clean.tensor for row in rows]


def test_cards_over_shards_are_those_over_all_texts_at_once(tmp_path: Path) -> None:
    model = small_model()
    pairs = ManyPairs(rows=ROWS[:6], name="rows.csv", shard=4)  # of one length
    identities, what = heads_over_pairs(model, tmp_path / "one", pairs, HeadsWork(3), Workers())
    assert what == "the A of 6 pairs of rows.csv"
    expected = head_identities(model, torch.cat(texts(model, ROWS[:6])), 3)
    for name in ("generated", "corpus", "covers", "rare", "rare_corpus"):
        assert getattr(identities, name) == pytest.approx(getattr(expected, name), abs=1e-12, nan_ok=True), name
    assert np.isfinite(identities.corpus).any()
    assert identities.read.deciles == pytest.approx(expected.read.deciles, nan_ok=True)
    written = json.loads((tmp_path / "one" / "heads.json").read_text())["heads"]
    assert list(written) == list(identities.heads)
    assert written["a0.h1"]["scores"]["previous token"]["corpus"] == identities.corpus[0, 1]


def test_texts_of_several_lengths_add_up_and_a_run_goes_on(tmp_path: Path, monkeypatch) -> None:
    model = small_model()
    monkeypatch.setattr(Workers, "executor", lambda _self, model: Backwards(model, stop=2))

    def run() -> HeadIdentities:
        pairs = ManyPairs(rows=iter(ROWS), name="rows.csv", shard=5)  # three lengths, two of them in a shard
        return heads_over_pairs(model, tmp_path, pairs, HeadsWork(), Workers())[0]

    with pytest.raises(KeyboardInterrupt):
        run()
    monkeypatch.undo()
    identities = run()
    each = [attention_scores(model, text, OF_ATTENTION) for text in texts(model, ROWS)]  # a text at a time
    queries = np.array([scores.queries for scores in each])[:, :, None]
    score = np.nan_to_num([scores.score for scores in each])
    of_texts = (score * queries).sum(axis=0) / np.maximum(queries.sum(axis=0), 1)
    asked = queries.sum(axis=0)[:, 0] > 0
    assert asked.any()
    assert identities.corpus[: len(OF_ATTENTION)][asked] == pytest.approx(of_texts[asked], abs=1e-12)


def test_cards_of_a_model_that_sees_are_those_over_all_pictures_at_once(tmp_path: Path, monkeypatch) -> None:
    model = ws.load_model("bundled:shapes")
    made = make_task("shapes", model, 7, 0)
    pictures = [tmp_path / f"{number}.png" for number in range(len(made.pairs))]
    for path, (clean, _) in zip(pictures, made.pairs, strict=True):
        Image.fromarray(clean).save(path) if isinstance(clean, np.ndarray) else clean.save(path)
    rows = [FileRow(str(path), "", "", "") for path in pictures]
    monkeypatch.setattr(Workers, "executor", lambda _self, model: Backwards(model))
    work = HeadsWork(3, sees=True)
    pairs = ManyPairs(rows=rows, name="pictures", shard=5)
    identities, what = heads_over_pairs(model, tmp_path / "run", pairs, work, Workers())
    assert what == "the A of 7 pairs of pictures"
    expected = picture_identities(model, torch.cat([model.side(str(path)).tensor for path in pictures]), 3)
    assert [test.name for test in identities.tests] == [test.name for test in expected.tests]
    for name in ("generated", "corpus", "covers", "rare", "rare_corpus"):
        assert getattr(identities, name) == pytest.approx(getattr(expected, name), abs=1e-9, nan_ok=True), name
    assert np.isfinite(identities.corpus).any()
    assert identities.passes.tolist() == expected.passes.tolist()
    assert len(read_heads(tmp_path / "run" / "heads.json").tests) == len(identities.tests)


def test_function_vectors_are_scored_task_by_task_and_kept_in_the_folder(tmp_path: Path, monkeypatch) -> None:
    model = ws.load_model("bundled:names")
    tasks = [few_shot_tasks()[name] for name in ("plural", "past-tense", "comparative")]
    monkeypatch.setattr("core.studies.head_corpus.chosen_tasks", lambda _: tasks)
    monkeypatch.setattr("core.studies.few_shot.LIKELY", 1.1)  # what the model can be asked counts as done
    done: list[int] = []

    def executor(*_: object) -> Backwards:
        made = Backwards(model)
        made.done = done
        return made

    monkeypatch.setattr(Workers, "executor", executor)
    work = HeadsWork(vectors=True)

    told: list[RunProgress] = []

    def run() -> HeadIdentities:
        pairs = ManyPairs("capitals", 2, shard=2)
        return heads_over_pairs(model, tmp_path, pairs, work, Workers(2), listener=told.append)[0]

    words: list[str] = []
    monkeypatch.setattr(
        "core.sharded.heads_over_pairs.say_words",
        lambda folder, said: (say_words(folder, said), words.append(read_progress(folder).words)),
    )
    identities = run()
    assert words[-1] == "Function vectors, 100 %"
    assert len(words) == len({*words}), "each is written once"
    shares = [said.done for said in told if said.words.startswith("Function vectors, ")]
    assert (shares, shares[-1]) == (sorted(shares), 100)
    assert len(set(shares)) > 4
    assert told[-1].words == "Heads, 2 of 2 pairs"
    assert sorted(done) == [0, 0, 0, 1, 1, 2], "a shard; three tasks are screened, and two scored"
    assert identities.tests[-1].name == "function vector"
    kept = KeptResults("", None)
    expected = vectors_of(model, tasks[:2], 5, 4, 0, kept).scores
    assert identities.generated[-1].tolist() == expected.tolist()
    scored, left_out = tasks_in(model, tmp_path, work)
    assert scored == ("plural", "past-tense")
    assert left_out[0].startswith("Comparative (")
    about = read_heads(tmp_path / "heads.json").about
    assert (about.tasks, about.left_out) == (scored, left_out), "the file says so too"
    done.clear()
    assert run().generated[-1].tolist() == expected.tolist()
    assert not done, "all of it is kept"
    with pytest.raises(InputError, match="function vectors"):
        heads_over_pairs(model, tmp_path, ManyPairs("capitals", 2, shard=2), HeadsWork(), Workers())


def test_a_model_that_does_not_fit_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    for name, task, sees, words in (
        ("shapes", "shapes", False, "does not tell the next token"),
        ("names", "capitals", True, "sees no pictures"),
    ):
        model, pairs = ws.load_model(f"bundled:{name}"), ManyPairs(task, 4, shard=2)
        with pytest.raises(InputError, match=words):
            heads_over_pairs(model, tmp_path, pairs, HeadsWork(sees=sees), Workers())
        assert not (tmp_path / "progress.json").exists()


def test_the_file_of_cards_is_read_as_it_was_found(tmp_path: Path) -> None:
    model = small_model()
    identities, what = heads_over_pairs(
        model, tmp_path, ManyPairs(rows=ROWS[:6], name="rows.csv", shard=4), HeadsWork(3), Workers()
    )
    file = read_heads(tmp_path / "heads.json")
    assert (file.about.model, file.about.pairs, file.about.corpus) == (model.name, 6, what)
    assert file.about.weights_hash == weights_hash(model.adapter.module)
    assert (file.heads, file.labelled) == (identities.heads, int(identities.passes.any(axis=0).sum()))
    for place, test in enumerate(file.tests):
        assert test.name == identities.tests[place].name
        for name in ("generated", "corpus", "covers", "rare", "rare_corpus", "passes"):
            given = getattr(identities, name)[place]
            assert getattr(test, name) == pytest.approx(given, nan_ok=True), (test.name, name)
        if test.name in identities.read.kinds:
            kind = identities.read.kinds.index(test.name)
            assert test.queries == identities.read.queries[kind]
            assert np.array(test.deciles) == pytest.approx(
                identities.read.deciles[kind] if test.queries else np.array([])
            )


def _score(said: dict[str, Any], *heads: str, **scores: float | None) -> dict[str, Any]:
    for head in heads:
        said["heads"][head]["scores"]["induction"].update(scores)
    return said


def _label(said: dict[str, Any]) -> None:
    said["heads"]["a0.h0"]["labels"].append("induction")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda said: said.pop("about"), "missing required field `about`"),
        (lambda said: said["about"].update(pairs=0), "`int` >= 1"),
        (lambda said: said["heads"]["a0.h0"]["labels"].append("seer"), "the same tests of a0.h0"),
        (lambda said: said["heads"]["a0.h1"]["scores"].pop("induction"), "the same tests of a0.h1"),
        (lambda said: said["heads"]["a0.h0"].update(labels=3), "Expected `array`"),
        (lambda said: said["spread"]["induction"]["deciles"].pop("a0.h0"), "its induction scores are spread"),
        (lambda said: said["spread"]["induction"]["deciles"].update({"a0.h0": [0.5]}), "length >= 11"),
        (lambda said: _score(said, "a0.h0", generated=None), "induction scores on made inputs of some heads alone"),
        (lambda said: _score(said, "a0.h0", corpus=None), "induction scores over the corpus of some heads alone"),
        (lambda said: _score(said, "a0.h0", "a0.h1", generated=None), "no scores of any head"),
        (lambda said: _label(_score(said, "a0.h0", "a0.h1", generated=None)), "no scores by which they do"),
        (lambda said: _score(said, "a0.h0", generated=1e308), "<= 2.0"),
        (lambda said: said["tests"][0].update(threshold=-1e308), ">= -2.0"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, change, words: str) -> None:
    tests = {"name": "induction", "words": "w", "threshold": 0.4, "99 % of random heads below": 0.2}
    tests |= {"99 % of random heads below, corpus": None, "too few heads to compare with": True}
    score = {"generated": 0.5, "corpus": 0.1, "covers": None}
    heads = {f"a0.h{head}": {"labels": [], "scores": {"induction": dict(score)}} for head in range(2)}
    deciles = {head: [0.1] * 11 for head in heads}
    about = {"model": "m", "weights_hash": "0", "pairs": 3, "corpus": "the A of 3 pairs"}
    said = {"about": about, "tests": [tests], "heads": heads}
    said["spread"] = {"induction": {"queries": 3, "deciles": deciles}}
    path = tmp_path / "heads.json"
    path.write_text(json.dumps(said))
    (test,) = read_heads(path).tests
    assert (test.rare, test.rare_corpus, test.queries) == (0.2, np.inf, 3)
    change(said)
    path.write_text(json.dumps(said))
    with pytest.raises(InputError, match=words):
        read_heads(path)
