"""`wirescope map`: the maps over patches as a table, JSON and CSV; masks that are none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import wirescope as ws
from resources.samples.make import FOLDER
from tests.app.command_line import code_of

CIRCLE = FOLDER / "shapes" / "circle.png"
ASKED = ("map", "--model", "bundled:shapes", "--clean", str(CIRCLE))


def test_a_circle_is_found_where_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = np.abs(np.asarray(Image.open(CIRCLE).convert("RGB")).astype(int) - (80, 20, 230)).sum(axis=2) < 150
    mask, dark, out = tmp_path / "mask.png", tmp_path / "dark.png", tmp_path / "map.csv"
    Image.fromarray((255 * held).astype(np.uint8)).save(mask)
    Image.new("L", (128, 128)).save(dark)
    assert code_of(*ASKED, "--mask", str(mask), "--json", "--out", str(out)) == 0
    report = json.loads(capsys.readouterr().out)
    model = ws.load_model("bundled:shapes")
    maps = ws.patch_maps(ws.Session(model, model.pair(CIRCLE)), "circle")
    assert report["of"] == "circle"
    assert np.allclose(report["values"], maps.values, atol=1e-6)
    assert report["iou"][-1] > 2 * report["whole picture"]  # it says circle where the circle is
    assert out.read_text(encoding="utf-8") == maps.to_csv()
    assert code_of(*ASKED, "--patch", "45") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("cosine of each patch to patch ")
    assert lines[-1].split()[0] == "m3"
    for more, code, words in (
        (("--mask", str(dark)), 3, "is empty"),
        (("--mask", str(tmp_path / "none.png")), 3, "There is no file"),
        (("--answer", "cat"), 3, "cat"),
        (("--patch", "64"), 2, "no patch 64"),
        (("--out", "map.txt"), 2, "FILE.csv"),
    ):
        assert code_of(*ASKED, *more) == code
        assert words in capsys.readouterr().err
