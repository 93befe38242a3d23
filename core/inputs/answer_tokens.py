"""Answers as text: which token one means, and what each token is called so that its name leads back to it.

Text alone does not always name a token. Tokenizers of the Llama kind put a space before every text, so that " Mary" is
two tokens to them, though it is the one that the model says; two tokens can be written alike; pieces of characters are
no text at all. A token is called by its text where that means it, else by the tokenizer's own name for it, else by its
number: "#134".
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from core.errors import InputError
from core.inputs.text import token_text
from core.text_files import check_text

_NUMBER = re.compile(r"(?:#|id:)\s*(\d+)", re.ASCII)
_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\r": "\r"}  # as `run` prints them


def answer_label(tokenizer: Any, token: int) -> str:
    """What a token is called: `answer_id` of it is the token again."""
    for name in (token_text(tokenizer, token), tokenizer.convert_ids_to_tokens(token)):
        if isinstance(name, str) and name and _meant(tokenizer, name) == token:
            return name
    return f"#{token}"


def answer_id(tokenizer: Any, answer: str) -> int:
    """The one token that an answer is. Raises InputError with the pieces where it is several."""
    check_text(answer, "The answer")
    token_id = _meant(tokenizer, answer)
    if token_id is not None:
        return token_id
    number = number_in(answer)
    if number is not None:
        return number
    if answer in _ESCAPES:
        return answer_id(tokenizer, _ESCAPES[answer])
    ids = _ids(tokenizer, answer)
    if not ids:
        raise InputError("The answer is empty.", 'Give one token, for example " Mary" with its space.')
    pieces = "|".join(token_text(tokenizer, token) for token in ids)
    hint = "Choose an answer that is one token."
    if not answer.startswith(" ") and _meant(tokenizer, f" {answer}") is not None:
        hint = f'With a space before it, " {answer}" is one token: did you mean that?'
    raise InputError(f"The answer {answer!r} is {len(ids)} tokens ({pieces}), not one.", hint)


def number_in(answer: str) -> int | None:
    """The number in "#134" or "id:134"; None for other text."""
    match = _NUMBER.fullmatch(answer.strip())
    return int(match[1]) if match else None


def _meant(tokenizer: Any, text: str) -> int | None:
    """The token that a text means: the one that it is read as, if that is written so; else one that is written so; else
    one that the tokenizer calls so; else the one that it is read as."""
    if not text:
        return None
    ids = _ids(tokenizer, text)
    read = ids[0] if len(ids) == 1 else None
    if read is not None and token_text(tokenizer, read) == text:
        return read
    tokens = [token for token in (_named(tokenizer, name) for name in _spellings(text)) if token is not None]
    for token in tokens:
        if token_text(tokenizer, token) == text:
            return token
    return _named(tokenizer, text) if read is None else read


def _ids(tokenizer: Any, text: str) -> list[int]:
    return [int(token) for token in tokenizer(text, add_special_tokens=False)["input_ids"]]


def _spellings(text: str) -> tuple[str, ...]:
    """How tokenizers may call a token that is written so: as it is, with SentencePiece's space, byte by byte."""
    return text, text.replace(" ", "▁"), "".join(_byte_signs()[byte] for byte in text.encode("utf-8"))


def _named(tokenizer: Any, name: str) -> int | None:
    """The token that a tokenizer calls so."""
    token = tokenizer.convert_tokens_to_ids(name)
    if not isinstance(token, int) or token < 0 or tokenizer.convert_ids_to_tokens(token) != name:
        return None  # the unknown token stands for all names that there are not
    return token


@cache
def _byte_signs() -> dict[int, str]:
    """The sign that byte-level tokenizers write for each byte: itself where it can be printed, else the next free one
    from 256 on (Radford et al. 2019)."""
    printed = [*range(33, 127), *range(161, 173), *range(174, 256)]
    unprinted = [byte for byte in range(256) if byte not in printed]
    return {byte: chr(byte) for byte in printed} | {byte: chr(256 + place) for place, byte in enumerate(unprinted)}
