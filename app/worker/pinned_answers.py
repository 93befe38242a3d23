"""Answers that the user pins: from what they are pinned by to the model's own numbers, and back. Runs in the engine's
thread.

A pin is the answer's text (" Mary", "tabby cat"). Where the text does not lead back to the answer (a piece of a
character, a class whose name another one has too) it is the answer's number: "id:134".
"""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import InputError, WirescopeError
from core.models.model import Model

BY_NUMBER = "id:"


def pin_key(model: Model, index: int) -> str:
    """What an answer is pinned by."""
    label = model.label(index)
    try:
        same = model.answer(label) == index
    except WirescopeError:
        same = False
    return label if same else f"{BY_NUMBER}{index}"


def pinned_index(model: Model, key: str, answers: int) -> int:
    """The answer that a pin means, of `answers` that the model has. Raises InputError where it means none, or several
    tokens."""
    number = key.strip().removeprefix(BY_NUMBER)
    if key.strip().startswith(BY_NUMBER) and number.isdecimal():
        index = int(number)
        if index >= answers:
            raise InputError(f"There is no answer number {index}.", f"The model has {answers}: 0 to {answers - 1}.")
        return index
    index = model.answer(key)
    if index >= answers:
        raise InputError(f"The model never answers {key!r}.", "Choose another answer.")
    return index


def pinned_indices(model: Model, keys: Sequence[str], answers: int) -> list[int]:
    """The answers that are pinned, in their order; pins of another model that mean nothing here are left out."""
    indices: dict[int, None] = {}
    for key in keys:
        try:
            indices[pinned_index(model, key, answers)] = None
        except WirescopeError:
            continue
    return list(indices)
