"""Texts as tokens that can be taken out and put in: what corruptions of a text are made with.

A changed row of tokens counts only if its text, read by the tokenizer again, gives exactly these tokens: what a person
then sees as text is what the model reads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.inputs.text import token_texts

Encode = Callable[[str], list[int]]


@dataclass(frozen=True)
class TokenText:
    """A text and its tokens. encode: text to ids by the model's convention, special tokens included."""

    tokenizer: Any
    encode: Encode
    text: str

    @cached_property
    def ids(self) -> tuple[int, ...]:
        return tuple(self.encode(self.text))

    @cached_property
    def special(self) -> frozenset[int]:
        """Positions of tokens that are no part of the text: its beginning, its end."""
        marks = set(self.tokenizer.all_special_ids)
        return frozenset(i for i, token in enumerate(self.ids) if token in marks)

    @cached_property
    def text_positions(self) -> tuple[int, ...]:
        """Positions of the tokens that are the text's own."""
        return tuple(i for i in range(len(self.ids)) if i not in self.special)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        return token_texts(self.tokenizer, self.ids)

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Where each token is in the text, half-open; specials are empty. Found by decoding ever longer beginnings,
        since not every tokenizer tells."""
        spans, start = [], 0
        for place in range(len(self.ids)):
            end = start if place in self.special else len(self.decode(self.ids[: place + 1]))
            spans.append((start, end))
            start = end
        return tuple(spans)

    def decode(self, ids: Sequence[int]) -> str:
        text: str = self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text

    def positions_of(self, start: int, end: int) -> tuple[int, ...]:
        """The positions whose tokens share characters with a part of the text."""
        return tuple(i for i, (a, b) in enumerate(self.spans) if a < end and start < b)

    def with_ids(self, ids: Sequence[int]) -> str | None:
        """The text of other tokens; None where it would be read as different ones."""
        text = self.decode(ids)
        return text if text.strip() and tuple(self.encode(text)) == tuple(ids) else None

    def with_part(self, start: int, end: int, words: str) -> str | None:
        """The text with other words in one place; None where that changes the number of tokens, or others beside it."""
        changed = self.text[:start] + words + self.text[end:]
        ids = self.encode(changed)
        inside = set(self.positions_of(start, end))
        aligned = len(ids) == len(self.ids) and all(
            i in inside or a == b for i, (a, b) in enumerate(zip(self.ids, ids, strict=True))
        )
        return changed if aligned else None
