"""The metric where two towers meet, as each of them sees it.

    logits[picture, class] = scale * cos(picture, class text)     metric = the user's, read off the logits

A tower's own output is an embedding of each of its rows. While one tower is looked into, what the other gives is held
as it is: then the metric is a function of the one tower's output alone, and since no edge goes across, the effect of an
edit in it is exactly that in the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core.metrics import BoundMetric
from core.models.towers import TowersModel


@dataclass(frozen=True)
class HeldMetric(BoundMetric):
    """It reads the embeddings that one tower gives for all of its rows, [rows, space] to [rows]. There are no few
    logits that it could do with."""

    def of_few_answers(self) -> tuple[list[int], Callable[[Tensor], Tensor]] | None:
        return None


def of_pictures(metric: BoundMetric, model: TowersModel, vectors: Tensor) -> HeldMetric:
    """The metric of each picture, by its embedding. vectors: of the class texts [class, space]."""

    def read(embedded: Tensor) -> Tensor:
        with torch.set_grad_enabled(embedded.requires_grad):  # of the embeddings: the user's weights may ask for theirs
            return metric(model.similarity(embedded, vectors.to(embedded.dtype)))

    return HeldMetric(metric.metric, metric.name, read, metric.target, metric.foil)


def of_sentences(metric: BoundMetric, model: TowersModel, pictures: Tensor) -> HeldMetric:
    """The mean metric of all pictures, by the embeddings of all sentences: each row has the same value, so that the
    mean over the rows, by which effects and scores are told, is that value. pictures: their embeddings [batch, space].
    """

    def read(embedded: Tensor) -> Tensor:
        with torch.set_grad_enabled(embedded.requires_grad):
            logits = model.similarity(pictures.to(embedded.dtype), model.vectors(embedded))
            return metric(logits).mean().expand(len(embedded))

    return HeldMetric(metric.metric, metric.name, read, metric.target, metric.foil)
