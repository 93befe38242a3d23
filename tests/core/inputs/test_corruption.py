"""Counterfactual texts made from A: as many tokens, changed only where asked, the same for the same seed."""

from __future__ import annotations

import pytest

from core.errors import ArgumentError, InputError
from core.inputs.corruption import NAMES, corrupt_text, token_text_of
from core.inputs.corruption_kinds import TEXT_KINDS
from core.models.loading import load_model
from core.models.model import Model
from tests.small_models import small_text_model

TEXT = "When Mary and John went to the store, John gave a drink to"
SECOND_JOHN = 9


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("bundled:names")


def changes(model: Model, text: str, other: str) -> list[int]:
    before, after = (token_text_of(model, each).ids for each in (text, other))
    return [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]


def test_the_position_of_the_second_john(model: Model) -> None:
    assert token_text_of(model, TEXT).labels[SECOND_JOHN] == " John"


@pytest.mark.parametrize("kind", TEXT_KINDS)
def test_every_kind_keeps_the_length_and_follows_its_seed(model: Model, kind: str) -> None:
    made = [corrupt_text(model, TEXT, kind, seed=seed) for seed in range(6)]  # type: ignore[arg-type]
    assert made == [corrupt_text(model, TEXT, kind, seed=seed) for seed in range(6)]  # type: ignore[arg-type]
    for other in made:
        assert changes(model, TEXT, other)
        model.pair(TEXT, other)  # aligned, or it raises
    if kind != "swap":  # two names can change places in one way only
        assert len(set(made)) > 1


@pytest.mark.parametrize("kind", TEXT_KINDS)
def test_every_kind_changes_the_chosen_positions_alone(model: Model, kind: str) -> None:
    chosen = (SECOND_JOHN,) if kind != "shuffle" else (1, 3, SECOND_JOHN)
    for seed in range(4):
        found = changes(model, TEXT, corrupt_text(model, TEXT, kind, chosen, seed))  # type: ignore[arg-type]
        assert found
        assert set(found) <= set(chosen)


def test_other_names_are_names_that_the_text_has_not_and_the_same_everywhere(model: Model) -> None:
    words = corrupt_text(model, TEXT, "names", seed=3).replace(",", "").split()
    assert words[3] == words[8]
    assert {words[1], words[3]} <= set(NAMES) - {"Mary", "John"}
    assert words[1] != words[3]


def test_swapped_names_change_places(model: Model) -> None:
    assert corrupt_text(model, TEXT, "swap") == "When John and Mary went to the store, Mary gave a drink to"


def test_a_shuffle_keeps_the_tokens_and_the_first_and_last_of_them(model: Model) -> None:
    before, after = (token_text_of(model, text).ids for text in (TEXT, corrupt_text(model, TEXT, "shuffle")))
    assert sorted(before) == sorted(after)
    assert (before[0], before[-1]) == (after[0], after[-1])


def test_a_mask_puts_a_word_without_content(model: Model) -> None:
    masked = corrupt_text(model, TEXT, "mask", (SECOND_JOHN,))
    assert masked == "When Mary and John went to the store, the gave a drink to"
    assert token_text_of(model, corrupt_text(model, masked, "mask", (SECOND_JOHN,))).labels[SECOND_JOHN] == " of"


@pytest.mark.parametrize(
    ("kind", "text", "positions", "message"),
    [
        ("names", "The store was full", (), "no name"),
        ("names", TEXT, (0,), "None of the chosen tokens is a name"),
        ("swap", "When Mary went to", (), "only one name, Mary"),
        ("shuffle", TEXT, (2,), "two different tokens"),
        ("mask", TEXT, (99,), "no token 99"),
        ("mask", " ", (), "empty"),
    ],
)
def test_what_cannot_be_made_is_said(
    model: Model, kind: str, text: str, positions: tuple[int, ...], message: str
) -> None:
    with pytest.raises(InputError, match=message) as raised:
        corrupt_text(model, text, kind, positions)  # type: ignore[arg-type]
    assert raised.value.hint


def test_unknown_kinds_and_models_without_text_are_named(model: Model) -> None:
    with pytest.raises(ArgumentError, match="shuffle"):
        corrupt_text(model, TEXT, "invert")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="reads no text"):
        corrupt_text(load_model("bundled:shapes"), TEXT, "mask")


def test_names_of_several_tokens_are_changed_whole() -> None:
    """A tokenizer that cuts the name into letters: another name of as many letters takes its place."""
    from core.models.loading import load_model as load

    module, tokenizer = small_text_model()
    model = load((module, tokenizer))
    text = "When Ruth gave"
    other = corrupt_text(model, text, "names", seed=1)
    assert other != text
    assert len(token_text_of(model, other).ids) == len(token_text_of(model, text).ids)
    with pytest.raises(InputError, match="no other name"):
        corrupt_text(model, "When Jacqueline", "names")
