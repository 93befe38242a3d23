"""CLIP and SigLIP with both towers: the vision tower is shown, and its output is read by the class texts.

The output reads what the tower alone does; behind it come the projection (CLIP), the length brought to 1, and the
scaled cosine with each class text.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from core.models.adapter import part
from core.models.families.clip import ClipTextAdapter, ClipVisionAdapter
from core.models.families.siglip import SiglipTextAdapter, SiglipVisionAdapter
from core.models.family import Family
from core.models.text_tower import TextTowerAdapter
from core.models.zero_shot import CLIPModel, ZeroShot, as_zero_shot


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


class ClipSentencesAdapter(ClipTextAdapter):
    """The text tower inside the pair."""

    def own_forward(self, inputs: Tensor) -> Tensor:
        return self.module.embed_sentences(inputs)  # type: ignore[no-any-return]

    @property
    def vocabulary(self) -> int | None:
        return int(self.config.vocab_size)


class SiglipSentencesAdapter(SiglipTextAdapter):
    """The text tower inside the pair."""

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self._head = part(module, "text_model.head")

    def own_forward(self, inputs: Tensor) -> Tensor:
        return self.module.embed_sentences(inputs)  # type: ignore[no-any-return]

    @property
    def vocabulary(self) -> int | None:
        return int(self.config.vocab_size)


def sentences_adapter(module: ZeroShot) -> TextTowerAdapter:
    """Of a pair's text tower."""
    return ClipSentencesAdapter(module) if isinstance(module, CLIPModel) else SiglipSentencesAdapter(module)


ROWS = (
    Family(
        "CLIP zero-shot",
        "image",
        ("CLIPModel",),
        ClipZeroShotAdapter,
        exact="scores of class texts; the vision tower, or both side by side (towers:)",
    ),
    Family(
        "SigLIP zero-shot, SigLIP 2 of fixed size",
        "image",
        ("SiglipModel",),
        SiglipZeroShotAdapter,
        exact="scores of class texts; the vision tower, or both side by side (towers:)",
        refused="no pooling",
    ),
)
