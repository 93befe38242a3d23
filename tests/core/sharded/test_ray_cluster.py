"""Shards on a Ray cluster of two workers: the numbers are those of this process, also where a worker dies."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import wirescope as ws
from core.errors import ModelError, WirescopeError
from core.local_cluster import set_environment
from core.sharded.executors import Workers
from core.sharded.progress import read_progress
from core.sharded.tracing import TraceWork
from tests.app.command_line import code_of
from tests.core.sharded.small_run import run
from tests.ray_cluster import ray_cluster  # noqa: F401
from tests.small_models import small_text_model


@dataclass(frozen=True)
class DyingWork(TraceWork):
    """Kills its process the first time that it is asked for anything but the first shard."""

    died: str = ""

    def of(self, model, pairs, like):
        if pairs.dataset.pairs[0].clean.text != "When Mary gave a" and not Path(self.died).exists():
            Path(self.died).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().of(model, pairs, like)


@pytest.fixture
def saved(tmp_path: Path) -> ws.Model:
    """A model that other processes can open by its name."""
    module, tokenizer = small_text_model()
    module.float().save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    return ws.load_model(str(tmp_path / "model"))


@pytest.mark.slow  # two processes import torch, and one more after a death
def test_two_workers_give_what_this_process_gives_though_one_is_killed(saved, tmp_path: Path, ray_cluster) -> None:  # noqa: F811
    died = tmp_path / "died"
    expected = run(saved, tmp_path / "here")
    sums = run(saved, tmp_path / "there", DyingWork("eap", died=str(died)), workers=Workers(2))
    assert died.exists()
    assert sums.keys() == expected.keys()
    for name in sums:
        assert np.allclose(sums[name], expected[name], rtol=0, atol=1e-6 * np.abs(expected[name]).max()), name
    said = read_progress(tmp_path / "there")
    assert (said.state, said.workers, said.shards_done, said.done) == ("done", 2, 5, 18)
    assert [path.stem for path in sorted((tmp_path / "there" / "pairs").iterdir())] == [f"{n:06}" for n in range(5)]

    # other weights under the same name are refused
    module, tokenizer = small_text_model(seed=1)
    other = ws.load_model((module.float(), tokenizer))
    object.__setattr__(other, "name", saved.name)
    with pytest.raises(ModelError, match="has other weights here than where the run was begun"):
        run(other, tmp_path / "other", workers=Workers(1))
    assert read_progress(tmp_path / "other").state == "failed"


def test_without_ray_it_is_said_what_to_install(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    command = ("trace", "--model", "bundled:names", "--task", "capitals", "--pairs", "2", "--workers", "2")
    assert code_of(*command, "--folder", str(tmp_path)) == 3
    assert 'pip install "wirescope[cluster]"' in capsys.readouterr().err


def test_a_cluster_that_is_not_there_is_said(tmp_path: Path, monkeypatch) -> None:
    set_environment()  # which Ray reads when it is imported, here for all tests of the process
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(ray, "is_initialized", lambda: False)

    def refuse(**_options: object) -> None:
        raise ConnectionError("nobody answers")

    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(WirescopeError, match=r"No Ray cluster answers at 127\.0\.0\.1:1: nobody answers"):
        Workers(None, "127.0.0.1:1").executor(None)
