"""What Hugging Face's causal language models share: a final norm, an unembedding, a forward that takes ids."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from core.models.adapter import Adapter, part
from core.models.rotary import context_length, first_pass, growing_parts

LOGITS_BYTES = 32 * 2**20  # of a row at every position: with more, they are made only where they are read


class CausalLmAdapter(Adapter):
    """A subclass names its final norm and its blocks, and states embedding and attention."""

    final_norm_path: str | None  # None: there is none

    def __init__(self, module: Any) -> None:
        super().__init__(module)
        self.config = module.config
        self.final_norm = nn.Identity() if self.final_norm_path is None else part(module, self.final_norm_path)
        self._head = part(module, "lm_head")
        self._growing = growing_parts(module)

    def head(self, normed: Tensor) -> Tensor:
        return self._head(normed)  # type: ignore[no-any-return]

    def answering(self, answers: Sequence[int]) -> Adapter | None:
        if not isinstance(self._head, nn.Linear):
            return None
        answer_ids, head = list(answers), self._head
        narrowed = copy.copy(self)
        narrowed._head = nn.Linear(head.in_features, len(answer_ids), head.bias is not None, "meta")
        narrowed._head.weight = nn.Parameter(head.weight.detach()[answer_ids], requires_grad=False)
        if head.bias is not None:
            narrowed._head.bias = nn.Parameter(head.bias.detach()[answer_ids], requires_grad=False)
        return narrowed

    def own_forward(self, inputs: Tensor) -> Tensor:
        with first_pass(self._growing):
            return self.module(input_ids=inputs, use_cache=False).logits  # type: ignore[no-any-return]

    def own_answers(self, inputs: Tensor, reads: Tensor | None) -> Tensor:
        if reads is None or inputs.shape[1] * (self.vocabulary or 0) * self.dtype.itemsize <= LOGITS_BYTES:
            return super().own_answers(inputs, reads)
        places, columns = torch.unique(reads[:, 0], return_inverse=True)
        with first_pass(self._growing):
            logits = self.module(input_ids=inputs, use_cache=False, logits_to_keep=places).logits
        return logits[torch.arange(len(inputs), device=inputs.device), columns]  # type: ignore[no-any-return]

    def own_answer(self, inputs: Tensor) -> Tensor:
        return self.module(input_ids=inputs, use_cache=False, logits_to_keep=1).logits  # type: ignore[no-any-return]

    @property
    def context_length(self) -> int | None:
        return context_length(self.config)

    @property
    def vocabulary(self) -> int | None:
        return int(self.module.get_input_embeddings().num_embeddings)
