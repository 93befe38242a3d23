"""SmolLM3: the Llama kind with some layers that do not turn queries and keys."""

from __future__ import annotations

from torch import Tensor

from core.models.adapter import Places
from core.models.families.llama import LlamaAdapter
from core.models.family import Family


class SmolLm3Adapter(LlamaAdapter):
    family = "SmolLM3"

    def turn(self, layer: int, qk: Tensor, places: Places) -> Tensor:
        return super().turn(layer, qk, places) if self.config.no_rope_layers[layer] else qk


ROWS = (
    Family(
        "SmolLM3",
        "text",
        ("SmolLM3ForCausalLM",),
        SmolLm3Adapter,
        exact="layers without rotary positions, windows in some layers, biases",
    ),
)
