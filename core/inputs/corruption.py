"""Make a counterfactual text B from A: other names, names in other places, shuffled or masked tokens.

Every result has as many tokens as A and differs from it only where it was asked to, so it can stand beside A position
by position. `positions` are positions of the stream (tokens); none means the whole text. The same seed gives the same
text. Kinds:

- `names`: each name becomes another one of as many tokens, the same everywhere (Wang et al. 2022, section 3, exchange
  one of them so: choose it, and only that one changes);
- `swap`: the names in the text change places;
- `shuffle`: the chosen tokens change places; without a choice all but the first and the last one do;
- `mask`: the chosen tokens become a word without content; without a choice, some of those between the first and the
  last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from core.errors import ArgumentError, InputError
from core.inputs.corruption_kinds import TEXT_KINDS, TextKind
from core.inputs.generators import lexicon
from core.inputs.model_inputs import ModelInputs
from core.inputs.text import encode
from core.inputs.token_texts import TokenText

NAMES = lexicon.NAMES + lexicon.HELD_OUT_NAMES
NEUTRAL = ("the", "of", "and", "it", "that", "in", "a", ",", ".", "_", "x")  # without content, the commonest first
MASKED = 0.3  # share of the tokens that are masked where none are chosen
TRIES = 200  # orders that are tried until one reads back as the same tokens

_NAME = re.compile(r"\b[A-Z][a-z]+\b")


def token_text_of(model: ModelInputs, text: str) -> TokenText:
    """A text as the model's tokens. Raises InputError for an empty or too long text and a model that reads none."""
    if not model.is_text or model.tokenizer is None:
        raise InputError(f"{model.title} reads no text.", "Open a language model.")
    length = model.adapter.context_length
    return TokenText(model.tokenizer, lambda words: encode(model.tokenizer, words, length), text)


def corrupt_text(model: ModelInputs, text: str, kind: TextKind, positions: Sequence[int] = (), seed: int = 0) -> str:
    """B made from A. Raises ArgumentError for an unknown kind, InputError where no such B of the same length exists,
    with what to do."""
    if kind not in TEXT_KINDS:
        raise ArgumentError(f"There is no corruption of text called {kind!r}.", f"There are: {', '.join(TEXT_KINDS)}.")
    source = token_text_of(model, text)
    outside = [p for p in positions if not 0 <= p < len(source.ids)]
    if outside:
        raise InputError(f"There is no token {outside[0]}: the text has {len(source.ids)}.", "Choose its tokens again.")
    chosen = frozenset(positions) - source.special
    if positions and not chosen:
        raise InputError("The chosen token is a mark that the model adds to the text.", "Choose a word of A.")
    rng = Random(f"{kind}/{seed}")
    make = {"names": _other_names, "swap": _swap_names, "shuffle": _shuffle, "mask": _mask}[kind]
    return make(source, chosen, rng)


# ---- names ----


def _names_in(source: TokenText, chosen: frozenset[int]) -> list[tuple[str, int, int]]:
    """Each name that may change, with where it is. Raises InputError where there is none."""
    all_names = set(NAMES)
    names = [(m[0], m.start(), m.end()) for m in _NAME.finditer(source.text) if m[0] in all_names]
    if not names:
        raise InputError("A has no name that Wirescope knows.", "Write one such as Mary, or shuffle or mask tokens.")
    if chosen:
        names = [name for name in names if chosen.intersection(source.positions_of(*name[1:]))]
        if not names:
            raise InputError(
                "None of the chosen tokens is a name.", "Click a name in A; with no token chosen, all names change."
            )
    return names


def _replace(source: TokenText, parts: Sequence[tuple[str, int, int]]) -> str | None:
    """Other words for several parts, the last one first so that places stay right; None where one does not fit."""
    current: TokenText | None = source
    for words, start, end in sorted(parts, key=lambda part: -part[1]):
        text = None if current is None else current.with_part(start, end, words)
        current = None if text is None else TokenText(source.tokenizer, source.encode, text)
    return None if current is None else current.text


