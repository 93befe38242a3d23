"""The study of in-context learning on a model that does few-shot tasks: two rankings, three outcomes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import wirescope as ws
from core.errors import Cancelled
from core.heads.function_vector import FunctionVectorScores
from core.studies.head_sets import Ranking
from core.studies.icl import IclStudy, study_icl
from core.studies.icl_cost import reckoned_seconds
from core.studies.icl_page import as_html
from core.studies.icl_report import report_texts, shown_of
from core.studies.icl_table import heads_row, rows, unexplained
from core.studies.icl_words import LIMITS, as_json, sentences


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> IclStudy:
    """`names`, whose tasks all count as done."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("WIRESCOPE_DATA", str(tmp_path_factory.mktemp("data")))
        patched.setattr("core.studies.few_shot.LIKELY", 1.1)
        patched.setattr("core.studies.estimate.DRAWS", 30)
        return study_icl(
            "bundled:names",
            tasks=["plural", "past-tense"],
            shots=2,
            prompts=2,
            pieces=2,
            shares=(0.1,),
            kinds=("mean", "resample"),
            draws=2,
        )


def test_both_rankings_with_exclusion_and_every_outcome(study: IclStudy) -> None:
    comparison = study.comparison
    assert [each.name for each in comparison.rankings] == ["induction", "function vector"]
    assert list(comparison.outcomes) == ["few-shot", "text", "copying"]
    assert len(comparison.outcomes["few-shot"].whole) == 4
    assert isinstance(study.function_vector, FunctionVectorScores)
    assert np.allclose(comparison.rankings[1].scores, study.function_vector.effects.mean(axis=0))
    names = {each.name for each in comparison.plan.sets}
    assert {"induction without function vector", "function vector without induction", "both"} <= names
    for outcome in comparison.outcomes.values():
        for kind in ("mean", "resample"):
            assert f"{kind}|induction without function vector|0.1" in outcome.of
        assert "beside|pattern of all" in outcome.of
        assert not any(np.isnan(values).any() for values in outcome.of.values())
    left = unexplained(study, comparison.outcomes["copying"])
    assert left is not None
    both, control = (comparison.outcomes["copying"].of[f"mean|{name}|0.1"] for name in ("both", "matched to both"))
    whole = comparison.outcomes["copying"].whole.mean()
    assert left.value == pytest.approx(1 - (control.mean() - both.mean()) / whole)


def test_the_window_has_every_set_and_control_by_its_share(study: IclStudy) -> None:
    shown, comparison = shown_of(study), study.comparison
    assert [each.texts for each in shown.rows] == rows(study)
    of = {each.name: comparison.names(each.heads.tolist()) for each in comparison.plan.sets}
    for each, outcome in zip(shown.outcomes, comparison.outcomes.values(), strict=True):
        if not outcome.there:
            assert not each.curves
            continue
        assert [(curve.name, curve.ranking, curve.compared) for curve in each.curves] == [
            ("induction without function vector", 0, True),
            ("function vector without induction", 1, True),
            ("induction", 0, False),
            ("function vector", 1, False),
        ]
        for curve in each.curves:
            assert [(point.share, list(point.heads)) for point in curve.points] == [(0.1, of[curve.name])]
            assert curve.points[0].lost == outcome.accounts(f"mean|{curve.name}|0.1")
            assert (curve.control is not None) == curve.compared
        assert each.random is not None
        assert each.random.lost == outcome.accounts("mean|random|0.1")
    assert shown.limits == LIMITS


def test_what_is_shown_is_estimated_once(study: IclStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    report_texts(study)
    monkeypatch.setattr("core.studies.heads.estimate", None)
    assert shown_of(study).rows
    assert set(report_texts(study)) == {"html", "md", "json"}


def test_a_longer_study_is_reckoned_longer() -> None:
    model = ws.load_model("bundled:names")
    short, usual = (reckoned_seconds(model, draws=draws, pieces=pieces) for draws, pieces in ((1, 2), (20, 40)))
    assert 0 < short < usual


def test_the_next_nodes_are_none_of_the_sets(study: IclStudy) -> None:
    assert study.next_nodes is not None
    known = study.comparison.names(next(e for e in study.comparison.plan.sets if e.name == "both").heads.tolist())
    names = [name for name, _ in study.next_nodes.nodes]
    assert not set(names) & set(known)
    assert len(names) == 36 - len(known)
    effects = [effect for _, effect in study.next_nodes.nodes]
    assert effects == sorted(effects)


def test_what_it_says(study: IclStudy) -> None:
    told = "\n".join(sentences(study))
    assert "the rankings of all heads correlate by" in told
    assert "each alone." in told
    assert "both sets together leave" in told
    assert all(len(row) == len(heads_row(study)) for row in rows(study))
    assert as_html(study).count("<svg") == 2
    assert set(as_json(study)["outcomes"]) == {"few-shot", "text", "copying"}


def test_what_there_is_not_is_refused_before_anything_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.studies.icl.windows", None)
    for given, words in (
        ({"main_kind": "noise"}, "cannot be ablated by 'noise'"),
        ({"shares": [0.9]}, "at most 50 %"),
        ({"draws": 0}, "too few"),
    ):
        with pytest.raises(ws.WirescopeError, match=words):
            study_icl("bundled:names", **given)


@pytest.mark.parametrize("named", [str, Path])
def test_what_is_measured_is_kept_in_the_folder_that_is_named(named: type, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path / "cache"))
    folder = tmp_path / "kept"

    def cancelled() -> bool:
        return any(tmp_path.rglob("*.jsonl"))

    with pytest.raises(Cancelled):
        study_icl("bundled:names", tasks=["plural"], keep=named(folder), cancelled=cancelled)
    assert [path.parent for path in tmp_path.rglob("*.jsonl")] == [folder]


def test_what_is_kept_is_of_the_tokenizer_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same weights with other rules of cutting texts nothing was measured."""
    for rules in ("one", "other"):
        files = len([*tmp_path.iterdir()])
        monkeypatch.setattr("core.studies.icl.tokenizer_hash", lambda _tokenizer, rules=rules: rules)
        with pytest.raises(Cancelled):
            study_icl(
                "bundled:names",
                tasks=["plural"],
                keep=tmp_path,
                cancelled=lambda files=files: len([*tmp_path.iterdir()]) > files,
            )


def test_rankings_that_there_are_not() -> None:
    mine = Ranking("mine", np.arange(32.0))
    for rank, words in ((["luck"], "cannot be ranked by 'luck'"), ([mine, mine], "two different ones")):
        with pytest.raises(ws.WirescopeError, match=words):
            study_icl("bundled:names", rank=rank)
