"""The study of modalities goes in pieces: the numbers are those of one process, and a study that was stopped goes
on."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import wirescope as ws
from core.errors import Cancelled
from core.inputs.tasks import tasks_for
from core.sharded.executors import Workers
from core.sharded.study_workers import StudyWorkers
from core.studies.kept_results import KeptResults
from core.studies.modalities import study_modalities
from core.studies.modality_questions import ANSWER, ATTENTION, ESTIMATES, Asked, Question
from core.studies.modality_report import report_texts
from core.studies.modality_words import as_json
from core.studies.pieces import do_pieces
from tests.core.sharded.small_run import Backwards
from tests.ray_cluster import ray_cluster  # noqa: F401

NAMES = "bundled:names", "bundled:shapes"
SMALL: dict[str, Any] = {"pairs": 2, "inputs": 4, "edges": 4, "method": "eap", "draws": 2}
PIECES = 1 + 3 + 2 + 2  # of a model: the task; attention, meeting and the best edges; draws; judged pairs


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.studies.sparsity.SIZES", 6)
    monkeypatch.setattr("core.studies.estimate.DRAWS", 30)


def numbers(study: ws.ModalityStudy) -> dict[str, Any]:
    """All but how long it took."""
    said = as_json(study)
    for each in said["models"]:
        del each["seconds"]
    return said


def test_the_study_is_the_same_whoever_finds_its_answers_and_goes_on(quick, monkeypatch, tmp_path: Path) -> None:
    models = [ws.load_model(name) for name in NAMES]
    expected = numbers(study_modalities(*models, keep=False, **SMALL))

    made: list[Backwards] = []

    def executor(_workers: Workers, _model: ws.Model, before: Backwards | None = None) -> Backwards:
        if before is None:
            made.append(Backwards(*models))
        return made[-1]

    monkeypatch.setattr(Workers, "executor", executor)
    told: list[tuple[str, float]] = []
    given = {**SMALL, "keep": tmp_path, "progress": lambda words, share: told.append((words, share))}
    with StudyWorkers(2) as workers:
        assert numbers(study_modalities(*models, workers=workers, **given)) == expected
    assert len(made) == 1, "processes open one model after the other"
    assert len(made[0].done) == 2 * PIECES
    shares = [share for _, share in told]
    assert (shares, shares[-1]) == (sorted(shares), 1)
    assert len({*shares}) > PIECES
    assert [*dict.fromkeys(words for words, _ in told)] == [*NAMES]
    assert max(share for words, share in told if words == NAMES[0]) == 0.5

    # all is kept, whichever way it came: nobody is asked again, but for a draw more
    with StudyWorkers(2) as workers:
        study = study_modalities(*models, workers=workers, **given)
        assert numbers(study) == expected
        assert len(made) == 1
        study_modalities(*models, workers=workers, **{**given, "draws": 3})
    assert len(made[1].done) == 2
    again = study_modalities(*models, keep=tmp_path, **SMALL)
    assert report_texts(again) == report_texts(study), "the seconds too: those that it took to find"


def test_a_study_that_was_stopped_asks_what_is_not_answered(quick, monkeypatch, tmp_path: Path) -> None:
    expected = numbers(study_modalities(*NAMES, keep=False, **SMALL))
    keep = KeptResults.keep
    kept: list[str] = []

    def counted(self: KeptResults, values: dict[str, Any]) -> None:
        keep(self, values)
        kept.extend(values)

    monkeypatch.setattr(KeptResults, "keep", counted)
    stop = PIECES + 4  # in the second model
    with pytest.raises(Cancelled):
        study_modalities(*NAMES, keep=str(tmp_path), cancelled=lambda: len(kept) >= stop, **SMALL)
    assert len(kept) == stop
    assert len([*tmp_path.glob("*.jsonl")]) == 2
    assert numbers(study_modalities(*NAMES, keep=tmp_path, **SMALL)) == expected
    assert len(kept) == 2 * PIECES
    study_modalities(*NAMES, keep=tmp_path, fresh=True, **SMALL)
    assert len(kept) == 4 * PIECES
    study_modalities(*NAMES, keep=tmp_path, **{**SMALL, "seed": 1})
    assert len(kept) == 6 * PIECES, "another seed is another study"


def test_a_page_with_its_figure_and_what_it_does_not_show(quick) -> None:
    texts = report_texts(study_modalities(*NAMES, keep=False, **SMALL))
    assert set(texts) == {"html", "md", "json"}
    page = texts["html"]
    assert page.count("<svg") == 1
    for words in ("What was found", "Depth: information meets", "What it does not show", "bundled:shapes, pictures"):
        assert words in page
    assert "What is lost" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


@dataclass(frozen=True)
class Dying:
    """Kills its process at the first answer that it is asked for."""

    died: Path
    key: str = "dying"

    def of(self, _model: ws.Model, _shared: dict[str, Any]) -> str:
        if not self.died.exists():
            self.died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return "alive"


@pytest.mark.slow  # workers of a cluster import torch, and one more after a death
def test_workers_give_the_same_bits_though_one_is_killed(tmp_path: Path, ray_cluster) -> None:  # noqa: F811
    """Of two pieces, as each takes a process of its own; the whole study is the same by a stand-in for workers."""
    model = ws.load_model(NAMES[0])
    asked = Asked(2, 4, 4, "eap", 0, tasks_for(model)[0].name)
    some = [Question(ATTENTION, asked), Question(ESTIMATES, asked, 1)]
    died = tmp_path / "died"
    with StudyWorkers(2) as workers:
        assert do_pieces(model, [Dying(died)], KeptResults("", None), workers) == ["alive"]
        answered = do_pieces(model, some, KeptResults("", None), workers)
    assert [each[ANSWER] for each in answered] == [question.of(model, {})[ANSWER] for question in some]
    assert died.exists()
