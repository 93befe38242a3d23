"""Sets of heads and their controls; studies of them that are stopped go on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import wirescope as ws
from core.errors import ArgumentError, Cancelled, InputError
from core.graph import Graph
from core.progress import watched
from core.studies.corpus import text_of, windows
from core.studies.head_sets import Ranking, controls_of, ranking_in, sets_of
from core.studies.heads import key_of, plan_of
from core.studies.kept_results import KeptResults
from core.studies.outcomes import parts, spans
from tests.core.studies.small_comparison import compared


def test_sets_leave_out_the_other_kinds_top() -> None:
    one = Ranking("one", np.arange(100, 0, -1).astype(float))  # 0, 1, 2, ... are first
    other = Ranking("other", np.where(np.arange(100) == 3, 5.0, np.where(np.arange(100) == 0, 4.0, 0.0)))
    sets = {each.name: each.heads.tolist() for each in sets_of([one, other], 0.05)}
    assert sets["one"] == [0, 1, 2, 3, 4]
    assert sets["other"] == [3, 0, 1, 2, 4]
    assert sets["one without other"] == [1, 2, 4, 5, 6]
    assert sets["other without one"] == [3, 2, 4, 5, 6]
    assert sets["both"] == [0, 1, 2, 3, 4]


def test_controls_are_as_many_and_of_the_same_layers() -> None:
    one = Ranking("one", np.isin(np.arange(40), [0, 1, 15]).astype(float))
    two = Ranking("two", np.isin(np.arange(40), [2, 30]).astype(float))
    sets = sets_of([one, two], 0.075)
    taken = np.unique(np.concatenate([each.heads for each in sets]))
    controls = controls_of(sets, 10, 4, 20, 0)
    assert {each.draw for each in controls} == set(range(20))
    for control in controls:
        assert not np.isin(control.heads, taken).any()
        assert len(np.unique(control.heads)) == len(control.heads)
        source = next((each for each in sets if control.name == f"matched to {each.name}"), None)
        if source is not None:
            assert sorted(control.heads // 10) == sorted(source.heads // 10)
    assert len({tuple(each.heads) for each in controls if each.name == "random"}) > 15


def test_a_file_ranks_heads() -> None:
    graph = ws.load_model("bundled:names").graph
    ranking = ranking_in("a3.h1\n a0.h2 \n\n", "mine.txt", graph)
    assert ranking.order[:2].tolist() == [25, 2]
    for text, words in (("a9.h1", "names 'a9.h1', and the model has no such head"), ("\n", "names no heads")):
        with pytest.raises(InputError, match=words):
            ranking_in(text, "mine.txt", graph)
    assert isinstance(graph, Graph)


def test_what_is_lost_is_that_of_runs_with_the_edits() -> None:
    comparison, inputs = compared()
    names, outcome = ws.load_model("bundled:names"), comparison.outcomes["copying"]
    edits = [ws.Edit(head, "zero") for head in ("a0.h0", "a0.h1", "a0.h2")]
    for row, ids in enumerate(inputs.ids):
        session = ws.Session(names, names.pair(ids[None]))
        for made, values in (((), outcome.whole), (edits, outcome.of[key_of("zero", "first", 0.1)])):
            logits = session.run(made, positions="all").logits[0].log_softmax(dim=-1)
            losses = -logits[torch.arange(17), ids[1:]]
            early, late = (losses[span.start - 1 : span.stop - 1].mean() for span in spans("copying", 18))
            assert values[row] == pytest.approx(float(early - late), abs=1e-4)
    key = key_of("mean", "matched to first", 0.1)
    assert len(outcome.of_draw[key]) == 3
    assert outcome.accounts(key_of("zero", "first", 0.1)).value == pytest.approx(
        1 - outcome.of[key_of("zero", "first", 0.1)].mean() / outcome.whole.mean()
    )


def test_all_shares_are_ablated_as_one_chooses() -> None:
    comparison, _ = compared()
    by_zero, _ = compared(main_kind="zero")
    zero, mean = (key_of(kind, "first", 0.1) for kind in ("zero", "mean"))
    outcome = by_zero.outcomes["copying"]
    assert outcome.of[zero] == pytest.approx(comparison.outcomes["copying"].of[zero])
    assert outcome.of[mean] == pytest.approx(comparison.outcomes["copying"].of[mean])  # beside it, of the main share
    assert key_of("zero", "matched to first", 0.1) in outcome.of
    assert key_of("mean", "matched to first", 0.1) not in outcome.of


def test_a_study_that_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.studies.outcomes.POSITIONS", 36)
    kept = KeptResults("key", tmp_path)
    with pytest.raises(Cancelled), watched(None, lambda: "copying 0" in kept):
        compared(kept)
    kept = KeptResults("key", tmp_path)
    assert "copying 0" in kept
    assert "copying 2" not in kept
    first = kept["copying 0"]
    comparison, inputs = compared(kept)
    assert [rows.start for rows in parts(inputs)] == [0, 2]
    assert comparison.outcomes["copying"].whole[:2].tolist() == first["whole"]
    assert not np.isnan(comparison.outcomes["copying"].whole).any()
    file = tmp_path / "key.jsonl"
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") == 2
    file.write_text(text[:-9], encoding="utf-8")  # broken off while it was written
    kept = KeptResults("key", tmp_path)
    assert ("copying 0" in kept, "copying 2" in kept) == (True, False)
    again, _ = compared(kept)
    assert file.read_text(encoding="utf-8") == text
    assert again.outcomes["copying"].whole.tolist() == comparison.outcomes["copying"].whole.tolist()


def test_numbers_that_there_are_not() -> None:
    names, ranking = ws.load_model("bundled:names"), Ranking("first", np.arange(32.0))
    for options, words in (
        ({"shares": (0.0,)}, "above 0 and at most 50 %"),
        ({"kinds": ("noise",)}, "cannot be ablated by 'noise'"),
        ({"draws": 0}, "0 draws of controls are too few"),
    ):
        with pytest.raises(ArgumentError, match=words):
            plan_of(names, [ranking], **options)


def test_text_that_is_too_short(tmp_path: Path) -> None:
    names = ws.load_model("bundled:names")
    with pytest.raises(InputError, match="The text is too short: it has 6 tokens, and 10 pieces of 24 or more"):
        windows(names, "Mary lives near the store.", 10)
    rows = windows(names, "Mary lives near the store. " * 60, 3)
    assert rows.shape == (3, 96)
    with pytest.raises(InputError, match="holds no text files"):
        text_of(tmp_path)
    (tmp_path / "a.txt").write_text("one", encoding="utf-8")
    (tmp_path / "b.md").write_text("two", encoding="utf-8")
    assert text_of(tmp_path) == "one\n\ntwo"
