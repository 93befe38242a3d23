"""What was done to an input when it was read is told by every command that reads one."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from app.__main__ import main
from tests.app.models import SIDE

pytestmark = pytest.mark.usefixtures("short_evaluation")

NOTE = "transparen"


@pytest.fixture
def see_through(tmp_path: Path) -> list[str]:
    """Two pictures that have transparent parts."""
    paths = [tmp_path / name for name in ("a.png", "b.png")]
    for seed, path in enumerate(paths):
        Image.effect_noise((SIDE, SIDE), 60 + 40 * seed).convert("RGBA").save(path)
        picture = Image.open(path)
        picture.putalpha(128)
        picture.save(path)
    return [str(path) for path in paths]


def test_run_trace_and_evaluate_tell_it(
    models: SimpleNamespace, see_through: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = ["--model", str(models.vit)], str(tmp_path / "scores.json")
    pair = ["--clean", see_through[0], "--counterfactual", see_through[1]]
    for command in (
        ["run", *model, *pair],
        ["trace", *model, *pair, "--method", "eap", "--out", out],
        ["evaluate", out, "--size", "5"],
    ):
        assert main(command) == 0, command
        assert NOTE in capsys.readouterr().err, command


def test_a_dataset_tells_each_note_once(
    models: SimpleNamespace, see_through: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.tsv"
    rows.write_text("clean\tcounterfactual\n" + "\t".join(see_through) + "\n" + "\t".join(see_through[::-1]) + "\n")
    out = str(tmp_path / "scores.json")
    assert main(["trace", "--model", str(models.vit), "--dataset", str(rows), "--method", "eap", "--out", out]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if NOTE in line]
    assert len(said) == len(set(said))
    assert any("(and 1 more alike)" in line or "(and 3 more alike)" in line for line in said)
