"""ViT and DeiT of Hugging Face. DeiT has a distillation token beside the class token.

A model without a head gives its normed class token: the pooler behind it is trained for no task of ours.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from core.models.adapter import first_positions, part
from core.models.family import Family
from core.models.vision_hf import HfVisionAdapter


class VitAdapter(HfVisionAdapter):
    family = "ViT (Hugging Face)"
    layer_path = "layers"
    attention_norm_name = "layernorm_before"
    mlp_norm_name = "layernorm_after"
    body_name = "vit"


class DeitAdapter(VitAdapter):
    family = "DeiT (Hugging Face)"
    body_name = "deit"

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self.prefix_labels = ("CLS", "DIST")


class DeitWithTeacherAdapter(DeitAdapter):
    """The mean of two heads, one of the class token and one of the distillation token."""

    head_name = "cls_classifier"

    def head(self, normed: Tensor) -> Tensor:
        distilled = part(self.module, "distillation_classifier")
        return (part(self.module, self.head_name)(normed[:, 0]) + distilled(normed[:, 1])) / 2  # type: ignore[no-any-return]

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        return first_positions(inputs, 2)


ROWS = (
    Family("ViT", "image", ("ViTModel", "ViTForImageClassification"), VitAdapter, exact="class token"),
    Family(
        "DeiT", "image", ("DeiTModel", "DeiTForImageClassification"), DeitAdapter, exact="class and distillation token"
    ),
    Family(
        "DeiT with its teacher's head",
        "image",
        ("DeiTForImageClassificationWithTeacher",),
        DeitWithTeacherAdapter,
        exact="the mean of two heads, of the class and of the distillation token",
    ),
)
