"""How B is made, in words: what is written is read again, and what cannot be is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ArgumentError
from core.inputs.corruption_kinds import ImageCorruption
from core.inputs.corruption_words import parse_corruption, written
from core.project.document import Source
from core.project.row_cells import made_cell, made_from

WORD = ImageCorruption("word", (1, 2, 5), text="a dog's", size=0.3, place="top left", sticker=False)


@pytest.mark.parametrize(
    ("words", "corruption"),
    [
        ("blur", ImageCorruption("blur")),
        ("noise seed=3 patches=5-8,13", ImageCorruption("noise", (5, 6, 7, 8, 13), 3)),
        ("""word text="a dog's" size=0.3 place=top-left plain patches=1,2,5""", WORD),
        ("other other=/b.png mask='/m n.png'", ImageCorruption("other", other="/b.png", mask="/m n.png")),
        (
            "word text=then then blur patches=3",
            ImageCorruption("blur", (3,), earlier=ImageCorruption("word", text="then")),
        ),
        (r"word text=a\b", ImageCorruption("word", text=r"a\b")),
    ],
)
def test_words_and_corruptions_are_the_same(words: str, corruption: ImageCorruption) -> None:
    assert parse_corruption(words) == corruption
    assert parse_corruption(written(corruption)) == corruption


def test_paths_of_windows_need_no_quotes() -> None:
    for path in (r"C:\masks\cat.png", r"\\host\masks\cat.png"):
        assert parse_corruption(f"mean mask={path}").mask == path
        assert parse_corruption(f'mean mask="{path}"').mask == path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Nothing says how B is made"),
        ("word 'text", "does not say"),
        ("blur then", "Nothing says how B is made"),
        (" then ".join(["blur"] * 11), "was changed 10 times already"),
        ("melt", "There are: other, blur"),
        ("word", "word needs a text: word text=dog"),
        ("word text=a sise=3", "called 'sise'"),
        ("word text=a size=big", "size=big is no number"),
        ("word text=a place=above", "no place called 'above'"),
        ("blur patches=1-x", "is no number"),
        ("blur patches=0-99999999999", "is no number"),
        ("noise seed=99999999999999999999", "is too large"),
        ("blur 3", "'3' is not NAME=VALUE"),
    ],
)
def test_what_cannot_be_read_is_said(words: str, said: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse_corruption(words)
    assert said in str(caught.value)
    assert caught.value.hint


def test_a_row_keeps_how_its_b_is_made() -> None:
    clean = Source("image", path="/a.png", name="a.png")
    b = made_from(clean, "make:mean mask=m.png", Path("/folder"))
    assert b.corruption == ImageCorruption("mean", mask="/folder/m.png")
    assert made_from(clean, made_cell(clean, b)) == b
    assert made_cell(clean, Source("image", path="/c.png")) == ""
    assert made_cell(clean, made_from(clean, "make:blur")) == "make:blur"
