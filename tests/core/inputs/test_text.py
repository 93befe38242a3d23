"""Prompts as tokens, by a tokenizer whose pieces one can count."""

from __future__ import annotations

import pytest
import torch

import wirescope as ws
from core.errors import InputError
from core.inputs.text import token_text, token_texts
from tests.small_models import (
    randomise,
    small_input,
    small_model,
    small_text_model,
    small_tokenizer,
    text_tower,
)


@pytest.fixture(scope="module")
def model() -> ws.Model:
    return ws.load_model(small_text_model())


def test_tokens_keep_their_spaces(model: ws.Model) -> None:
    side = model.side("When Mary gave a drink to")
    assert side.labels == ("When", " Mary", " gave", " a", " drink", " to")
    assert side.lengths == (6,)
    assert side.text == "When Mary gave a drink to"
    assert side.tensor.tolist() == [model.tokenizer("When Mary gave a drink to")["input_ids"]]
    assert side.notes == ()


def test_sentencepiece_tokens_keep_their_spaces_too() -> None:
    class SentencePiece:
        def decode(self, ids: list[int]) -> str:
            return "Mary"

        def convert_ids_to_tokens(self, token: int) -> str:
            return "▁Mary"

    assert token_text(SentencePiece(), 3) == " Mary"


def test_a_piece_of_a_character_is_shown_by_the_tokenizers_name() -> None:
    class Bytes:
        def decode(self, ids: list[int]) -> str:
            return "�"

        def convert_ids_to_tokens(self, token: int) -> str:
            return "<0xE2>"

    assert token_text(Bytes(), 3) == "<0xE2>"


def test_a_batch_is_padded_on_the_right(model: ws.Model) -> None:
    side = model.side(["When Mary gave", "When Tom gave a drink"])
    assert side.lengths == (3, 5)
    assert side.tensor.shape == (2, 5)
    assert side.tensor[0, 3:].tolist() == [model.tokenizer.eos_token_id] * 2
    assert side.labels == ("When", " Mary", " gave", " a", " drink"), "the longest row names what the first has not"


def test_a_model_that_reads_its_padding_gets_it_as_part_of_the_input() -> None:
    """SigLIP's text tower was trained on prompts of one length, and its output reads the last position."""
    module = text_tower("SiglipTextModel", vocab_size=len(small_tokenizer()))
    randomise(module)
    tokenizer = small_tokenizer(pad_token="<s>")
    model = ws.load_model((module.double().eval(), tokenizer))
    pair = model.pair(["When Mary gave", "When"], ["When John gave", "Mary"])
    padding = tokenizer.pad_token_id
    assert pair.clean.tensor[0].tolist() == [*tokenizer("When Mary gave")["input_ids"], *[padding] * 13]
    assert pair.clean.lengths == (16, 16)
    assert pair.clean.tokens == (3, 1)
    assert pair.clean.labels[:4] == ("When", " Mary", " gave", "<s>")
    assert pair.length == 16
    assert "Padded to 16 tokens" in pair.clean.notes[-1]
    session = ws.Session(model, pair)
    assert session.parity.difference < 1e-9
    last = session.run([ws.Edit("m1->logits", "zero", positions=[-1])]).metric
    assert torch.equal(last, session.run([ws.Edit("m1->logits", "zero")]).metric), "the padding at the end is read"
    with pytest.raises(InputError, match="A has 3 tokens and B has 1"):
        model.pair("When Mary gave", "When")


def test_unequal_lengths_are_refused_with_the_place_where_the_prompts_part(model: ws.Model) -> None:
    same = "When Mary gave a drink"
    for a, b, counts, place in (
        (
            f"{same} to John",
            f"{same} a",
            "7 tokens and B has 6",
            "differ from position 5 on. A: …| drink| to| John. B: …| drink| a.",
        ),
        (same, f"{same} to John", "5 tokens and B has 7", "B goes on from position 5: …| drink| to| John."),
        (
            "When" + " a" * 9,
            "Mary a",
            "10 tokens and B has 2",
            "differ from position 0 on. A: When| a| a|…. B: Mary| a.",
        ),
    ):
        with pytest.raises(InputError) as caught:
            model.pair(a, b)
        assert counts in caught.value.message
        assert caught.value.message.endswith(place)
    with pytest.raises(InputError, match="row 1"):
        model.pair(["When Mary", "When Tom gave"], ["When Tom", "When Tom"])


