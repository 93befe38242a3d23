"""Going on with a text, token by token, with a key cache: the model alone, or with edits inside (`core.edited.apply`).

1. The prompt's real tokens go through the model once; its keys and values are kept.
2. The next token is the likeliest, or drawn from softmax(logits / temperature) by a generator of its own.
3. It goes through the model alone, behind what is kept; and so on, until a token ends the text, or the context is full.

Without edits the greedy text is that of transformers' `generate`, which is this and no more (no penalties, no beams).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from core.edited.apply import EditedModel, apply
from core.edited.plan import Inputs
from core.edits import Edit
from core.errors import ArgumentError, Cancelled
from core.inputs.pair import Side
from core.models.model import Model
from core.models.sharing import sharing_copy
from core.precision import widened


@dataclass(frozen=True)
class GeneratedToken:
    """One new token. position: where it stands in the text. label: its text. probability: what the model gave it,
    before the temperature. ends: whether it ends the text."""

    position: int
    index: int
    label: str
    probability: float
    ends: bool = False


def generate(
    inputs: Inputs,
    prompt: Side,
    tokens: int,
    temperature: float = 0.0,
    seed: int = 0,
    edits: Sequence[Edit] = (),
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[GeneratedToken]:
    """New tokens behind a prompt's first row, as they come. See `core.session.Session.generate`."""
    model = inputs.model
    _check(model, tokens, temperature, seed)
    module = apply(model, edits, inputs) if edits else sharing_copy(model.adapter.module)
    ids = prompt.tensor[0, : prompt.lengths[0]]
    return _tokens(model, module, ids, tokens, temperature, seed, cancelled)


def _check(model: Model, tokens: int, temperature: float, seed: int) -> None:
    if model.adapter.shape.output_kind != "next token":
        raise ArgumentError(f"{model.title} writes no text.", "Take a language model.")
    if tokens < 1:
        raise ArgumentError(f"There are {tokens} tokens to write.", "Ask for one at least.")
    if not 0 <= temperature < float("inf"):
        raise ArgumentError(
            f"There is no temperature {temperature}.", "0 takes the likeliest token; 1 draws as the model says."
        )
    if not -(2**63) <= seed < 2**63:
        raise ArgumentError(f"There is no seed {seed}.", "A seed is a whole number of at most 18 digits.")


def _tokens(
    model: Model,
    module: Any,
    prompt: Tensor,
    tokens: int,
    temperature: float,
    seed: int,
    cancelled: Callable[[], bool] | None,
) -> Iterator[GeneratedToken]:
    inner = getattr(module, "module", module)
    name = "cache" if "cache" in inspect.signature(type(inner).forward).parameters else "past_key_values"
    ends = _ends(model)
    limit = model.adapter.context_length
    last = len(prompt) + tokens if limit is None else min(len(prompt) + tokens, limit)
    generator = torch.Generator("cpu").manual_seed(seed)
    ids, cache = prompt[None], None
    try:
        for position in range(len(prompt), last):
            if cancelled is not None and cancelled():
                raise Cancelled
            with torch.no_grad():
                given: dict[str, Any] = {} if cache is None else {name: cache}
                out = module(input_ids=ids, use_cache=True, logits_to_keep=1, **given)
                cache = getattr(out, name)
                logits = widened(out.logits[0, -1])
                shares = logits.softmax(dim=-1)
                if temperature == 0:
                    index = int(logits.argmax())
                else:
                    below = (logits - logits.max()).cpu().double()  # 0 at most: small temperatures overflow to no share
                    drawn = (below / temperature).softmax(dim=-1)
                    index = int(torch.multinomial(drawn, 1, generator=generator))
            yield GeneratedToken(position, index, model.label(index), float(shares[index]), index in ends)
            if index in ends:
                return
            ids = torch.tensor([[index]], device=prompt.device)
    finally:
        if isinstance(module, EditedModel):
            module.remove()  # hooks hold the module, and that its hooks: its weights would stay for some time


def _ends(model: Model) -> set[int]:
    """The tokens that end a text, as the model says, or its tokenizer."""
    module = model.adapter.module
    for source in (getattr(module, "generation_config", None), getattr(module, "config", None), model.tokenizer):
        end_ids = getattr(source, "eos_token_id", None)
        if end_ids is not None:
            return {int(token) for token in (end_ids if isinstance(end_ids, (list, tuple)) else [end_ids])}
    return set()
