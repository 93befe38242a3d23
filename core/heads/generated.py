"""Random tokens that come again: inputs on which previous-token, duplicate-token and induction heads are told apart,
because nothing but the repetition tells anything (Olsson et al. 2022, "In-context Learning and Induction Heads")."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import torch
from torch import Tensor

from core.errors import InputError
from core.models.model import Model

PERIOD = 32  # tokens that come again, where the model takes twice as many
LEAST = 3


def start_of(model: Model) -> tuple[int, ...]:
    """What the model's tokenizer puts before every text."""
    tokenizer: Any = model.tokenizer
    if tokenizer is None:
        return ()
    ids = list(tokenizer("a")["input_ids"])
    plain = list(tokenizer("a", add_special_tokens=False)["input_ids"])
    return tuple(ids[: len(ids) - len(plain)]) if ids[len(ids) - len(plain) :] == plain else ()


def plain_tokens(model: Model) -> Sequence[int]:
    """The tokens that are drawn from: all but those that mark something."""
    count = model.adapter.vocabulary or 0
    tokenizer: Any = model.tokenizer
    if tokenizer is None:
        return range(count)
    marks = set(tokenizer.all_special_ids)
    return [token for token in range(min(count, len(tokenizer))) if token not in marks]


def repeated_tokens(
    model: Model,
    count: int,
    period: int = PERIOD,
    seed: int = 0,
    *,
    tokens: Sequence[int] | None = None,
    start: Sequence[int] | None = None,
) -> Tensor:
    """Rows of random tokens, all of a row different, and the same again: ids [count, start + 2 period]. period: fewer
    where the model takes no more. tokens, start: in place of those of the model's tokenizer. Raises InputError for a
    model of another kind, and for one that takes too few positions."""
    check_text_model(model)
    begin = list(start_of(model) if start is None else start)
    pool = list(plain_tokens(model) if tokens is None else tokens)
    most = model.adapter.context_length
    if most is not None:
        period = min(period, (most - len(begin)) // 2)
    period = min(period, len(pool))
    if period < LEAST:
        raise InputError(f"{model.title} takes too few positions for a text that comes again.", "Choose another model.")
    rng = Random(f"repeated/{seed}")
    rows = [rng.sample(pool, period) for _ in range(count)]
    return torch.tensor([begin + row + row for row in rows], device=model.adapter.device)


def check_text_model(model: Model) -> None:
    """Raise InputError for a model that does not tell the next token."""
    if model.adapter.shape.output_kind != "next token":
        raise InputError(
            f"{model.title} does not tell the next token of a text, and this is asked of models that do.",
            "Open a language model.",
        )