def _other_names(source: TokenText, chosen: frozenset[int], rng: Random) -> str:
    names = _names_in(source, chosen)
    present = set(_NAME.findall(source.text))
    free = [name for name in NAMES if name not in present]
    rng.shuffle(free)
    replacements: dict[str, str] = {}
    text: str | None = None
    for name in dict.fromkeys(name for name, _, _ in names):
        for candidate in free:
            tried = {**replacements, name: candidate}
            places = [(tried[spelling], start, end) for spelling, start, end in names if spelling in tried]
            text = _replace(source, places)
            if text is not None:
                replacements = tried
                free.remove(candidate)
                break
        else:
            raise InputError(
                f"This model cuts no other name into as many tokens as {name}, and B needs as many as A.",
                "Write B yourself, or choose Make > Mask Tokens.",
            )
    assert text is not None
    return text


def _swap_names(source: TokenText, chosen: frozenset[int], rng: Random) -> str:
    names = _names_in(source, chosen)
    different = list(dict.fromkeys(_NAME.findall(source.text)))
    different = [name for name in different if name in NAMES]
    if len(different) < 2:
        raise InputError(
            f"A has only one name, {different[0]}, so there is nothing to swap.", "Choose Make > Other Names instead."
        )
    for _ in range(TRIES):
        to = different[:]
        rng.shuffle(to)
        mapping = dict(zip(different, to, strict=True))
        if any(a == b for a, b in mapping.items()):
            continue
        text = _replace(source, [(mapping[name], start, end) for name, start, end in names])
        if text is not None:
            return text
    raise InputError(
        f"The names {', '.join(different)} have different numbers of tokens, so they cannot change places.",
        "Choose Make > Other Names instead.",
    )


# ---- tokens ----


def _shuffle(source: TokenText, chosen: frozenset[int], rng: Random) -> str:
    places = sorted(chosen) if chosen else list(source.text_positions[1:-1])
    if len({source.ids[p] for p in places}) < 2:
        raise InputError("There are not two different tokens to shuffle.", "Choose more tokens, or write more.")
    for _ in range(TRIES):
        order = places[:]
        rng.shuffle(order)
        ids = list(source.ids)
        for to, from_ in zip(places, order, strict=True):
            ids[to] = source.ids[from_]
        if tuple(ids) == source.ids:
            continue
        text = source.with_ids(ids)
        if text is not None:
            return text
    raise InputError(
        "In any other order the model would cut this text into other tokens than these.",
        "Choose tokens that are whole words, with the space before them.",
    )


def _mask(source: TokenText, chosen: frozenset[int], rng: Random) -> str:
    inner = list(source.text_positions[1:-1]) or list(source.text_positions)
    places = sorted(chosen) or sorted(rng.sample(inner, max(1, round(MASKED * len(inner)))))
    fillers = _fillers(source)
    ids = list(source.ids)
    for place in places:
        for filler in fillers:
            if filler == source.ids[place]:
                continue
            tried = [*ids[:place], filler, *ids[place + 1 :]]
            if source.with_ids(tried) is not None:
                ids = tried
                break
        else:
            raise InputError(
                f'The token "{source.labels[place]}" cannot be masked: with a common word in its place, the tokens '
                "around it would be cut otherwise.",
                "Choose a whole word, with the space before it.",
            )
    return source.decode(ids)


def _fillers(source: TokenText) -> list[int]:
    """Tokens that say nothing: common words that are one token, with and without the space before them."""
    fillers = []
    for word in NEUTRAL:
        for words in (f" {word}", word):
            ids = source.tokenizer(words, add_special_tokens=False)["input_ids"]
            if len(ids) == 1 and ids[0] != source.tokenizer.unk_token_id:
                fillers.append(int(ids[0]))
    return list(dict.fromkeys(fillers))
