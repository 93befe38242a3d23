"""The forms that `wirescope trace` writes, each read by what takes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.interchange.scores_reading import read_scores
from tests.app.command_line import code_of

pytestmark = pytest.mark.usefixtures("short_evaluation")


def test_a_trace_is_written_for_eap_ig_and_mib(tmp_path: Path, capsys) -> None:
    pair = ("--clean", "Mary and John met. John spoke to", "--counterfactual", "Mary and John met. Tom spoke to")
    trace = ("trace", "--model", "bundled:names", *pair, "--method", "eap")
    values = {}
    for form, out in {"wirescope": "a.json", "eap-ig": "b.json", "eap-ig-pt": "c.pt", "mib": "ioi_names"}.items():
        path = tmp_path / out
        assert code_of(*trace, "--format", form, "--out", str(path)) == 0
        file = path / "importances.json" if form == "mib" else path
        found = read_scores(file).scores
        values[form] = found.values
        assert found.method == "eap"
        assert found.direction == 1
    assert all(np.allclose(each, values["wirescope"], rtol=1e-6, atol=0) for each in values.values())
    assert code_of(*trace, "--format", "mib-circuits", "--out", str(tmp_path / "ioi_names")) == 0
    assert len([*(tmp_path / "ioi_names").iterdir()]) == 10
    capsys.readouterr()
    assert code_of(*trace, "--format", "mib", "--out", str(tmp_path / "a.json")) == 2
    assert "is no folder" in capsys.readouterr().err
    assert code_of(*trace, "--format", "eap-ig-pt", "--out", str(tmp_path / "a.json")) == 2
    assert "does not end in .pt" in capsys.readouterr().err
    assert code_of("evaluate", str(tmp_path / "c.pt"), "--model", "bundled:names", "--size", "20", *pair) == 0
