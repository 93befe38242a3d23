"""The three hypothesis tests of a circuit in plain words: what was asked, what came, what it means."""

from __future__ import annotations

from typing import Any

from core.evaluation.statement import Statement
from core.evaluation.verdict import LAST, SECOND, THIRD, tone_of
from core.formatting import percent
from core.glossary import explained

SOURCE = "a p below 0.05 speaks against the circuit, a larger one is no proof for it (Shi et al. 2024)"


def say_tests(report: dict[str, Any]) -> list[Statement]:
    tests = report["tests"]
    if isinstance(tests, str):
        return [Statement("Tests", "", f"Not tested: {tests.rstrip('.')}.", "unknown", tip=explained("tests"))]
    return [_SAY[test["name"]](test) for test in tests]


def _equivalence(test: dict[str, Any]) -> Statement:
    above, of = test["statistic"] * test["of"], test["of"]
    figure = f"{above:g} of {of}"
    low = test["statistic"] < 0.5
    came = (
        f"The circuit's metric is above the whole model's in {figure} pairs; equal ones would be above in about half."
    )
    if test["passed"]:
        means = "Chance alone could give that: no difference is shown, which is no proof that there is none."
    else:
        means = f"That is too {'few' if low else 'many'} for chance: the circuit is not equal to the model."
    return Statement(
        "Equivalence",
        figure,
        f"{came} {means}",
        tone_of(test["passed"]),
        _detail(test),
        explained("equivalence"),
        f"Its metric is above the whole model's in {figure} pairs, too {'few' if low else 'many'} for chance.",
        SECOND + abs(2 * test["statistic"] - 1) / 2,
    )


def _independence(test: dict[str, Any]) -> Statement:
    p = test["p"]
    chance = "under 0.1 %" if p < 0.001 else percent(p, 0 if p >= 0.1 else 1)
    came = (
        f"With the circuit's edges taken out, does what is left still follow the whole model? {chance.capitalize()} of "
        f"random shuffles of the {test['of']} pairs look as much like it"
    )
    if test["passed"]:
        means = "no sign that the behaviour runs outside the circuit, which is no proof that none does."
    else:
        means = "that is no chance, some of the behaviour runs outside the circuit."
    return Statement(
        "Independence",
        f"{chance} by chance",
        f"{came}: {means}",
        tone_of(test["passed"]),
        _detail(test),
        explained("independence"),
        f"Without the circuit, what is left still follows the whole model (by chance {chance}).",
        THIRD + (1 - test["p"]) / 2,
    )


def _minimality(test: dict[str, Any]) -> Statement:
    idle, of = int(test["statistic"]), test["of"]
    figure = f"{idle} of {of} idle"
    if test["passed"]:
        words = f"None of {of} edges tried moves the metric less than edges from outside the circuit do."
    else:
        words = (
            f"{idle} of {of} edges tried move the metric no more than edges from outside the circuit do: nothing shows "
            f"that {'this one belongs' if idle == 1 else 'these belong'} to it."
        )
    return Statement(
        "Minimality",
        figure,
        words,
        tone_of(test["passed"]),
        _detail(test),
        explained("minimality"),
        f"{idle} of {of} edges tried do no more than edges from outside the circuit would.",
        LAST + idle / max(of, 1),
    )


_SAY = {"equivalence": _equivalence, "independence": _independence, "minimality": _minimality}


def _detail(test: dict[str, Any]) -> str:
    return f"Test of {test['name']}: {test['words']}; {p_words(test['p'], ' = ')}; {SOURCE}."


def p_words(p: float, equals: str = " ") -> str:
    """ "p 0.049"; "p < 0.001" for what would be printed as nothing."""
    return "p < 0.001" if p < 0.001 else f"p{equals}{p:.3f}"
