"""Pieces of studies among workers: the numbers are those of this process, bit by bit, and what was done is kept."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

import wirescope as ws
from core.errors import ArgumentError, Cancelled
from core.progress import at, watched
from core.sharded.executors import Workers
from core.sharded.study_workers import StudyWorkers
from core.studies.heads import Comparison
from core.studies.icl import study_icl
from core.studies.icl_words import as_json
from core.studies.kept_results import KeptResults
from core.studies.outcomes import Batch
from core.studies.pieces import do_pieces
from tests.core.sharded.small_run import Backwards
from tests.core.studies.small_comparison import compared
from tests.ray_cluster import ray_cluster  # noqa: F401

SMALL = {"tasks": ["plural", "past-tense"], "shots": 2, "prompts": 2, "pieces": 2, "shares": (0.1,), "draws": 2}


@pytest.fixture
def backwards(monkeypatch: pytest.MonkeyPatch) -> Backwards:
    """Who does what goes to workers."""
    executor = Backwards(ws.load_model("bundled:names"))
    monkeypatch.setattr(Workers, "executor", lambda *_: executor)
    return executor


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of two rows."""
    monkeypatch.setattr("core.studies.outcomes.POSITIONS", 36)


def test_a_study_is_the_same_whoever_does_its_pieces(backwards, monkeypatch) -> None:
    monkeypatch.setattr("core.studies.few_shot.LIKELY", 1.1)  # all tasks count as done
    monkeypatch.setattr("core.studies.estimate.DRAWS", 30)
    told: list[float] = []
    given = {**SMALL, "keep": False, "progress": lambda _words, share: told.append(share)}
    with StudyWorkers(2) as workers:
        there = as_json(study_icl("bundled:names", workers=workers, **given))
    # two tasks are screened, two scored, then a batch of each of three outcomes, then nodes on two prompts
    assert len(backwards.done) == 2 + 2 + 3 + 2
    batches = [share for share in told if 0.21 < share < 0.89]
    assert batches == sorted(batches)
    assert len(set(batches)) == 2, "a batch is told when it is done"
    assert told[-1] == 1
    here = as_json(study_icl("bundled:names", **given))
    assert {**there, "seconds": 0} == {**here, "seconds": 0}


def _values(comparison: Comparison) -> dict[str, bytes]:
    outcome = comparison.outcomes["copying"]
    return {"whole": outcome.whole.tobytes(), **{key: values.tobytes() for key, values in outcome.of.items()}}


def test_a_study_that_was_killed_goes_on_with_what_workers_had_done(backwards, narrow, tmp_path: Path) -> None:
    backwards.stop = 1
    with pytest.raises(KeyboardInterrupt), StudyWorkers(2) as workers:
        compared(KeptResults("key", tmp_path), workers=workers)
    kept = KeptResults("key", tmp_path)
    assert ("copying 0" in kept, "copying 2" in kept) == (False, True)

    backwards.stop = None
    backwards.done.clear()
    with StudyWorkers(2) as workers:
        comparison, _ = compared(kept, workers=workers)
        assert len(backwards.done) == 1
        compared(kept, workers=workers)
        assert len(backwards.done) == 1, "nothing is left to do"
    assert _values(comparison) == _values(compared()[0])


def test_workers_are_not_started_for_what_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = KeptResults("key", tmp_path)
    compared(kept)
    monkeypatch.setattr(Workers, "executor", None)
    with StudyWorkers(2) as workers:
        compared(kept, workers=workers)
    with pytest.raises(ArgumentError, match="There is at least 1 worker, not 0"):
        StudyWorkers(0)


def test_a_cancel_is_heard_between_pieces() -> None:
    @dataclass(frozen=True)
    class Number:
        key: str

        def of(self, _model, _shared) -> str:
            return self.key

    kept = KeptResults("", None)
    with pytest.raises(Cancelled), watched(None, lambda: "0" in kept), StudyWorkers() as workers:
        do_pieces(ws.load_model("bundled:names"), [Number("0"), Number("1")], kept, workers)
    assert "1" not in kept


@dataclass(frozen=True)
class Halves:
    """Says twice how far it has come."""

    key: str

    def of(self, _model: ws.Model, _shared: dict[str, object]) -> str:
        for share in (0.5, 1.0):
            at(share)
        return self.key


def test_what_is_told_of_pieces_in_this_process_never_goes_back() -> None:
    told: list[float] = []
    with watched(told.append), StudyWorkers() as workers:
        do_pieces(ws.load_model("bundled:names"), [Halves("0"), Halves("1")], KeptResults("", None), workers)
    assert told == sorted(told)
    assert {0.25, 0.5, 0.75, 1.0} <= {*told}


@dataclass(frozen=True)
class Precision:
    """The precision that a piece is computed in."""

    key: str

    def of(self, model: ws.Model, _shared: dict[str, object]) -> str:
        return str(model.adapter.dtype)


def test_a_study_of_another_model_is_done_with_that_model() -> None:
    models = [ws.load_model("bundled:names", dtype=dtype) for dtype in ("fp32", "fp64")]
    with StudyWorkers() as workers:
        done = [do_pieces(model, [Precision("")], KeptResults("", None), workers) for model in models]
    assert done == [["torch.float32"], ["torch.float64"]]


@dataclass(frozen=True)
class Dying:
    """Kills its process at the first batch that it is asked for."""

    died: Path

    def __call__(self, _batch: Batch) -> dict[str, object]:
        if not self.died.exists():
            self.died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return {}


@pytest.mark.slow  # workers of a cluster import torch, and one more after a death
def test_two_workers_give_the_same_bits_though_one_is_killed(narrow, tmp_path: Path, ray_cluster) -> None:  # noqa: F811
    died = tmp_path / "died"
    with StudyWorkers(2) as workers:
        comparison, _ = compared(workers=workers, beside=Dying(died))
    assert died.exists()
    assert _values(comparison) == _values(compared()[0])