def test_a_tokenizers_own_padding_token_is_used() -> None:
    module, _ = small_text_model()
    side = ws.load_model((module, small_tokenizer(pad_token="<s>"))).side(["When Mary gave", "When"])
    assert side.tensor[1].tolist()[1:] == [2, 2]


def test_a_space_at_the_end_is_told(model: ws.Model) -> None:
    assert any("space" in note for note in model.side("When Mary ").notes)


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t"])
def test_an_empty_prompt_is_refused(model: ws.Model, prompt: str) -> None:
    with pytest.raises(InputError, match="empty"):
        model.pair(prompt)


def test_a_prompt_longer_than_the_context_is_refused_with_both_numbers(model: ws.Model) -> None:
    assert model.side("a" * 16).lengths == (16,)
    with pytest.raises(InputError, match=r"17 tokens.*16"):
        model.pair("a" * 17)
    with pytest.raises(InputError, match=r"17 tokens.*16"):
        model.pair(torch.zeros(1, 17, dtype=torch.long))


def test_pairs_need_as_many_of_each(model: ws.Model) -> None:
    with pytest.raises(InputError, match=r"2 clean inputs and 1"):
        model.pair(["When Mary", "When Tom"], ["When Tom"])
    with pytest.raises(InputError, match="no input"):
        model.pair([])


def test_an_answer_is_one_token(model: ws.Model) -> None:
    assert model.answer(" Mary") == model.tokenizer.convert_tokens_to_ids(" Mary")
    assert model.answer(5) == 5
    with pytest.raises(InputError, match=r"T\|o\|m.*\" Tom\" is one token"):
        model.answer("Tom")
    with pytest.raises(InputError, match=r"5 tokens \( Mary\|l\|a\|n\|d\)"):
        model.answer(" Maryland")
    with pytest.raises(InputError, match="empty"):
        model.answer("")


def test_what_is_no_text_is_refused(model: ws.Model) -> None:
    with pytest.raises(InputError, match="int"):
        model.pair([3])
    with pytest.raises(InputError, match="whole numbers"):
        model.pair(torch.zeros(1, 3))
    with pytest.raises(InputError, match="whole numbers"):
        model.pair(torch.zeros(3, dtype=torch.long))
    with pytest.raises(InputError, match="0 tokens"):
        model.pair(torch.zeros(1, 0, dtype=torch.long))


@pytest.mark.parametrize("token", [-1, 70, 10_000])
def test_ids_outside_the_vocabulary_are_refused(model: ws.Model, token: int) -> None:
    with pytest.raises(InputError, match=rf"no token {token}: .* 0 to 69"):
        model.pair(torch.tensor([[1, token, 2]]))


def test_a_tokenizer_of_more_tokens_than_the_model_knows_is_found_out() -> None:
    model = ws.load_model((small_model("gpt2"), small_tokenizer()))
    assert model.pair("When Mary").clean.lengths == (2,)
    with pytest.raises(InputError, match=r"0 to 22.*tokenizer"):
        model.pair("When z")


def test_a_model_without_a_tokenizer_takes_ids_alone() -> None:
    model = ws.load_model((small_model("gpt2"), None))
    assert model.pair(small_input("gpt2", 0)).clean.labels[0].startswith("#")
    with pytest.raises(InputError, match="tokenizer"):
        model.pair("When Mary gave")
    with pytest.raises(InputError, match="tokenizer"):
        model.answer(" Mary")


class ByteTokenizer:
    """A token for every byte, as byte-level vocabularies fall back to."""

    def decode(self, ids):
        return bytes(ids).decode("utf-8", errors="replace")

    def convert_ids_to_tokens(self, token):
        return f"<0x{token:02X}>"


@pytest.mark.parametrize(
    "text", ["a", "sch\u00f6n \u00e4", "\U0001f600\U0001f600", "na\u00efve \U0001f1e9\U0001f1ea", "日本"]
)
def test_a_character_of_several_tokens_stands_at_each_of_them(text):
    labels = token_texts(ByteTokenizer(), list(text.encode()))
    assert len(labels) == len(text.encode())
    assert not any("\ufffd" in label or "<0x" in label for label in labels)
    expected = []
    for character in text:
        count = len(character.encode())
        expected += [character] if count == 1 else [f"{character}[{part}/{count}]" for part in range(1, count + 1)]
    assert list(labels) == expected


def test_bytes_that_are_no_character_keep_the_tokenizers_name():
    assert token_texts(ByteTokenizer(), [0xE4, 0x61, 0xFF]) == ("<0xE4>", "a", "<0xFF>")
