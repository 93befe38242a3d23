"""Opening a model fills no weight that has no memory yet."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from core.models.loading import load_model
from core.models.unfilled import unfilled
from tests.small_models import small_model


def test_opening_reckons_no_fill_of_what_has_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = small_model("gpt2").float()
    module.save_pretrained(tmp_path)
    before, filled = nn.init.normal_, list[bool]()

    def watched(tensor: Tensor, *arguments: float, **options: object) -> Tensor:
        filled.append(tensor.is_meta)
        return before(tensor, *arguments, **options)

    monkeypatch.setattr(nn.init, "normal_", watched)
    opened = load_model(tmp_path)
    assert True not in filled
    assert nn.init.normal_ is watched
    stored = module.state_dict()["transformer.h.0.attn.c_attn.weight"]
    assert torch.equal(opened.adapter.module.state_dict()["transformer.h.0.attn.c_attn.weight"], stored)


def test_weights_with_memory_are_filled() -> None:
    before = nn.init.ones_
    with unfilled():
        assert torch.equal(nn.init.ones_(torch.zeros(2)), torch.ones(2))
        assert nn.init.ones_(torch.zeros(2, device="meta")).is_meta
    assert nn.init.ones_ is before
