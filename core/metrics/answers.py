"""The answers that a metric reads: as they are given, as ids, and off an output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from core.models.model import Model

Answer = str | int | Sequence[str | int]


def answers_of(answer: Any) -> list[str | int]:
    """One answer, or one a row, as a list: text or whole numbers, also those of NumPy and PyTorch. Raises InputError
    for anything else."""
    from torch import Tensor

    plain = answer.tolist() if isinstance(answer, np.ndarray | np.generic | Tensor) else answer
    several = list(plain) if isinstance(plain, list | tuple | range) else [plain]
    answers: list[Any] = [each.tolist() if isinstance(each, np.generic | Tensor) else each for each in several]
    wrong = next((each for each in answers if not isinstance(each, str | int) or isinstance(each, bool)), None)
    if wrong is not None:
        raise InputError(f"{wrong!r} is no answer.", "An answer is text, or the number of a token or class.")
    return answers


def ids_of(answer: Answer | None, which: str, model: Model, clean: Tensor) -> Tensor:
    """Answers as ids [batch]. which: of them it is, for what is said where there is none. Raises InputError."""
    import torch

    if answer is None or (isinstance(answer, str) and answer == ""):
        raise InputError(f"The metric needs a {which}.", 'Give an answer, for example " Mary" with its space.')
    answers = answers_of(answer)
    if len(answers) == 1:
        answers = answers * clean.shape[0]
    if len(answers) != clean.shape[0]:
        raise InputError(f"There are {len(answers)} answers for {clean.shape[0]} inputs.", "Give one, or one per row.")
    ids = [model.answer(a) for a in answers]
    outside = next((i for i in ids if not 0 <= i < clean.shape[-1]), None)
    if outside is not None:
        raise InputError(f"There is no answer number {outside}.", f"The model has {clean.shape[-1]}.")
    return torch.tensor(ids, device=clean.device)


def pick(x: Tensor, ids: Tensor) -> Tensor:
    """An output [batch, answers] at an answer a row: [batch]."""
    return x.gather(-1, ids[:, None])[:, 0]


def is_top(x: Tensor, ids: Tensor) -> Tensor:
    """1 where an answer is the largest of an output, else 0: [batch]."""
    return (x.argmax(dim=-1) == ids).to(x.dtype)
