"""The verdict on a circuit, and the words under it: true, in one order, and of one mind."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.report import statements
from core.evaluation.statement import MARK
from core.evaluation.verdict import LONGEST, verdict

LEVELS = {"random": 0.05, "halves": 0.6, "halves random": 0.04}  # of stability, as Jaccard overlaps


def report(**changes: Any) -> dict[str, Any]:
    """Of a circuit that nothing speaks against, but for the changes."""
    return {
        "size": 64,
        "edges": 1519,
        "recovered": 0.93,
        "needed": 0.95,
        "needed of": 64,
        "right": {"circuit": 1.0, "whole": 1.0, "pairs": 20},
        "sum": {"scores": 11.5, "change": 11.6},
        "stability": {"jaccard": 0.8, "low": 0.7, "high": 0.9, "between": 0.7, "shared": 0.88, **LEVELS},
        "other ablation": {"replacement": "mean", "recovered": 0.9},
        "other method": {"method": "integrated-edges", "overlap": 0.8, "chance": 0.05, "rank correlation": 0.8},
        "tests": [
            passed("equivalence", 0.4, 20),
            passed("independence", 0.012, 20),
            passed("minimality", 0.0, 32),
        ],
    } | changes


def passed(name: str, statistic: float, of: int, p: float = 0.5) -> dict[str, Any]:
    return {
        "name": name,
        "p": p,
        "statistic": statistic,
        "words": "what was counted",
        "of": of,
        "small p": "too few",
        "passed": p >= 0.05,
    }


def lines(found: dict[str, Any]) -> list[str]:
    return [line.line for line in verdict(statements(found))]


def words(found: dict[str, Any], title: str) -> str:
    return next(one.words for one in statements(found) if one.title == title)


def test_nothing_against_says_what_speaks_for_it() -> None:
    assert lines(report()) == ["64 of 1,519 edges recover 93 % of the behaviour; nothing asked here speaks against it."]
    so_far = verdict(statements(report()), complete=False)
    assert "nothing so far against it" in so_far[0].words


def test_a_circuit_that_recovers_too_little_is_told_so_first_and_passes_no_test_of_equality() -> None:
    found = report(recovered=0.72, tests=[passed("equivalence", 0.2, 20, 0.051)])
    assert lines(found)[0] == "! 64 of 1,519 edges recover 72 % of the behaviour: 28 % stays unexplained."
    assert "nothing against" not in " ".join([*lines(found), *(one.words for one in statements(found))])
    assert "no proof" in words(found, "Equivalence")
    assert "4 of 20" in words(found, "Equivalence")


@pytest.mark.parametrize(
    ("total", "said", "not_said"),
    [
        (27.7, "277 % of the whole change from no edges to all: 177 % too much", "missing"),
        (5.0, "50 % of the whole change from no edges to all: 50 % is missing", "too much"),
        (-7.7, "they point the other way", "missing"),
        (10.1, "they account for it", "too much"),
    ],
)
def test_scores_that_add_up_to_too_much_are_not_called_missed(total: float, said: str, not_said: str) -> None:
    told = words(report(sum={"scores": total, "change": 10.0}), "Sum of scores")
    assert said in told
    assert not_said not in told
    assert "missed" not in told


def test_edges_that_help_and_idle_edges_are_two_questions() -> None:
    found = report(needed=61 / 64, tests=[passed("minimality", 2.0, 32, 0.0001)])
    said = " ".join(one.words for one in statements(found))
    assert "61 of 64 edges lower what the circuit recovers" in said
    assert "2 of 32 edges tried move the metric no more than edges from outside the circuit do" in said
    assert "need" not in said


def test_the_same_share_is_as_bad_under_another_ablation() -> None:
    found = report(**{"other ablation": {"replacement": "mean", "recovered": -0.25}})
    (bad,) = [one for one in statements(found) if one.tone == "against"]
    assert bad.shown_figure == "! −25 %"
    assert lines(found)[0].startswith("! By mean ablation the circuit recovers −25 %")


@pytest.mark.parametrize("right", [{"circuit": 0.6, "whole": 1.0}, {"circuit": 0.3, "whole": 0.3}])
def test_wrong_answers_speak_against_it(right: dict[str, float]) -> None:
    assert lines(report(right=right | {"pairs": 20}))[0].startswith("! The ")


def test_most_edges_of_a_model_are_no_explanation() -> None:
    assert "single out little" in lines(report(size=1519, recovered=1.0))[0]


def test_what_could_not_be_asked_is_counted() -> None:
    found = report(stability="one pair cannot tell how stable a circuit is", tests="the tests need 8 pairs")
    assert lines(found)[-1] == f"2 of {len(statements(found))} questions have no answer: stability, tests."


shares = st.floats(-3, 3)
parts = st.floats(0, 1)


@given(shares, parts, parts, parts, shares, shares, parts, parts, st.floats(1e-6, 1), st.integers(0, 32))
def test_at_most_three_sentences_worst_first_each_with_a_number(
    recovered, needed, circuit, whole, other, total, shared, overlap, p, idle
) -> None:
    found = report(
        recovered=recovered,
        needed=needed,
        right={"circuit": circuit, "whole": whole, "pairs": 20},
        sum={"scores": 10 * total, "change": 10.0},
        stability={"jaccard": shared, "low": shared, "high": shared, "between": shared, "shared": shared, **LEVELS},
        tests=[
            passed("equivalence", 0.3, 20, p),
            passed("independence", 0.1, 20, p),
            passed("minimality", idle, 32, p),
        ],
    )
    found["other ablation"]["recovered"] = other
    found["other method"]["overlap"] = overlap
    made = statements(found)
    against = [one for one in made if one.tone == "against"]
    judged = verdict(made)
    assert 1 <= len(judged) <= LONGEST
    assert all(any(letter.isdigit() for letter in line.words) for line in judged)
    assert all(line.words.count(". ") == 0 and line.words.endswith(".") for line in judged)
    order = [next(one.severity for one in against if one.verdict == line.words) for line in judged if line.against]
    assert order == sorted(order, reverse=True)
    assert bool(order) == bool(against)
    assert all(one.verdict and one.shown_figure.startswith(MARK) for one in against)
    assert all(one.tip for one in made)
    if not 0.8 <= recovered <= 1.2:
        assert judged[0].words.startswith("64 of 1,519 edges recover")


def test_a_stability_that_chance_gives_too_speaks_against_it_and_says_so() -> None:
    level = {"jaccard": 0.65, "low": 0.6, "high": 0.7, "between": 0.6, "shared": 0.79, **LEVELS}
    (few,) = [one for one in statements(report(stability={**level, "random": 0.62})) if one.title == "Stability"]
    assert few.tone == "against"
    assert "no more than by chance, so these pairs are too few to tell" in few.words
    assert "so the pairs are too few to tell" in " ".join(line.words for line in verdict([few]))
    (enough,) = [one for one in statements(report(stability=level)) if one.title == "Stability"]
    assert enough.tone == "plain"
