"""A model without a head that has the classes of a probe: the model's own adapter, with the probe behind what it
gives."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from core.models.adapter import Adapter
from core.models.family import Family, adapt

if TYPE_CHECKING:
    Base = Adapter
else:
    Base = object  # the adapter of the model that the probe is of: `_over`


class _Head(Base):
    """Before the adapter of the model without a head."""

    def __init__(self, module: Any) -> None:
        super().__init__(module.encoder)
        self.module = module
        self.shape = replace(self.shape, output_kind="classes")

    def head(self, normed: Tensor) -> Tensor:
        return self.module.head(self._features(normed))  # type: ignore[no-any-return]

    def _features(self, normed: Tensor) -> Tensor:
        if self.module.probe.reads == "output":
            return super().head(normed)  # type: ignore[safe-super]
        return torch.cat([normed[:, 0], normed[:, self.prefix :].mean(dim=1)], dim=1)

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        return super().read_positions(inputs, lengths) if self.module.probe.reads == "output" else None

    def own_forward(self, inputs: Tensor) -> Tensor:
        return self.module(inputs).logits  # type: ignore[no-any-return]


@cache
def _over(adapter: type[Adapter]) -> type[Adapter]:
    return type(f"Probed{adapter.__name__}", (_Head, adapter), {})


class ProbedAdapter(Adapter):
    """Makes the adapter of a probed model: one that is the model's own, too."""

    def __new__(cls, module: Any) -> ProbedAdapter:
        return _over(type(adapt(module.encoder)))(module)  # type: ignore[return-value]


ROWS = (
    Family(
        "vision models with a probe",
        "image",
        ("Probed",),
        ProbedAdapter,  # type: ignore[type-abstract]
        exact="a linear map of the model's own output, or, of DINOv2, of the class token and the mean of the patches",
    ),
)
