"""Token ids in place of text: padded on either side, with a mask or without, typed as numbers; a doubled beginning."""

from __future__ import annotations

import pytest
import tokenizers
import torch

import wirescope as ws
from core.errors import InputError
from tests.small_models import small_model, small_text_model, small_tokenizer

TEXTS = ["When Mary gave a drink to", "When Tom gave"]


def model_with(**special: str) -> ws.Model:
    module, _ = small_text_model()
    return ws.load_model((module, small_tokenizer(**special)))


def answers(model: ws.Model, *inputs: object) -> torch.Tensor:
    return ws.Session(model, model.pair(*inputs)).run().answer


@pytest.mark.parametrize("side", ["left", "right"])
def test_ids_with_their_mask_are_read_as_their_texts(side: str) -> None:
    model = model_with(pad_token="<eos>")
    padded = model.tokenizer(TEXTS, padding=True, padding_side=side, return_tensors="pt")
    pair = model.pair(padded)
    assert pair.clean.lengths == (6, 3)
    assert pair.clean.notes == ()
    assert torch.equal(answers(model, padded), answers(model, TEXTS))
    assert torch.equal(answers(model, dict(padded), dict(padded)), answers(model, TEXTS))


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_token_that_is_padding_and_nothing_else_is_taken_out(side: str) -> None:
    model = model_with(pad_token="<s>")
    ids = model.tokenizer(TEXTS, padding=True, padding_side=side, return_tensors="pt")["input_ids"]
    side_a = model.side(ids)
    assert side_a.lengths == (6, 3)
    assert "'<s>'" in side_a.notes[0]
    assert torch.equal(answers(model, ids), answers(model, TEXTS))


@pytest.mark.parametrize("special", [{}, {"pad_token": "<eos>"}, {"pad_token": "<eos>", "bos_token": "<eos>"}])
@pytest.mark.parametrize(
    ("front", "behind", "words"),
    [
        ([3], [0], "The ids begin with 3 times '<eos>'"),
        ([0], [2], "The ids end with 2 times '<eos>'"),
        ([0, 0], [0, 1], "Row 1 of the ids ends with 1 times"),
        ([2, 1], [0, 1], "Row 0 of the ids begins with 2 times"),
        ([0, 0], [3, 3], "Row 0 of the ids ends with 3 times"),
    ],
)
def test_ids_that_were_perhaps_padded_with_the_end_of_text_are_refused(
    special: dict[str, str], front: list[int], behind: list[int], words: str
) -> None:
    model = model_with(**special)
    text = model.tokenizer(TEXTS[0])["input_ids"]
    size = max(a + b for a, b in zip(front, behind, strict=True)) + len(text)
    rows = [[0] * a + text[: size - a - b] + [0] * b for a, b in zip(front, behind, strict=True)]
    ids = torch.tensor([row + [4] * (size - len(row)) if row[-1] else row for row in rows])
    with pytest.raises(InputError, match=words) as refused:
        model.pair(ids)
    assert "mask" in refused.value.hint
    everything = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    assert model.side(everything).lengths == (size,) * len(rows), "a mask of ones has them read"
    with pytest.raises(InputError, match=words):
        model.pair(everything, ids)


@pytest.mark.parametrize("special", [{}, {"pad_token": "<eos>", "bos_token": "<eos>"}])
def test_one_mark_at_the_beginning_or_the_end_of_every_row_is_text(special: dict[str, str]) -> None:
    model = model_with(**special)
    text = model.tokenizer(TEXTS[0])["input_ids"]
    for rows in ([[0, *text]], [[*text, 0]], [[0, *text, 0], [0, *text[::-1], 0]], [[0]]):
        side = model.side(torch.tensor(rows))
        assert side.lengths == (len(rows[0]),) * len(rows)
        assert side.notes == ()


def test_masks_that_do_not_fit_are_refused() -> None:
    model = model_with()
    ids = torch.tensor([[3, 4, 5]])
    for mask, words in (([[1, 0, 1]], "holes"), ([[0, 0, 0]], "leaves no token"), ([[1, 1]], "mask is")):
        with pytest.raises(InputError, match=words):
            model.pair({"input_ids": ids, "attention_mask": torch.tensor(mask)})
    with pytest.raises(InputError, match="return_tensors"):
        model.pair({"input_ids": [3, 4, 5]})


def test_numbers_are_ids_to_a_model_without_a_tokenizer() -> None:
    model = ws.load_model((small_model("gpt2"), None))
    ids = torch.tensor([[4, 11, 7]])
    for typed in ("4 11 7", "ids: 4 11 7", " [4, 11,7] "):
        pair = model.pair(typed, "4 12 7")
        assert torch.equal(pair.clean.tensor, ids)
        assert pair.clean.labels == ("#4", "#11", "#7")
        assert pair.clean.text == "4 11 7"
    assert (answers(model, ["4 11 7", "5"])[0] - answers(model, ids)[0]).abs().max() < 1e-9
    assert model.pair(["5", "4 11 7"]).clean.lengths == (1, 3)
    for wrong in ("When", "4 x", "-4", "4.5", ""):
        with pytest.raises(InputError, match="no tokenizer"):
            model.pair(wrong)
    with pytest.raises(InputError, match="no token 400"):
        model.pair("400")


def test_a_beginning_that_stands_twice_is_told() -> None:
    tokenizer = small_tokenizer(bos_token="<s>")
    tokenizer.backend_tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 2)]
    )
    model = ws.load_model((small_text_model()[0], tokenizer))
    assert model.side("When Mary").notes == ()
    (note,) = model.side("<s>When Mary").notes
    assert "begins with <s> twice: the tokenizer adds one" in note
    assert model.side(["When Mary", "<s>When"]).notes == (note,), "any row of a batch"
    assert "begins with <s> twice" in model.side(torch.tensor([[2, 2, 3]])).notes[0]
    plain = model_with(bos_token="<s>")
    assert plain.side("<s>When Mary").notes == ()
    assert "the text has two" in plain.side("<s><s>When Mary").notes[0]
