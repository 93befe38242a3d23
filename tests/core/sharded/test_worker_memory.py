"""Workers that do not fit into memory beside each other are told of before they are started."""

from __future__ import annotations

from pathlib import Path

import pytest

import wirescope as ws
from core.planning.workers import PROCESS, process_bytes, worker_bytes
from core.sharded import executors
from core.sharded.executors import Workers
from core.sharded.study_workers import StudyWorkers
from core.sharded.worker_memory import short_of_workers
from tests.core.sharded.small_run import Backwards, run, small_model
from tests.small_models import small_text_model

GIB = 2**30


def test_as_many_fit_as_have_room() -> None:
    assert short_of_workers(4, 2 * GIB, 8 * GIB) is None
    short = short_of_workers(4, 2 * GIB, 5 * GIB)
    assert short.fitting == 2
    assert short.words == "4 workers hold about 8 GB of memory, 2 GB each, and 5 GB are free: 2 fit."
    assert short_of_workers(4, 2 * GIB, 2 * GIB).words.endswith(": one fits.")
    assert short_of_workers(4, 2 * GIB, GIB).words.endswith(": not even one fits.")
    assert short_of_workers(1, 2 * GIB, GIB).words == "A worker holds about 2 GB of memory, and 1 GB are free."


def test_a_worker_holds_its_weights_and_a_batch(tmp_path: Path) -> None:
    module, tokenizer = small_text_model()
    module.float().save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    model = ws.load_model(tmp_path, weights="memory")
    weights = sum(weight.nbytes for weight in model.adapter.module.parameters())
    assert process_bytes(model) == PROCESS + weights
    assert process_bytes(ws.load_model(tmp_path, weights="disk")) == PROCESS
    session = ws.Session(model, model.pair("When Mary gave", "When John gave"))
    assert worker_bytes(session) > process_bytes(model)


def test_it_is_told_before_a_run_over_pairs_and_before_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_model()
    told: list[str] = []
    monkeypatch.setattr(Workers, "executor", lambda *_: Backwards(model))
    for free, count in ((2**40, 0), (1000, 1)):
        monkeypatch.setattr(executors, "free_bytes", lambda free=free: free)
        run(model, tmp_path / str(free), workers=Workers(2, None, told.append))
        with StudyWorkers(2, None, told.append) as workers:
            assert list(workers.results(model, [])) == []
        assert len(told) == 2 * count
    assert all(words.startswith("2 workers hold about ") and "--workers" in words for words in told)
    run(model, tmp_path / str(1000), workers=Workers(2, None, told.append))  # which is done
    run(model, tmp_path / "cluster", workers=Workers(2, "auto", told.append))
    assert len(told) == 2
