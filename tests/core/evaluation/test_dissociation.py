"""Double dissociation: what cuts of one task's edges leave of every task."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import wirescope as ws
from core.errors import ArgumentError, Cancelled, InputError
from core.evaluation.cut_choice import contrast_cuts, decided
from core.evaluation.cuts import Cut, measure_cuts, sum_of_singles
from core.evaluation.direction_cuts import learned_cuts
from core.evaluation.dissociation import Dissociation, dissociate
from core.evaluation.dissociation_words import as_json, heads, rows, sentences
from core.evaluation.task_pairs import task_pairs
from core.formatting import percent
from tests.benchmarks.dissociate import in_short, tables
from tests.benchmarks.measured import PAGES, with_tables

TWO = ("capitals", "agreement")


@pytest.fixture(scope="module")
def model() -> ws.Model:
    return ws.load_model("bundled:names")


@pytest.fixture(scope="module")
def found(model: ws.Model) -> Dissociation:
    return dissociate(model, TWO, size=6, pairs=4, draws=2)


def test_what_is_kept_is_that_of_the_same_cuts_made_as_edits(model: ws.Model, found: Dissociation) -> None:
    """Two ways: a circuit run of the other edges, and the whole model with each edge's edit; and the sum of singles."""
    sets, _ = task_pairs(model, TWO, 4, "mean", 0)
    everything = [ws.Edit(edge, "mean") for edge in model.graph.edges]
    for task, each in enumerate(sets):
        session = each.judged
        whole, nothing = (float(session.run(edits).metric.mean()) for edits in ((), everything))
        for cut, circuit in enumerate(found.circuits):
            edited = float(session.run([ws.Edit(edge, "mean") for edge in circuit]).metric.mean())
            assert found.kept[cut, task] == pytest.approx((edited - nothing) / (whole - nothing), abs=1e-4)
            if cut == task:
                assert found.together[task] == pytest.approx(edited - whole, abs=1e-3)
                singles = [float(session.run([ws.Edit(edge, "mean")]).metric.mean()) - whole for edge in circuit]
                assert found.alone[task] == pytest.approx(sum(singles), abs=1e-3)
        assert found.whole[task] == pytest.approx(whole, abs=1e-4)
    assert ((found.low <= found.kept + 1e-9) & (found.kept <= found.high + 1e-9)).all()
    assert found.random.shape == (2, 2, 2)


def test_pairs_that_judge_are_not_those_that_edges_are_found_on(model: ws.Model) -> None:
    (each,), _ = task_pairs(model, ["capitals"], 4, "mean", 0)
    texts = [[tuple(row.tolist()) for row in session.pair.clean.tensor] for session in (each.search, each.judged)]
    assert len(texts[0]) == len(texts[1]) == 4
    assert not {*texts[0]} & {*texts[1]}


def test_cuts_chosen_against_other_tasks_hurt_these_less(model: ws.Model, found: Dissociation) -> None:
    """Cuts by contrast spare the other task far more than the circuit's six best edges do; learned directions hurt
    their own task alone, and the same edges, cut entirely, do not."""
    (own, other), _ = task_pairs(model, TWO, 4, "mean", 0)
    learned = learned_cuts(own, [other], "mean", None, None, updates=(12, 5))
    assert len(learned) == 1
    chosen = [decided(own, [other], cuts, "mean", None)
              for cuts in (contrast_cuts(own, [other], "mean", None, None), learned)]  # fmt: skip
    cuts = [*chosen, Cut(learned[0].circuit)]
    kept = np.array([measure_cuts(each.judged, cuts, "mean", None).recovered() for each in (own, other)])
    assert (kept[0, :2] < 0.8).all()
    assert (kept[1, :2] > found.kept[0, 1] + 0.25).all()
    assert kept[0, 1] < 0.5
    assert kept[1, 1] > 0.9
    assert kept[1, 2] < kept[1, 1] - 0.25
    for task, each in enumerate((own, other)):  # the same as edits in a session
        edited = float(each.judged.run(learned[0].edits("mean")).metric.mean())
        assert kept[task, 1] == pytest.approx((edited - each.nothing) / (each.whole - each.nothing), abs=1e-5)
    singles = [float(own.judged.run([edit]).metric.mean()) - own.whole for edit in learned[0].directions]
    assert sum_of_singles(own.judged, learned[0], "mean", None) == pytest.approx(sum(singles), abs=1e-3)


def test_a_cut_is_specific_where_its_task_alone_is_hurt(found: Dissociation) -> None:
    names, cuts = ("a", "b", "c"), found.cuts + found.cuts[:1]
    three = replace(found, tasks=names, titles=names, cuts=cuts, left_out=(), pairs=((4, 4),) * 3,
                    random=np.ones((3, 0, 3)), entire=np.full((3, 3), np.nan),
                    low=np.full((3, 3), np.nan), high=np.full((3, 3), np.nan),
                    together=np.array([-3.0, -2.0, np.nan]), alone=np.array([-1.0, np.nan, np.nan]),
                    kept=np.array([[0.1, 0.95, 0.92], [0.97, 0.2, 0.6], [0.99, 0.95, 0.5]]))  # fmt: skip
    assert three.specific == ("a",)
    assert three.doubles == (("a", "b"),)
    assert sentences(three)[1:] == [
        "1 of 3 pairs of tasks are doubly dissociated.",
        "What is cut of b is not specific to it: 1 of 2 other tasks lose, most of all c, of which 60 % is kept.",
        "The cut of c leaves 50 % of c itself.",
    ]
    assert rows(three)[0] == ["a", "6", "[10 %]", "95 %", "92 %", "−3.0", "−1.0"]
    assert len(heads(three)) == len(rows(three)[2])
    assert as_json(three)["one at a time"] == [-1.0, None, None]


def test_what_cannot_be_asked_is_said(model: ws.Model) -> None:
    with pytest.raises(ArgumentError, match="cannot be chosen by 'magic'"):
        dissociate(model, choose="magic")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="named twice"):
        dissociate(model, ["ioi", "ioi"])
    with pytest.raises(ArgumentError, match="no task called"):
        dissociate(model, ["ioi", "sums"])
    with pytest.raises(InputError, match="does one task of these"):
        dissociate(model, ["capitals"], pairs=2)
    with pytest.raises(InputError, match="docstring: the model prefers"):
        dissociate(model, ["capitals", "docstring"], pairs=8)
    pair = model.pair("The capital of Italy is", "The capital of Spain is")
    with pytest.raises(InputError, match="has 1 pairs"):
        dissociate(model, {"mine": ws.Dataset([pair], [(" Rome", " Madrid")])})
    with pytest.raises(InputError, match="no answers"):
        dissociate(model, {"mine": ws.Dataset([pair] * 4)})
    with pytest.raises(Cancelled):
        dissociate(model, TWO, pairs=4, cancelled=lambda: True)


def test_the_bench_makes_a_matrix_and_a_summary(found: Dissociation) -> None:
    summary, matrix = tables(pairs=4, tasks=TWO, ways=("contrast",), further=())
    assert [row[0] for row in matrix.rows] == list(TWO)
    assert summary.rows[0][0] == "contrast"
    page = PAGES["dissociate"].read_text(encoding="utf-8")
    assert matrix.as_markdown() in with_tables(page, "dissociate", [summary, matrix])
    short = in_short(found)
    assert [row[1:] for row in short.rows] == [[percent(share) for share in row] for row in found.kept.tolist()]
    assert f"{len(found.specific)} of 2 tasks" in short.title
