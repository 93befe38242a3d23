"""The bench of circuits in vision: what it inpaints, and that its figures are those of the circuits that it names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from core.inputs.generators import shapes
from tests.benchmarks import vision
from tests.benchmarks.vision import all_classes, merged, object_mask, of_shapes, one_class


def test_the_whole_shape_is_inpainted_and_no_more_than_its_circle() -> None:
    scene = shapes.sample_scene(Random(3), 2)
    mask = np.asarray(object_mask(scene, (64, 64))) > 0
    middle = [int(64 * scene.y), int(64 * scene.x)]
    assert mask[middle[0], middle[1]]
    assert 0.9 < mask.sum() / (np.pi * (vision.OBJECT * scene.radius * 64) ** 2) < 1.15


def test_the_tables_tell_of_all_classes_and_of_each(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(vision, "FRACTIONS", (0.1, 0.2, 0.5, 1.0))
    case = replace(of_shapes(2, tmp_path), classes=shapes.LABELS[:2], ways=vision.USUAL[:1])
    found, judged = ({name: case.dataset(name, seed) for name in case.classes} for seed in (0, 1))
    table = all_classes(case, merged(found.values()), merged(judged.values()))
    assert table.rows[0][4] in table.title, "with all edges it is the whole model"
    assert one_class(case, found, judged).rows[1][1] in ("100 %", "50 %", "0 %")
