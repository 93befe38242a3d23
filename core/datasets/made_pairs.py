"""A pair whose B is made from its picture A, where a row says `make:` and how (`core.inputs.corruption_words`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import InputError
from core.inputs.corruption_words import MAKE, is_made, parse_corruption

if TYPE_CHECKING:
    from core.inputs.pair import Pair
    from core.models.model import Model


def pair_of(model: Model, clean: str, counterfactual: str | None) -> Pair:
    """A pair of inputs, B made from A where it says so. Raises InputError, ArgumentError."""
    if not is_made(counterfactual):
        return model.pair(clean, counterfactual or None)
    if model.is_text:
        raise InputError(
            f"{model.title} reads text, and B is made so of pictures alone.", "Give B by --counterfactual."
        )
    from core.inputs.image_corruption import corrupted_side

    assert counterfactual is not None
    corruption, pair = parse_corruption(counterfactual.removeprefix(MAKE)), model.pair(clean)
    made = corrupted_side(model, pair.clean, corruption, clean)
    return replace(pair, counterfactual=replace(made, text=f"{pair.clean.text}, {corruption.words()}"))
