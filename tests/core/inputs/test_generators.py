"""The text generators: what each kind of prompt promises, and the wall between training and held-out
prompts."""

from __future__ import annotations

import re
from random import Random

import pytest

from core.errors import ArgumentError
from core.inputs.generators import HELD_OUT, KINDS, SPLITS, filler, lexicon, prompts, sample
from core.inputs.generators import agreement as agreement_generator
from core.inputs.generators import capitals as capitals_generator
from core.inputs.generators import indirect_objects as indirect_objects_generator
from core.inputs.generators import years as years_generator
from core.inputs.generators.openings import OPENINGS

WORD = re.compile(r"[A-Za-z]+|\d\d")


def training_texts(kind: str, count: int = 1500) -> list[str]:
    rng = Random(5)
    return [sample(kind, rng).text for _ in range(count)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_prompts(kind: str) -> None:
    assert prompts(kind, 30, seed=4) == prompts(kind, 30, seed=4)
    assert prompts(kind, 30, seed=4) != prompts(kind, 30, seed=5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("split", SPLITS)
def test_a_prompt_is_a_pair_with_answers_apart(kind: str, split: str) -> None:
    for item in prompts(kind, 100, seed=1, splits=(split,)):  # type: ignore[arg-type]
        assert item.kind == kind
        sequence = kind == "induction" and split != "train"  # random sequences have but one way to be held out
        assert item.split == ("combination" if sequence else split)
        assert item.clean != item.counterfactual
        assert len(WORD.findall(item.clean)) == len(WORD.findall(item.counterfactual))
        assert item.clean == item.clean.strip()
        assert item.answer in item.targets
        assert not set(item.targets) & set(item.foils)
        assert item.text.startswith(item.clean + item.answer)


def test_prompts_take_the_held_out_splits_in_turn() -> None:
    assert [item.split for item in prompts("years", 6)] == [*HELD_OUT, *HELD_OUT]


def test_unknown_behaviours_and_splits_are_named() -> None:
    with pytest.raises(ArgumentError, match="capitals"):
        sample("capital", Random(0))
    with pytest.raises(ArgumentError, match="combination"):
        sample("capitals", Random(0), "test")  # type: ignore[arg-type]


def test_the_indirect_object_is_the_name_that_came_once() -> None:
    for item in prompts("indirect-objects", 200):
        target, foil = item.targets[0].strip(), item.foils[0].strip()
        assert len(re.findall(rf"\b{target}\b", item.clean)) == 1
        assert len(re.findall(rf"\b{foil}\b", item.clean)) == 2
        assert len(re.findall(rf"\b{target}\b", item.counterfactual)) == 1
        assert len(re.findall(rf"\b{foil}\b", item.counterfactual)) == 1


def test_the_induction_answer_followed_the_same_words_before() -> None:
    for item in prompts("induction", 200):
        words = item.clean.split()
        before = words[:-1].index(words[-1])
        assert item.targets == (f" {words[before + 1]}",)
        changed = item.counterfactual.split()
        assert item.foils == (f" {changed[before + 1]}",)
        assert [place for place, pair in enumerate(zip(words, changed, strict=True)) if pair[0] != pair[1]] == [
            before + 1
        ]


def test_right_years_are_all_the_later_ones() -> None:
    for item in prompts("years", 200):
        start = int(re.findall(r"\d\d(\d\d)", item.clean)[0])
        assert [int(year) for year in item.targets] == list(range(start + 1, 100))
        assert sorted(int(year) for year in item.foils) == list(range(start + 1))
        assert re.findall(r"\d\d(\d\d)", item.counterfactual) == ["01"]


def test_the_verb_agrees_with_the_first_noun_and_not_with_the_distractor() -> None:
    nouns = lexicon.NOUNS + lexicon.HELD_OUT_NOUNS
    number = {pair[index]: index for pair in nouns for index in (0, 1)}
    verbs = ({" is", " was", " has"}, {" are", " were", " have"})
    for item in prompts("agreement", 300):
        subject, other = [word for word in WORD.findall(item.clean) if word in number][:2]
        assert number[subject] != number[other]
        assert item.targets[0] in verbs[number[subject]]
        assert item.foils[0] in verbs[1 - number[subject]]


def test_capitals_answer_the_country_that_is_named() -> None:
    for item in prompts("capitals", 200):
        (country,) = [word for word in WORD.findall(item.clean) if word in lexicon.CAPITALS]
        (other,) = [word for word in WORD.findall(item.counterfactual) if word in lexicon.CAPITALS]
        assert item.targets == (f" {lexicon.CAPITALS[country]}",)
        assert item.foils == (f" {lexicon.CAPITALS[other]}",)
        assert country != other


@pytest.mark.parametrize("kind", ["indirect-objects", "years", "agreement", "capitals"])
def test_no_held_out_prompt_occurs_in_training(kind: str) -> None:
    trained = "\n".join(training_texts(kind))
    for item in prompts(kind, 300):
        assert f"{item.clean}{item.answer}" not in trained


def test_held_out_words_never_do_in_training_what_they_are_tested_on() -> None:
    names = "|".join(lexicon.HELD_OUT_NAMES)
    assert not re.search(rf"\b({names})\b", "\n".join(training_texts("indirect-objects")))
    events = "|".join(lexicon.HELD_OUT_EVENTS)
    assert not re.search(rf"\b({events})\b", "\n".join(training_texts("years")))
    nouns = "|".join(noun for pair in lexicon.HELD_OUT_NOUNS for noun in pair)
    assert not re.search(rf"\b({nouns})\b", "\n".join(training_texts("agreement")))
    countries = "|".join(lexicon.HELD_OUT_COUNTRIES)
    assert not re.search(rf"capital (city )?of ({countries}) is", "\n".join(training_texts("capitals")))


def test_the_best_known_examples_are_held_out() -> None:
    assert indirect_objects_generator.pair_is_held_out("Mary", "John")
    assert indirect_objects_generator.pair_is_held_out("John", "Mary")
    assert years_generator.year_is_held_out("17", 32)
    assert agreement_generator.pair_is_held_out("key", "cabinet")
    assert not any("The capital of France is" in text for text in training_texts("capitals"))


def test_combinations_held_out_are_a_small_part() -> None:
    pairs = [(a, b) for a in lexicon.NAMES[:40] for b in lexicon.NAMES[:40] if a < b]
    share = sum(indirect_objects_generator.pair_is_held_out(a, b) for a, b in pairs) / len(pairs)
    assert 0.1 < share < 0.25


def test_training_shows_every_word_that_held_out_prompts_use() -> None:
    rng = Random(2)
    texts = [text for kind in KINDS for text in training_texts(kind, 1500)]
    texts += [filler.sample(rng) for _ in range(4000)]
    texts += [capitals_generator.sample_statement(rng) for _ in range(500)]
    known = {word for text in texts for word in WORD.findall(text)}
    asked = {word for kind in KINDS for item in prompts(kind, 600) for word in WORD.findall(item.text)}
    assert asked - known == set()


def test_filler_shows_the_held_out_words() -> None:
    rng = Random(3)
    seen = {word for _ in range(4000) for word in WORD.findall(filler.sample(rng))}
    words = (
        *lexicon.HELD_OUT_NAMES,
        *lexicon.HELD_OUT_PLACES,
        *lexicon.HELD_OUT_EVENTS,
        *lexicon.HELD_OUT_COUNTRIES,
    )
    assert set(words) <= seen
    assert {noun for pair in lexicon.HELD_OUT_NOUNS for noun in pair} <= seen


def test_a_marked_word_of_filler_follows_from_the_words_before_it() -> None:
    rng = Random(4)
    verbs = {"is", "are", "was", "were", "has", "have"}
    marked = 0
    for _ in range(1000):
        before, *others = filler.sample_parts(rng)
        for part in others:
            word = WORD.findall(part)[0]
            known = word in verbs or word in WORD.findall(before) or word == "and"
            assert known, before + part
            before += part
            marked += 1
    assert marked > 300


def test_other_words_than_names_stand_for_names_in_training_alone() -> None:
    rng = Random(7)
    for item in (indirect_objects_generator.sample_with_other_words(rng) for _ in range(200)):
        target, foil = item.targets[0].strip(), item.foils[0].strip()
        assert not {target, foil} & {*lexicon.NAMES, *lexicon.HELD_OUT_SEQUENCE_WORDS}
        assert len(re.findall(rf"\b{target}\b", item.clean)) == 1
        assert len(re.findall(rf"\b{foil}\b", item.clean)) == 2


def test_openings_change_nothing_of_the_question() -> None:
    rng = Random(5)
    texts = [sample("capitals", rng).clean for _ in range(400)]
    led = [text for text in texts if text.startswith(OPENINGS)]
    assert 0.3 < len(led) / len(texts) < 0.5

    def form(text: str) -> str:
        return " ".join("" if word in lexicon.CAPITALS else word.lower() for word in text.split())

    questions = {form(text) for text in texts if not text.startswith(OPENINGS)}
    for text in led:
        opening = next(opening for opening in OPENINGS if text.startswith(opening))
        rest = text.removeprefix(opening).strip()
        assert rest.split()[0] not in ("The", "They")
        assert form(rest) in questions
    held_out = [item.clean for item in prompts("capitals", 60, splits=("template",))]
    assert not any(text.startswith(OPENINGS) for text in held_out)


def test_trained_years_end_soon_after_they_start() -> None:
    rng = Random(6)
    for item in (sample("years", rng) for _ in range(300)):
        start = int(re.findall(r"\d\d(\d\d)", item.clean)[0])
        assert start < int(item.answer) <= start + years_generator.NEAR


def test_the_lexicon_has_no_word_in_two_trades() -> None:
    for words in (lexicon.SEQUENCE_WORDS, lexicon.HELD_OUT_SEQUENCE_WORDS, lexicon.NAMES):
        assert len(set(words)) == len(words)
    assert not set(lexicon.SEQUENCE_WORDS) & set(lexicon.HELD_OUT_SEQUENCE_WORDS)
    assert len(set(lexicon.CAPITALS.values())) == len(lexicon.CAPITALS)
