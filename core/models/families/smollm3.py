"""SmolLM3: the Llama kind with some layers that do not turn queries and keys."""

from __future__ import annotations

from torch import Tensor

from core.models.adapter import Places
from core.models.families.llama import LlamaAdapter


class SmolLm3Adapter(LlamaAdapter):
    family = "SmolLM3"

    def turn(self, layer: int, qk: Tensor, places: Places) -> Tensor:
        return super().turn(layer, qk, places) if self.config.no_rope_layers[layer] else qk
