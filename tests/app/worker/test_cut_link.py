"""A link to a worker elsewhere that is cut comes back, and the edit that was made meanwhile is answered."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec

import pytest

from app.messages.replies import RunReply
from app.messages.request import Request
from app.worker.remote_side import make_service
from tests.app.worker.cut_link import EDITED, NAMES, ROOT

IN_A_NAMESPACE = ["unshare", "--user", "--map-root-user", "--net"]


def why_not() -> str:
    """Why there is no network namespace for this process; empty where there is one."""
    if find_spec("ray") is None:
        return "Ray is not installed"
    if any(shutil.which(command) is None for command in ("unshare", "nsenter", "ip", "ss")):
        return "network namespaces need unshare, nsenter, ip and ss, of Linux"
    tried = subprocess.run(
        [*IN_A_NAMESPACE, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False
    )
    return f"no network namespaces here: {tried.stderr.strip()}" if tried.returncode else ""


@pytest.mark.slow  # a cluster of its own, behind a link of its own
def test_a_link_that_is_cut_in_the_middle_of_an_edit_comes_back_with_its_answer() -> None:
    if why := why_not():
        pytest.skip(
            f"{why}: it is not proved here that a worker behind a link that is cut is found again with its answer"
        )
    script = [*IN_A_NAMESPACE, sys.executable, "-m", "tests.app.worker.cut_link"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["cut"]  # nothing came while the link was down
    assert told["same life"]  # of the worker, which goes on
    service, replies = make_service(), []
    for number, document in enumerate((NAMES, EDITED), 1):
        service.serve(Request(number, document), replies.append, lambda: False)
    before, after = (reply.after for reply in replies if isinstance(reply, RunReply))
    assert abs(after - before) > 0.01
    assert told["before"] == pytest.approx([before], abs=1e-5)
    assert told["after"] == pytest.approx([after], abs=1e-5)
