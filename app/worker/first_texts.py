"""What a language model is opened with where it has not the words of the usual sentences, or of those that are there: a
pair that lies beside it, else words of its vocabulary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.models.class_texts import base_name
from core.models.model import Model
from core.project.document import Source
from core.project.examples import WORDS, example

BESIDE = "samples.txt"  # in a model's folder: A and B, a line each
MOST = 4096  # bytes of it that are read
LENGTH = 6  # words


def first_texts(model: Model, name: str, there: Source | None) -> tuple[str, str] | None:
    """A and B; None where the model has the words of what is there, or of the usual sentences where nothing is."""
    tokenizer = model.tokenizer if model.is_text else None
    if tokenizer is None or getattr(tokenizer, "unk_token_id", None) is None:
        return None
    usual = example(WORDS).document
    asked = there if there is not None and there.kind == "text" else usual.clean
    if asked is None or _has_all(tokenizer, asked.text):
        return None
    pairs = (_beside(base_name(name)), _of_vocabulary(tokenizer))
    return next((pair for pair in pairs if pair is not None and all(_has_all(tokenizer, text) for text in pair)), None)


def _has_all(tokenizer: Any, text: str) -> bool:
    return tokenizer.unk_token_id not in tokenizer(text)["input_ids"]


def _beside(folder: str) -> tuple[str, str] | None:
    try:
        with (Path(folder) / BESIDE).open(encoding="utf-8") as file:
            lines = [line.strip() for line in file.read(MOST).splitlines() if line.strip()]
    except (OSError, ValueError):  # none, or no text
        return None
    return (lines[0], lines[1]) if len(lines) > 1 else None


def _of_vocabulary(tokenizer: Any) -> tuple[str, str] | None:
    """The first whole words, and the same with another in the middle."""
    ranked = sorted(tokenizer.get_vocab().items(), key=lambda each: each[1])
    words = [token for token, _ in ranked if token.isalpha() and len(token) > 1][: LENGTH + 1]
    if len(words) <= LENGTH:
        return None
    *a, other = words
    b = [*a[: LENGTH // 2], other, *a[LENGTH // 2 + 1 :]]
    return " ".join(a), " ".join(b)
