"""What a model needs on a node of a cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.worker.node_plan import node_plan
from core.errors import ModelError
from core.models.loading import load_model


def test_a_model_of_pictures_is_planned_for_its_own_patches() -> None:
    (what, weights), *rest = node_plan("bundled:shapes", "fp32", 64)
    module = load_model("bundled:shapes").adapter.module
    assert what == "the weights"
    assert weights == sum(each.nbytes for each in module.parameters())
    assert rest
    assert all(size > 0 for _, size in rest)


def test_a_model_in_a_folder_that_is_not_there_is_planned_by_its_configuration(models) -> None:
    config = Path(models.gpt2, "config.json").read_bytes()
    assert node_plan("/only/elsewhere", "fp32", 16, config=config) == node_plan(str(models.gpt2), "fp32", 16)
    with pytest.raises(ModelError):
        node_plan("/only/elsewhere", "fp32", 16)
