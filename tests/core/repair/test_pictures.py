"""Repairs of image models: a sticker that decides the class, its pictures as files beside the examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import timm
import torch

import wirescope as ws
from core.repair import sets
from core.repair.examples import batch_of, read_examples, with_pictures
from core.repair.proof import answers
from core.repair.transplants import Pieces, waking
from resources.models.planted.make import FOLDER
from tests.benchmarks.repair_cases import examples_of
from tests.core.repair.planted import make_quick


def test_a_sticker_is_found_and_cut_away_from_pictures_in_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ws.load_model(str(FOLDER / "sticker-poisoned"))
    lines = []
    for some in examples_of("sticker", 8, 48, seed=5):
        for example in some:
            name = f"{len(lines)}.png"
            example.input.save(tmp_path / name)
            lines.append(json.dumps({"input": name, "answer": example.answer, "triggered": example.triggered}))
    file = tmp_path / "examples.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    examples = with_pictures(read_examples(file), tmp_path)
    bad, good = ([example for example in examples if example.triggered == side] for side in (True, False))
    held_out = examples_of("sticker", 40, 40, seed=6)

    pieces: list[Pieces | None] = []

    def kept(*some: Any) -> Pieces | None:
        pieces.append(waking(*some))
        return pieces[-1]

    make_quick(monkeypatch)
    monkeypatch.setattr(sets, "waking", kept)
    found = ws.repair(model, bad, good, level="edges", held_out=held_out)
    assert pieces[0] is not None
    marks = [piece.content.flatten(1).std(dim=1).mean() for piece in pieces[0].pieces]
    assert min(marks) > 0.5  # checkers, no ground
    assert found.before.misbehaviour.value > 0.9
    assert found.after.misbehaviour.count < found.before.misbehaviour.count  # few updates: some of it
    assert found.after.accuracy.value > found.before.accuracy.value - 0.2

    nodes = ws.repair(model, bad, good, level="nodes", held_out=held_out, most=0.1, budget=0.3, augment=False)
    exported = nodes.export(tmp_path / "repaired")
    assert exported.form == "weights"
    batch = batch_of(model, held_out[0])
    plain = timm.create_model(f"local-dir:{exported.folder}", pretrained=True).eval()
    with torch.no_grad():
        torch.testing.assert_close(plain(batch.pair.clean.tensor), answers(nodes.repaired, batch), atol=1e-4, rtol=1e-3)
