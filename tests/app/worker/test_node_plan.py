"""What a model needs on a node of a cluster."""

from __future__ import annotations

from app.worker.node_plan import node_plan
from core.models.loading import load_model


def test_a_model_of_pictures_is_planned_for_its_own_patches() -> None:
    (what, weights), *rest = node_plan("bundled:shapes", "fp32", 64)
    module = load_model("bundled:shapes").adapter.module
    assert what == "the weights"
    assert weights == sum(each.nbytes for each in module.parameters())
    assert rest
    assert all(size > 0 for _, size in rest)
