"""CLIP and SigLIP with both towers: the vision tower is shown, and its output is read by the class texts.

The output reads what the tower alone does; behind it come the projection (CLIP), the length brought to 1, and the
scaled cosine with each class text.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from core.models.families.clip import ClipVisionAdapter
from core.models.families.siglip import SiglipVisionAdapter
from core.models.family import Family
from core.models.zero_shot import as_zero_shot


class ClipZeroShotAdapter(ClipVisionAdapter):
    family = "CLIP zero-shot"
    compares_at_end = True

    def __init__(self, module: Any) -> None:
        super().__init__(as_zero_shot(module))

    @property
    def classifies(self) -> bool:
        return self.module.class_vectors is not None

    def head(self, normed: Tensor) -> Tensor:
        embedded = super().head(normed)
        return self.module.scores(embedded) if self.classifies else embedded

    def own_embedding(self, outputs: Any) -> Tensor:
        return outputs.image_embeds  # type: ignore[no-any-return]


class SiglipZeroShotAdapter(SiglipVisionAdapter):
    family = "SigLIP zero-shot"
    compares_at_end = True

    def __init__(self, module: Any) -> None:
        super().__init__(as_zero_shot(module))

    @property
    def classifies(self) -> bool:
        return self.module.class_vectors is not None

    def pool(self, normed: Tensor) -> Tensor:
        return self.attention_pool(normed)

    def head(self, normed: Tensor) -> Tensor:
        embedded = self.pool(normed)
        return self.module.scores(embedded) if self.classifies else embedded

    def own_embedding(self, outputs: Any) -> Tensor:
        return outputs.image_embeds  # type: ignore[no-any-return]


ROWS = (
    Family(
        "CLIP zero-shot",
        "image",
        ("CLIPModel",),
        ClipZeroShotAdapter,
        exact="both towers: scores of class texts; the vision tower is shown",
    ),
    Family(
        "SigLIP zero-shot, SigLIP 2 of fixed size",
        "image",
        ("SiglipModel",),
        SiglipZeroShotAdapter,
        exact="both towers: scores of class texts; the vision tower is shown",
        refused="no pooling",
    ),
)
