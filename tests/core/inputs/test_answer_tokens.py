"""What a token is called leads back to it, whatever the tokenizer does with spaces and bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import tokenizers
import transformers
from tokenizers import decoders, models, pre_tokenizers, trainers

import wirescope as ws
from core.errors import InputError
from core.inputs.answer_tokens import answer_id, answer_label
from core.inputs.text import token_text
from tests.small_models import ALL, small_model, small_tokenizer

WORDS = ["When Mary and John went to the store, John gave a drink to Mary: café two\nsix 😀 3"] * 4


def byte_level(add_prefix_space: bool) -> transformers.PreTrainedTokenizerFast:
    made = tokenizers.Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=340, special_tokens=["<|end|>"], initial_alphabet=alphabet)
    made.train_from_iterator(WORDS, trainer)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|end|>")


def llama_kind() -> transformers.PreTrainedTokenizerFast:
    """A space before every text, pieces with and without it, bytes for what has no piece."""
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    pieces += ["▁", "▁▁", "M", "ary", "Mary", "▁Mary", "▁M", "A", "▁the", "t", "h", "e", "th", "a", "r", "y", ":"]
    merges = [("a", "ry"), ("M", "ary"), ("▁", "Mary"), ("t", "h"), ("▁", "M"), ("▁", "▁")]
    made = tokenizers.Tokenizer(
        models.BPE({piece: i for i, piece in enumerate(pieces)}, [m for m in merges if m[0] + m[1] in pieces
                   and m[0] in pieces and m[1] in pieces], unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    )  # fmt: skip
    made.normalizer = tokenizers.normalizers.Sequence(
        [tokenizers.normalizers.Prepend("▁"), tokenizers.normalizers.Replace(" ", "▁")]
    )
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


def metaspace() -> transformers.PreTrainedTokenizerFast:
    pieces = [("<unk>", 0.0), ("▁", -3.0), ("▁Mary", -1.0), ("Mary", -1.5), ("▁to", -1.0), ("to", -2.0), ("▁▁", -2.0)]
    made = tokenizers.Tokenizer(models.Unigram([*pieces, *((letter, -9.0) for letter in "Martyo:")], unk_id=0))
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>")


def word_piece() -> transformers.PreTrainedTokenizerFast:
    pieces = ["[UNK]", "[CLS]", "mary", "##s", "s", "to", "##to", "[PAD]"]
    made = tokenizers.Tokenizer(models.WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]"))
    made.normalizer = tokenizers.normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.decoder = decoders.WordPiece()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]", cls_token="[CLS]")


KINDS = (lambda: byte_level(False), lambda: byte_level(True), llama_kind, metaspace, word_piece, small_tokenizer)


@pytest.mark.parametrize("make", KINDS)
def test_what_every_token_is_called_leads_back_to_it(
    make: Callable[[], transformers.PreTrainedTokenizerFast],
) -> None:
    tokenizer = make()
    for token in range(len(tokenizer)):
        label = answer_label(tokenizer, token)
        assert label
        assert answer_id(tokenizer, label) == token, (token, label)
        printed = repr(label)[1:-1]  # as `run` prints it
        assert answer_id(tokenizer, printed if label in "\n\t\r" else label) == token, (token, label)


@pytest.mark.parametrize("make", KINDS[:4])
def test_most_tokens_are_called_by_their_text(make: Callable[[], transformers.PreTrainedTokenizerFast]) -> None:
    tokenizer = make()
    for token in (token for token in range(len(tokenizer)) if " Mary" in token_text(tokenizer, token)):
        assert answer_label(tokenizer, token) == " Mary"


def test_a_word_with_and_without_its_space_are_two_answers_to_a_tokenizer_that_adds_one() -> None:
    tokenizer = llama_kind()
    assert answer_id(tokenizer, " Mary") == tokenizer.convert_tokens_to_ids("▁Mary")
    assert answer_id(tokenizer, "Mary") == tokenizer.convert_tokens_to_ids("Mary")
    assert answer_label(tokenizer, tokenizer.convert_tokens_to_ids("<0x41>")) == "<0x41>", '"A" is another token'
    assert answer_id(tokenizer, "#5") == 5
    with pytest.raises(InputError, match="tokens"):
        answer_id(tokenizer, "Maryland")


def test_tokens_that_the_tokenizer_does_not_know_are_called_by_their_number() -> None:
    model = ws.load_model((small_model("gpt2"), word_piece()))
    assert model.label(20) == "#20"
    assert model.answer("#20") == 20


def test_a_model_without_a_tokenizer_takes_numbers_as_answers() -> None:
    model = ws.load_model((small_model("gpt2"), None))
    assert [model.answer(model.label(token)) for token in range(23)] == list(range(23))
    assert model.answer(" 7") == model.answer("id:7") == 7


def test_classes_without_a_name_of_their_own_are_called_by_their_number() -> None:
    module = ALL["vit-classifier"]().double().eval()
    module.config.id2label = dict(enumerate(["crane", "Crane ", "", "owl", "a", "b", "c"]))  # type: ignore[union-attr]
    model = ws.load_model((module, None))
    labels = [model.label(index) for index in range(7)]
    assert labels[:4] == ["crane", "class 1", "class 2", "owl"]
    assert [model.answer(label) for label in labels] == list(range(7))
