"""How far an output is from A's: what is held small where the output as a whole is to stay, whatever the metric."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from core.engine.state import at_last
from core.models.adapter import Adapter
from core.precision import widened


def divergence_from(answer: Tensor, adapter: Adapter) -> Callable[[Tensor], Tensor]:
    """The Kullback-Leibler divergence from A's distribution in nats, of a model without a head 1 - the cosine; of
    outputs [batch, answers]: [batch]. answer: A's output."""
    if adapter.shape.output_kind == "embedding":
        return lambda output: 1 - F.cosine_similarity(widened(output), widened(answer), dim=-1)
    reference = widened(answer).log_softmax(dim=-1)
    return lambda output: F.kl_div(widened(output).log_softmax(-1), reference, log_target=True, reduction="none").sum(
        -1
    )


def divergence_of_stream(answer: Tensor, adapter: Adapter) -> Callable[[Tensor], Tensor]:
    """The same, of what `logits` reads [batch, n, width]: [batch]."""
    divergence = divergence_from(answer, adapter)
    return lambda stream: divergence(at_last(adapter.read(stream)))
