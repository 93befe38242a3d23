"""A worker on a second machine: a model that only the first one has, edits, a link that is cut, a machine that is
switched off and on, and a trace that both share."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

import wirescope as ws
from app.messages.replies import RunReply
from app.messages.request import Request
from app.worker.remote_side import make_service
from tests.app.worker.cut_link import ROOT
from tests.app.worker.second_machine import FIRST, SECOND, documents
from tests.core.sharded.small_run import run
from tests.small_models import small_text_model

APART = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--uts", "--pid", "--fork", "--mount-proc"]
APART += ["--kill-child"]  # whatever becomes of the test, what it has started ends


def why_not() -> str:
    """Why no second machine can be made of this one; empty where it can."""
    if find_spec("ray") is None:
        return "Ray is not installed"
    if any(shutil.which(command) is None for command in ("unshare", "nsenter", "ip", "mount")):
        return "namespaces need unshare, nsenter, ip and mount, of Linux"
    tries = "ip link set lo up && mount -t tmpfs none /mnt && unshare --net --pid --fork --mount-proc true"
    tried = subprocess.run([*APART, "sh", "-c", tries], capture_output=True, text=True, check=False)
    return f"no namespaces here: {tried.stderr.strip()}" if tried.returncode else ""


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a model. Its name is short, for Ray's sockets."""
    with TemporaryDirectory(prefix="ws", ignore_cleanup_errors=True) as folder:
        module, tokenizer = small_text_model()
        module.float().save_pretrained(Path(folder, "model"))
        tokenizer.save_pretrained(Path(folder, "model"))
        yield Path(folder)


@pytest.mark.timeout(1000)
@pytest.mark.slow  # a cluster of two nodes; four processes import torch
def test_a_session_on_a_second_machine_goes_on_with_its_edits_whatever_becomes_of_that(folder: Path) -> None:
    if why := why_not():
        pytest.skip(
            f"{why}: it is not proved here that a model is sent to a second machine and a session goes on there"
        )
    script = [*APART, sys.executable, "-m", "tests.app.worker.second_machine", str(folder)]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, timeout=960, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])

    service, replies = make_service(), []
    for number, document in enumerate(documents(str(folder / "model")), 1):
        service.serve(Request(number, document), replies.append, lambda: False)
    here = [reply.after for reply in replies if isinstance(reply, RunReply)]
    assert np.abs(np.diff(here)).min() > 0.01  # each edit changes it
    there = [told[name]["metric"] for name in ("opened", "edited", "cut", "back")]
    assert there == [pytest.approx([metric], abs=1e-5) for metric in here]
    assert not any(told[name]["failed"] for name in ("opened", "edited", "cut", "back"))

    # the model
    assert told["machine"] == SECOND
    assert told["weights before"] == []
    (kept,) = told["opened"]["weights"]
    assert "/cache/wirescope/sent/" in kept
    assert any(words.startswith(f"Sending model to {SECOND}: ") for words in told["opened"]["said"])

    # a cut link, and a machine that is off for a while
    assert not told["cut"]["came"]
    assert told["cut"]["same life"]  # of the worker
    assert told["gone"][-1] == f"{SECOND} has left the cluster: it is waited for"
    assert not any(words.startswith("Sending ") for words in told["back"]["said"])  # it has kept the model
    assert told["quiet"]  # no trouble is told of any more

    # many pairs
    assert told["traced by"] == [FIRST, SECOND]
    expected = run(ws.load_model(str(folder / "model")), folder / "here")
    with np.load(folder / "sums.npz") as sums:
        assert set(sums) == set(expected)
        for name, values in expected.items():
            assert np.allclose(sums[name], values, rtol=0, atol=1e-6 * np.abs(values).max()), name
