"""Prompts to token ids, with every reason why a prompt cannot run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.errors import InputError
from core.text_files import check_text

if TYPE_CHECKING:
    from core.inputs.pair import Side

AROUND = 3  # tokens shown from the place on where two prompts part

_MOST_TOKENS = 8  # of one character, with what joins it to others
_PART = re.compile(r"\[1/\d\]$")


def token_text(tokenizer: Any, token: int) -> str:
    """A token as text, its leading space kept."""
    text: str = tokenizer.decode([token])
    piece = tokenizer.convert_ids_to_tokens(token)
    if not isinstance(piece, str):  # models may have more tokens than their tokenizers
        return text or f"#{token}"
    if "�" in text:  # a piece of a character: show the tokenizer's own name for it
        return piece
    if piece.startswith("▁"):  # SentencePiece decoders drop the first space
        spaced = piece.replace("▁", " ")
        return spaced if spaced.strip() == text.strip() else " " + text.lstrip(" ")
    return text or piece


def token_texts(tokenizer: Any, tokens: Sequence[int]) -> tuple[str, ...]:
    """The tokens of a text, in order. A character that takes several tokens stands at each of them with which of them
    it is, "ä[1/2]" and "ä[2/2]": alone they are bytes that nobody can read."""
    texts: list[str] = []
    while (start := len(texts)) < len(tokens):
        whole, count = _whole_character(tokenizer, tokens[start : start + _MOST_TOKENS])
        if count == 1:
            texts.append(token_text(tokenizer, tokens[start]))
        else:
            texts += [f"{whole if part == 1 else whole.lstrip()}[{part}/{count}]" for part in range(1, count + 1)]
    return tuple(texts)


def _whole_character(tokenizer: Any, tokens: Sequence[int]) -> tuple[str, int]:
    """The fewest of the first tokens that are whole characters together, and their text. One where none are."""
    for count in range(1, len(tokens) + 1):
        text: str = tokenizer.decode(list(tokens[:count]))
        if "�" not in text:
            return text, count
    return "", 1


def encode(tokenizer: Any, text: str, context_length: int | None) -> list[int]:
    """Token ids by the model's own convention (with a beginning-of-text token where it has one).

    Raises InputError for an empty prompt and one that is longer than the model's context.
    """
    if not text.strip():
        raise InputError("The prompt is empty.", "Type some text, for example: The capital of France is")
    check_text(text, "The prompt")
    # Long prompts are refused here with their numbers; the tokenizer's own warning would only repeat it.
    ids: list[int] = list(tokenizer(text, verbose=False)["input_ids"])
    if context_length is not None and len(ids) > context_length:
        raise InputError(
            f"The prompt has {len(ids)} tokens, and the model takes at most {context_length}.",
            "Shorten it.",
        )
    if not ids:
        raise InputError("The tokenizer makes no tokens of this prompt.", "Type some text.")
    return ids


def encode_side(
    tokenizer: Any, texts: Sequence[str], context_length: int | None, padded_length: int | None = None
) -> Side:
    """A batch of prompts, padded on the right. A causal model's real positions never read the padding.

    padded_length: of every row, for a model that reads the padding too: it is then part of the input.
    """
    import torch  # here: the table of tasks is read where no model is

    from core.inputs.pair import Side

    rows = [encode(tokenizer, text, context_length) for text in texts]
    length = padded_length or max(len(row) for row in rows)
    padding = next((t for t in (tokenizer.pad_token_id, tokenizer.eos_token_id) if isinstance(t, int) and t >= 0), 0)
    ids = torch.tensor([row + [padding] * (length - len(row)) for row in rows], device="cpu")
    longest = ids[0].tolist() if padded_length else max(rows, key=len)
    first = rows[0] + longest[len(rows[0]) :]
    tokens = tuple(len(row) for row in rows)
    notes = _notes(tokenizer, texts, rows)
    labels = token_texts(tokenizer, first)
    split = dict.fromkeys(label.removesuffix("]").rsplit("[", 1)[0].strip() for label in labels if _PART.search(label))
    if split:
        some = ", ".join(f"“{character}”" for character in list(split)[:5])
        notes += (f"{some}{', …' if len(split) > 5 else ''}: one character takes several tokens here.",)
    if padded_length:
        notes += (f"Padded to {padded_length} tokens, as the model was trained: it reads the padding too.",)
    return Side(
        tensor=ids,
        labels=labels,
        lengths=(padded_length,) * len(rows) if padded_length else tokens,
        text=texts[0],
        notes=notes,
        tokens=tokens if padded_length else (),
    )


def _notes(tokenizer: Any, texts: Sequence[str], rows: Sequence[Sequence[int]]) -> tuple[str, ...]:
    notes = []
    if texts[0] != texts[0].rstrip():
        notes.append("The text ends in a space: most models expect the space to begin the next token.")
    twice = next((place for place, row in enumerate(rows) if doubled_start(tokenizer, row)), None)
    if twice is not None:
        plain = tokenizer(texts[twice], add_special_tokens=False)["input_ids"]
        whose = (
            "the text has two" if doubled_start(tokenizer, plain) else "the tokenizer adds one, and the text has one"
        )
        start = token_text(tokenizer, rows[twice][0])
        notes.append(f"It begins with {start} twice: {whose}. Models are trained with one: take it out of the text.")
    return tuple(notes)


def doubled_start(tokenizer: Any, row: Sequence[int]) -> bool:
    """Whether ids begin with the token that marks the beginning of a text twice."""
    marks = {token for token in tokenizer.all_special_ids if token != getattr(tokenizer, "unk_token_id", None)}
    return len(row) > 1 and row[0] == row[1] and row[0] in marks


def check_aligned(clean: Side, counterfactual: Side) -> None:
    """Raise InputError where B's tokens do not stand beside A's one by one, with the place where they part."""
    lengths = (side.tokens or side.lengths for side in (clean, counterfactual))
    for row, (a, b) in enumerate(zip(*lengths, strict=True)):
        if a != b:
            where = f" (row {row})" if len(clean.lengths) > 1 else ""
            shown = ""
            if row == 0:
                shown = _parting(clean.labels[:a], counterfactual.labels[:b])
            raise InputError(
                f"A has {a} tokens and B has {b}{where}; a patch needs them to match one by one.{shown}",
                "Change one of them, for example a name to another that is one token.",
            )


def _parting(a: Sequence[str], b: Sequence[str]) -> str:
    """Where two rows of tokens differ first, with the tokens around it."""
    shared = range(min(len(a), len(b)))
    place = next((i for i in shared if a[i] != b[i]), len(shared))
    if place == len(shared):
        longer, rest = ("A", a) if len(a) > len(b) else ("B", b)
        return f" {longer} goes on from position {place}: {_show(rest, place)}."
    return f" They differ from position {place} on. A: {_show(a, place)}. B: {_show(b, place)}."


def _show(labels: Sequence[str], place: int) -> str:
    """The tokens beside a place."""
    first, end = max(place - 1, 0), place + AROUND
    shown = "|".join(label.replace("\n", "⏎") for label in labels[first:end])
    return f"{'…|' if first else ''}{shown}{'|…' if end < len(labels) else ''}"
