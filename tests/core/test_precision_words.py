"""A document says its precision in one word, files and `load_model` in two."""

from __future__ import annotations

import pytest

from core.errors import ArgumentError
from core.precision_words import (
    check_place,
    document_precision,
    precision_entry,
    precision_told,
    precision_words,
    weights_of_precision,
    whole_place,
)


@pytest.mark.parametrize(
    ("precision", "entry", "words"),
    [
        ("fp32", {}, "fp32"),
        ("bf16", {"precision": "bf16"}, "bf16"),
        ("fp32+8bit", {"weights": "8bit"}, "fp32 with weights in 8 bits"),
        ("bf16+8bit", {"precision": "bf16", "weights": "8bit"}, "bf16 with weights in 8 bits"),
    ],
)
def test_what_a_file_says_is_what_the_document_had(precision: str, entry: dict[str, str], words: str) -> None:
    assert precision_entry(precision) == entry
    assert precision_told({"model": "m", **entry}) == precision
    assert precision_words(precision) == words


def test_a_place_of_weights_is_of_whole_ones_or_a_part_of_the_precision() -> None:
    for place in ("auto", "memory", "disk"):
        assert document_precision("bf16", place) == "bf16"
        assert weights_of_precision("bf16", whole_place(place)) == place
    assert document_precision("bf16", "8bit") == "bf16+8bit"
    assert whole_place("8bit") == "auto"
    assert weights_of_precision("bf16+8bit", "disk") == "8bit"
    for check in (check_place, whole_place):
        with pytest.raises(ArgumentError, match="no place 'attic'"):
            check("attic")
