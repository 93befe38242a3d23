"""A text that goes on, before and after edits: what the new tokens are as text, and where the two part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.models.model import Model
    from core.session import Session

MOST_TOKENS = 500  # that a text goes on for in one go

NO_LETTER = "�"  # in the place of bytes that are none, or none yet


def prompt_ids(session: Session) -> list[int]:
    """The tokens of A's first row, which a text goes on from."""
    side = session.pair.clean
    ids: list[int] = side.tensor[0, : side.lengths[0]].tolist()
    return ids


def written_text(model: Model, prompt: Sequence[int], written: Sequence[int]) -> str:
    """What stands behind a prompt's text once tokens were written, with NO_LETTER for bytes that are no letter. Special
    tokens, as that of a text's end, are no part of it. Without a tokenizer text is ids."""
    tokenizer = model.tokenizer
    if tokenizer is None:
        return "".join(f" {index}" for index in written)

    def decoded(ids: Sequence[int]) -> str:
        text: str = tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    whole, before = decoded([*prompt, *written]), decoded(prompt)
    return whole[len(before) :] if whole.startswith(before) else decoded(written)


def parting(before: Sequence[int], after: Sequence[int]) -> int | None:
    """The first place at which two rows of tokens differ; None where they do not, as far as both go."""
    return next((place for place, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), None)


def parting_words(place: int | None, before: str, after: str) -> str:
    """Whether and where two texts part. place: as `parting` has it. before, after: the tokens there, in words."""
    if place is None:
        return "Both are the same"
    return f"They part at token {place + 1}: {before} before, {after} after"


def how_taken(temperature: float, seed: int) -> str:
    """By which rule tokens were taken."""
    return f"drawn at temperature {temperature:g}, seed {seed}" if temperature else "the likeliest token each time"
