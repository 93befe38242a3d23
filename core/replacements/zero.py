"""Zero: nothing is written. Biases that belong to no head stay in the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.engine.replacement import Ablation
from core.graph import Node, Reader

if TYPE_CHECKING:
    from core.engine.references import References


class Zero(Ablation):
    name = "zero"
    nothing = True

    def out(self, references: References, node: Node, full: bool = True) -> Tensor:
        adapter = references.adapter
        return torch.zeros(1, 1, adapter.shape.width, dtype=adapter.dtype, device=adapter.device)

    def before(self, references: References, reader: Reader, full: bool = True) -> Tensor:
        return references.bias_before(reader)[None, None]
