"""What a run of both towers gives back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import torch
from torch import Tensor

from core.engine.state import Readout, RunState
from core.errors import ArgumentError
from core.models.towers import TowersModel
from core.result import Result


class BothStates:
    """In the place of a run's state: two towers have one each."""

    def __getattr__(self, name: str) -> Any:
        raise ArgumentError(
            "A run of both towers has streams and attention of two.", "Take result.image or result.text."
        )


@dataclass(frozen=True)
class TowersResult(Result):
    """One run of both towers. of_image, of_text: the towers' own, each with an embedding as its output.

    `logits` and `answer` are [batch, class]; `vectors` are those of the class texts in this run, [class, space].
    `image` is the vision tower's part with these class texts as its answers, which lenses and attention read; `text`
    the text tower's, a row a sentence.
    """

    of_image: Result | None = None
    of_text: Result | None = None

    @property
    def _both(self) -> tuple[TowersModel, Result, Result]:
        assert isinstance(self.model, TowersModel)
        assert self.of_image is not None
        assert self.of_text is not None
        return self.model, self.of_image, self.of_text

    @cached_property
    def vectors(self) -> Tensor:
        model, _, text = self._both
        with torch.no_grad():
            return model.vectors(text.answer)

    @property
    def logits(self) -> Tensor:
        return self.answer

    @cached_property
    def answer(self) -> Tensor:
        model, image, _ = self._both
        with torch.no_grad():
            return model.similarity(image.answer, self.vectors)

    @cached_property
    def image(self) -> Result:
        model, image, _ = self._both
        adapter = type(model.adapter)(type(model.module)(model.module, self.vectors, model.texts))
        read = image.state.readout
        assert read is not None
        state = replace(image.state, readout=Readout(read.stream, adapter, read.norm))
        seen = replace(model.image, adapter=adapter, class_names=model.class_names, title=model.title)
        return replace(image, metric=self.metric, model=seen, state=state)

    @property
    def text(self) -> Result:
        return self._both[2]


def joined(model: TowersModel, image: Result, text: Result, metric: Any, milliseconds: float) -> TowersResult:
    """metric: reads the logits. milliseconds: of both runs."""
    layers = image.layers_run if len(image.layers_run) else text.layers_run
    result = TowersResult(
        torch.empty(0, device=image.metric.device),
        milliseconds,
        layers,
        model,
        cast(RunState, BothStates()),
        image.known and text.known,
        image.reads,
        image,
        text,
    )
    return replace(result, metric=metric(result.answer))
