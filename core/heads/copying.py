"""Whether a head that reads a token writes it: the copy score of Wang et al. 2022, "Interpretability in the Wild",
section 3.3, of what its value and output matrices make of a token's stream after the first layer.

    score    the share of tokens that are among the five that the head's write pushes most

The tokens are random ones, each pushed among them all and a thousand others. A random head is the output matrix of one
head with the value matrix of another of its layer; where a layer has one value matrix, there is none.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.engine.engine import Engine
from core.engine.layer import LayerMath
from core.heads.generated import check_text_model, plain_tokens
from core.models.adapter import Adapter
from core.models.model import Model
from core.precision import widened
from core.progress import at

TOKENS, AMONG, TOP = 64, 1000, 5

Floats = NDArray[np.float64]


def copying_scores(model: Model, seed: int = 0, tokens: Sequence[int] | None = None) -> tuple[Floats, Floats]:
    """[heads] layer by layer, and the same of random heads, NaN where there are none. tokens: that are drawn from, in
    place of the tokenizer's. Raises InputError for a model that does not tell the next token, Cancelled."""
    check_text_model(model)
    adapter = model.adapter
    shape = adapter.shape
    pool = list(plain_tokens(model) if tokens is None else tokens)
    drawn = random.Random(f"copying/{seed}").sample(pool, min(AMONG, len(pool)))
    asked = drawn[:TOKENS]
    narrow: Adapter | None = adapter.answering(drawn)
    numbers = torch.arange(len(asked), device=adapter.device) if narrow else torch.tensor(asked, device=adapter.device)
    ids = torch.tensor(asked, device=adapter.device)[:, None]
    state = Engine(adapter, ids, None).clean(full=True)
    shares: tuple[list[float], list[float]] = ([], [])
    with torch.no_grad():
        for layer in range(shape.layers):
            at(layer / shape.layers)
            math = LayerMath(adapter, layer)
            x = state.attention_in[min(layer, 1)] if shape.layers > 1 else state.attention_in[0]
            _, _, v = math.split(math.project(math.norm(x)))
            for moved, scores in enumerate(shares):
                if moved and shape.kv_heads == 1:
                    scores += [np.nan] * shape.heads
                    continue
                mixed = v.roll(moved, dims=2).repeat_interleave(shape.heads // shape.kv_heads, dim=2)
                factor = math.factor(mixed)
                for out in math.outs(mixed, range(shape.heads), factor):
                    logits = widened((narrow or adapter).read(out))[:, 0]
                    scores.append(_copied(logits, numbers))
    copied, crossed = (np.array(each) for each in shares)
    return copied, crossed


def _copied(logits: Tensor, numbers: Tensor) -> float:
    """The share of rows whose own token is among the first, and above what is pushed like it."""
    of_token = logits.gather(1, numbers[:, None])
    before = (logits >= of_token).sum(dim=1) - 1
    return float((before < TOP).float().mean())
