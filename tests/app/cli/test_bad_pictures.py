"""Bad pictures and masks on the command line: what is wrong and what to do, and no traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.app.command_line import code_of
from tests.bad_pictures import MASKS, NONE, UNUSUAL, write_bad

CAPTIONS = ("--model", "bundled:captions")
SHAPES = ("--model", "bundled:shapes")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bad(tmp_path)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said of arguments that are refused."""
    assert code_of(*arguments) == 3, arguments
    said = capsys.readouterr()
    assert said.err.startswith("wirescope: "), said.err
    assert "\n  " in said.err, "what to do"
    assert "Traceback" not in said.err
    return said.err


def test_bad_pictures_and_masks_are_refused_in_a_sentence(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = str(folder / "good.png")
    for name, (_, words) in NONE.items():
        assert words in told(capsys, "run", *SHAPES, "--clean", str(folder / name)), name
    for name, words in {**{f"{n}.png": row[-1] for n, row in MASKS.items()}, "cut.png": NONE["cut.png"][1]}.items():
        mask = str(folder / name)
        assert words in told(capsys, "run", *CAPTIONS, "--clean", good, "--make-b", f"mean mask={mask}"), name
    dark = MASKS["mask-dark"][-1]
    assert dark in told(capsys, "map", *CAPTIONS, "--clean", good, "--mask", str(folder / "mask-dark.png"))
    region = ("--region", f"eye=mask:{folder / 'mask-dark.png'}")
    assert dark in told(capsys, "run", *CAPTIONS, "--clean", good, *region)
    for name, words in UNUSUAL.items():
        assert code_of("run", *SHAPES, "--clean", str(folder / name)) == 0
        said = capsys.readouterr()
        assert words in said.out + said.err, name


def test_a_broken_picture_among_many_is_named_and_the_others_are_traced(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "many" / "circle").mkdir(parents=True)
    for number in range(4):
        (folder / "many" / "circle" / f"{number}.png").write_bytes((folder / "good.png").read_bytes())
    (folder / "many" / "circle" / "2.png").write_bytes(NONE["cut.png"][0])
    out = str(folder / "scores.json")
    trace = ("trace", *SHAPES, "--method", "eap", "--make-b", "blur", "--out", out, "--dataset")
    assert code_of(*trace, str(folder / "many")) == 0
    said = capsys.readouterr()
    assert "2.png is damaged or cut short" in said.out + said.err
    assert "over 3 pairs of many" in said.out
    assert {row[2] for row in json.loads(Path(out).read_text())["rows"]} == {"circle"}  # a class, by the folder's name
    (folder / "none").mkdir()
    assert "none is a folder without a dataset" in told(capsys, *trace, str(folder / "none"))
