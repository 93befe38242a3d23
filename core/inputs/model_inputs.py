"""What inputs need of a model (`core.models.model.Model`). Models make pairs of inputs, so inputs know of models no
more than this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from core.inputs.images import ImageProcessing
    from core.inputs.pair import Side


class ShapeOfOutput(Protocol):
    @property
    def output_kind(self) -> str: ...


class AdapterOfInputs(Protocol):
    @property
    def shape(self) -> ShapeOfOutput: ...

    @property
    def context_length(self) -> int | None: ...

    def image_grid(self, inputs: Tensor) -> tuple[int, int] | None: ...


class ModelInputs(Protocol):
    """How inputs and answers get into a model; the words of each are with `Model`."""

    @property
    def title(self) -> str: ...

    @property
    def is_text(self) -> bool: ...

    @property
    def tokenizer(self) -> Any: ...

    @property
    def processing(self) -> ImageProcessing | None: ...

    @property
    def class_names(self) -> tuple[str, ...]: ...

    @property
    def adapter(self) -> AdapterOfInputs: ...

    def side(self, source: Any) -> Side: ...

    def check_aligned(self, a: Side, b: Side) -> None: ...

    def checked_answer(self, answer: str | int) -> int: ...
