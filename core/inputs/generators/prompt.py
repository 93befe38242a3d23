"""The record that every text generator returns, and the rule that splits training from held-out prompts.

A prompt belongs to one split:

- ``train``: what the bundled language model is trained on;
- ``combination``: words and templates of training, put together as training never does;
- ``template``: a sentence form that training never shows;
- ``word``: a name, place, noun, event or country that training shows only in other kinds of sentence.

Combinations are split by a checksum of their words, so the split needs no stored list and never moves.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Literal

Split = Literal["train", "combination", "template", "word"]
SPLITS: tuple[Split, ...] = ("train", "combination", "template", "word")
HELD_OUT: tuple[Split, ...] = ("combination", "template", "word")


Parts = tuple[tuple[str, int, int], ...]  # name, and where it begins and ends in a text


@dataclass(frozen=True)
class Prompt:
    """One behaviour's prompt, its counterfactual and its answers. Answers carry their leading space, if
    any."""

    kind: str  # a name of SAMPLERS
    split: Split
    clean: str
    counterfactual: str  # as many tokens as `clean`, aligned position by position
    targets: tuple[str, ...]  # every right next token; most behaviours have one
    foils: tuple[str, ...]  # tempting wrong ones; the first is the usual foil
    answer: str  # the target that the full sentence goes on with
    ending: str  # what follows the answer
    parts: Parts = ()  # of `clean`, by the names of the template's fields

    @property
    def text(self) -> str:
        """The whole sentence, as training shows it."""
        return self.clean + self.answer + self.ending


def filled(template: str, words: Mapping[str, str]) -> tuple[str, Parts]:
    """A template with words in its fields, and where each of them is."""
    text, parts = "", []
    for literal, name, _, _ in Formatter().parse(template):
        text += literal
        if name:
            parts.append((name, len(text), len(text) + len(words[name])))
            text += words[name]
    return text, tuple(parts)


def is_held_out(*words: str) -> bool:
    """Whether this combination of words is kept out of training: about one in six, always the same ones."""
    return zlib.crc32("|".join(words).encode()) % 6 == 0
