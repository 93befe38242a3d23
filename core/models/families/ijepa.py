"""I-JEPA: a ViT without a class token. It gives the mean of the normed patches, or what a classifier makes of it."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from core.models.families.vit import VitAdapter
from core.models.family import Family


class IJepaAdapter(VitAdapter):
    family = "I-JEPA"
    body_name = "ijepa"

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self.prefix_labels = ()

    def pool(self, normed: Tensor) -> Tensor:
        return normed.mean(dim=1)

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        return None

    def own_embedding(self, outputs: Any) -> Tensor:
        return outputs.last_hidden_state.mean(dim=1)  # type: ignore[no-any-return]


ROWS = (
    Family(
        "I-JEPA",
        "image",
        ("IJepaModel", "IJepaForImageClassification"),
        IJepaAdapter,
        exact="no class token; the mean of the patches",
    ),
)
