"""Following a behaviour over checkpoints: exchanged weights are those of the files, figures those of a session that is
made from nothing, and what was computed once is found again."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from core.checkpoints import opened
from core.checkpoints.figures import StepFigures
from core.checkpoints.follow import follow
from core.checkpoints.opened import SeriesModel
from core.checkpoints.repeats import MATCHING, heads_of, repeated
from core.checkpoints.series import Checkpoint, Series, open_series
from core.checkpoints.words import as_csv, as_json, heads, rows
from core.errors import ArgumentError, InputError
from core.metrics import logit_difference
from core.models.loading import load_model
from core.session import Session
from core.tracing.trace import trace
from tests.small_series import small_series

PAIRS = [("When Mary gave a drink to", "When Tom gave a drink to")]
METRIC = logit_difference(" Mary", " John")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WIRESCOPE_DATA", str(tmp_path / "data"))
    return small_series(tmp_path / "runs", ("checkpoint-1", "checkpoint-2", "checkpoint-10"))


def test_exchanged_weights_are_those_of_the_file_and_leave_the_first_model_alone(folder: Path):
    series = open_series(folder)
    model = SeriesModel(series)
    first = model.at(1)
    before = {name: tensor.clone() for name, tensor in first.adapter.module.state_dict().items()}
    second = model.at(10)
    assert model.swapped
    fresh = load_model(second.name)
    ids = second.pair(PAIRS[0][0]).clean.tensor
    assert torch.equal(second.adapter.own_answer(ids), fresh.adapter.own_answer(ids))
    assert second.adapter.module.lm_head.weight is second.adapter.module.transformer.wte.weight  # still tied
    for name, tensor in first.adapter.module.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert second.title == "checkpoint-10"


def test_a_file_whose_names_are_not_the_modules_is_opened_anew(folder: Path, monkeypatch: pytest.MonkeyPatch):
    numbers = opened.stored_numbers
    monkeypatch.setattr(opened, "stored_numbers", lambda path: {f"a.{k}": v for k, v in numbers(path).items()})
    model = SeriesModel(open_series(folder))
    model.at(1)
    assert torch.equal(
        model.at(2).adapter.module.lm_head.weight,
        load_model(str(folder / "checkpoint-2")).adapter.module.lm_head.weight,
    )
    assert not model.swapped


def test_in_8_bits_they_are_followed_in_8_bits(folder: Path):
    series = open_series(folder)
    whole = follow(series, PAIRS, METRIC, edges=6)
    rounded = follow(series, PAIRS, METRIC, edges=6, weights="8bit")
    for figures, before in zip(rounded.figures, whole.figures, strict=True):
        model = load_model(str(folder / f"checkpoint-{figures.step}"), weights="8bit")
        session = Session(model, model.pair(*PAIRS[0]), METRIC)
        assert figures.metric == pytest.approx(float(session.clean.metric), abs=1e-6)
        assert figures.metric != pytest.approx(before.metric, abs=1e-6)
        assert not figures.known  # those of whole weights were kept
    assert all(each.known for each in follow(series, PAIRS, METRIC, edges=6, weights="8bit").figures)


def test_figures_are_those_of_sessions_made_from_nothing(folder: Path):
    series = open_series(folder)
    told: list[StepFigures] = []
    followed = follow(series, PAIRS, METRIC, edges=6, listener=told.append)
    assert [each.step for each in told] == [10, 1, 2]  # the last first, for its circuit
    assert [each.step for each in followed.figures] == [1, 2, 10]
    last = load_model(str(folder / "checkpoint-10"))
    circuit = trace(Session(last, last.pair(*PAIRS[0]), METRIC), "eap").top(6)
    assert followed.circuit(followed.figures[-1]).names == circuit.names
    assert followed.overlap(followed.figures[-1]) == 1
    for figures in followed.figures:
        model = load_model(str(folder / f"checkpoint-{figures.step}"))
        session = Session(model, model.pair(*PAIRS[0]), METRIC)
        assert figures.metric == pytest.approx(float(session.clean.metric), abs=1e-5)
        assert figures.empty == pytest.approx(float(session.counterfactual.metric), abs=1e-5)
        np.testing.assert_allclose(figures.scores, trace(session, "eap").values, atol=1e-5)
        kept = float(session.run_circuit(circuit.pruned()).metric)
        share = (kept - figures.empty) / (figures.metric - figures.empty)
        assert figures.circuit_recovered == pytest.approx(share, abs=1e-3)
        assert figures.heads.traits["induction"].shape == (2, 2)
    assert len(rows(followed)[0]) == len(heads(followed))
    assert as_csv(followed).splitlines()[0].startswith("step,metric,no_edge")
    assert as_json(followed)["checkpoints"][2]["circuit"] == circuit.names
    words = [each.text for each in ElementTree.fromstring(followed.picture().svg).iter() if each.text]
    assert "circuit of 6 edges" in words


def test_what_was_computed_is_found_again_by_content(folder: Path, monkeypatch: pytest.MonkeyPatch):
    series = open_series(folder)
    first = follow(series, PAIRS, METRIC, edges=6)
    again = follow(series, PAIRS, METRIC, edges=6)
    assert [each.known for each in first.figures + again.figures] == [False] * 3 + [True] * 3
    for one, other in zip(first.figures, again.figures, strict=True):
        assert one.metric == other.metric
        np.testing.assert_array_equal(one.scores, other.scores)
    (folder / "checkpoint-2" / "model.safetensors").write_bytes(
        (folder / "checkpoint-1" / "model.safetensors").read_bytes()
    )
    changed = follow(series, PAIRS, METRIC, edges=6)
    assert changed.figures[1].metric == pytest.approx(first.figures[0].metric)
    other = follow(series, PAIRS, logit_difference(" Tom", " John"), edges=6)
    assert [each.known for each in other.figures] == [False, True, False]  # the second has the first one's weights
    config = folder / "checkpoint-1" / "config.json"
    told = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps(told | {"layer_norm_epsilon": 0.1}), encoding="utf-8")
    settings = follow(open_series(folder), PAIRS, METRIC, edges=6)
    assert [each.known for each in settings.figures] == [False, True, True]
    assert settings.figures[0].metric != first.figures[0].metric


def test_a_checkpoint_of_another_shape_is_named_when_it_is_reached(folder: Path):
    """As revisions of the Hub are: what they are like is seen when they are opened."""
    small_series(folder, ("checkpoint-2",), layers=1)
    paths = [folder / f"checkpoint-{step}" for step in (1, 2)]
    checkpoints = tuple(Checkpoint(step, str(path), path.name) for step, path in enumerate(paths, 1))
    with pytest.raises(InputError, match="checkpoint-1, the number of layers is 2 and not 1"):
        follow(Series("org/name", "name", checkpoints, swaps=False), PAIRS, METRIC, edges=2)


def test_a_circuit_has_at_least_one_edge(folder: Path):
    with pytest.raises(ArgumentError, match="1 to"):
        follow(open_series(folder), PAIRS, METRIC, edges=0)


def test_heads_that_match_are_told_from_heads_that_look_at_places():
    """`names` copies by heads of its last layers, which read where the token after an earlier copy was carried."""
    model = load_model("bundled:names")
    session = Session(model, model.pair("Rome lamp seven Mary Rome lamp"))
    found = heads_of(model, session)
    matching = found.traits[MATCHING]
    assert matching[2:].mean() > 0.6
    assert np.abs(matching[0]).max() < 0.1  # they cannot know what came before
    assert found.traits["induction"][0].max() > 0.2  # by their places
    assert found.copied is not None
    assert found.copied > 0.8
    assert found.first_loss - found.second_loss > 5
    ids, second = repeated(model)
    assert torch.equal(ids[:, second - 10 : second], ids[:, second:])
    assert all(len(set(row[second:])) == 10 for row in ids.tolist())
