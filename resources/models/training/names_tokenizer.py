"""The tokenizer of the `names` model: byte-level BPE in which every word of the generated English is one
token.

Steps: cut the text into words (each with the space before it) and pairs of digits; learn merges from a list
of words in which each counts the same, until each is one token. Bytes stay in the alphabet, so other text
falls apart into pieces but is never lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from core.inputs.generators import HELD_OUT, KINDS, capitals, filler, indirect_objects, lexicon, sample

END_OF_TEXT, UNKNOWN = "<|endoftext|>", "<|unknown|>"
CONTEXT = 96
# A space belongs to the word after it. Digits go in pairs: " 1732" is " 17", "32".
WORD_PATTERN = r" ?\p{N}{1,2}| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def _pre_tokenizer() -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORD_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def vocabulary_words(sentences: int = 20_000) -> list[str]:
    """Every word, with or without its leading space, that must be one token, in a fixed order."""
    words = {f"{space}{number:02d}" for space in ("", " ") for number in range(100)}
    words |= {f" {word}" for word in lexicon.SEQUENCE_WORDS + lexicon.HELD_OUT_SEQUENCE_WORDS}
    words |= {*lexicon.NAMES, *lexicon.HELD_OUT_NAMES, *lexicon.CAPITALS, *lexicon.CAPITALS.values()}
    rng = Random("vocabulary")
    split = pre_tokenizers.Split(Regex(WORD_PATTERN), behavior="isolated")
    for _ in range(sentences // 10):
        texts = [sample(kind, rng, split_name).text for kind in KINDS for split_name in HELD_OUT]
        texts += [sample(kind, rng).text for kind in KINDS]
        texts += [
            filler.sample(rng),
            capitals.sample_statement(rng),
            indirect_objects.sample_without_repeat(rng),
        ]
        words |= {piece for text in texts for piece, _ in split.pre_tokenize_str(text)}
    return sorted(words)


def build() -> PreTrainedTokenizerFast:
    """The tokenizer, made from the generators alone."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = _pre_tokenizer()
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=8_000,  # more than needed: learning ends when every word is one token
        min_frequency=2,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    # The pattern would cut the list's words no further, so each is one piece; twice makes it frequent enough.
    words = vocabulary_words()
    tokenizer.train_from_iterator([word for word in words for _ in range(2)], trainer)
    return _opened(tokenizer, CONTEXT)


def build_of_words(words: Iterable[str], context: int) -> PreTrainedTokenizerFast:
    """One that knows some words alone, each with or without its leading space, and marks all else as unknown: no token
    is a piece of a word."""
    split = _pre_tokenizer()
    pieces = dict.fromkeys(piece for word in words for piece, _ in split.pre_tokenize_str(word))
    vocabulary = {piece: number for number, piece in enumerate((END_OF_TEXT, UNKNOWN, *pieces))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.ByteLevel()
    return _opened(tokenizer, context, unk_token=UNKNOWN)


def _opened(tokenizer: Tokenizer, context: int, **marks: str) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
        **marks,
    )
