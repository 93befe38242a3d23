"""What the evaluation of a circuit found, in words: a statement for each question that was asked of it."""

from __future__ import annotations

from typing import Any

from core.evaluation.stability import shared_edges
from core.tracing.methods import METHODS
from views.trust_data import Statement, Tone

TOO_MUCH = 1.2  # of the behaviour: beyond it the circuit is no good explanation
WELL = 0.02  # of the change: what the scores of an integrated method may miss


def say_needs(report: dict[str, Any]) -> list[Statement]:
    recovered, needed = report["recovered"], report["needed"]
    words = f"{report['size']:,} of {report['edges']:,} edges recover {recovered:.0%} of the behaviour; "
    return [
        Statement("Recovered", f"{recovered:.0%}", words + _left(recovered), tone_of(recovered <= TOO_MUCH)),
        _say_right(report["right"]),
        Statement(
            "Needed", f"{needed:.0%}", f"Of {report['needed of']} edges tried one by one, {needed:.0%} are needed."
        ),
    ]


def _say_right(right: dict[str, Any]) -> Statement:
    """same: no answer is known to be right, so that the circuit's are compared with those of the whole model."""
    circuit, whole = right["circuit"], right["whole"]
    if circuit is None:
        return Statement(
            "Right answers", "", "The model gives an embedding and no answers, so none is right or wrong.", "unknown"
        )
    if right.get("same"):
        words = f"The circuit answers {circuit:.0%} of the pairs as the whole model does."
        return Statement("Same answers", f"{circuit:.0%}", words)
    if right["pairs"] == 1:
        own, of_all = ("right" if share else "wrong" for share in (circuit, whole))
        return Statement(
            "Right answers", own, f"The circuit's top answer is {own}; that of the whole model is {of_all}."
        )
    words = f"The circuit answers {circuit:.0%} of {right['pairs']} pairs rightly, the whole model {whole:.0%}."
    return Statement("Right answers", f"{circuit:.0%}", words)


def say_sum(report: dict[str, Any]) -> list[Statement]:
    if "sum" not in report:
        return []
    total, change = report["sum"]["scores"], report["sum"]["change"]
    missed = abs(total - change) / max(abs(change), 1e-12)
    words = (
        f"Scores add up to {total:.3g}, and the whole change is {change:.3g}: {missed:.1%} of it is missed, "
        f"{'more steps come closer' if missed > WELL else 'there were enough steps'}."
    )
    return [Statement("Sum of scores", f"{total / change:.0%}" if change else "", words, tone_of(missed <= WELL))]


def say_stability(report: dict[str, Any]) -> list[Statement]:
    stable = report["stability"]
    if isinstance(stable, str):
        return [Statement("Stability", "", f"Stability is not known: {stable}.", "unknown")]
    words = (
        f"Other pairs of the same kind would give a circuit that shares {stable['shared']:.0%} of its edges with this "
        f"one (bootstrap: {shared_edges(stable['low']):.0%} to {shared_edges(stable['high']):.0%}; "
        f"Jaccard overlap {stable['jaccard']:.2f})."
    )
    return [Statement("Stability", f"{stable['shared']:.0%}", words)]


def say_ablation(report: dict[str, Any]) -> list[Statement]:
    other = report["other ablation"]
    if isinstance(other, str):
        return [Statement("Another ablation", "", f"By another ablation nothing can be said: {other}", "unknown")]
    share = other["recovered"]
    words = f"By {other['replacement']} ablation the same edges recover {share:.0%}"
    words += ", less than with no edges at all: they explain nothing there." if share < 0 else "."
    if "overlap" in other:
        title = METHODS[other["method"]].title
        words += f" Traced for it, {title} finds {_found_again(other)}."
    return [Statement("Another ablation", f"{share:.0%}", words)]


def say_method(report: dict[str, Any]) -> list[Statement]:
    method = report["other method"]
    if isinstance(method, str):
        return [Statement("Another method", "", f"No other method was asked: {method}.", "unknown")]
    title = METHODS[method["method"]].title
    words = (
        f"{title} finds {_found_again(method)}; its scores of all edges have a rank correlation of "
        f"{method['rank correlation']:+.2f} with these."
    )
    return [Statement("Another method", f"{shared_edges(method['overlap']):.0%}", words)]


def _found_again(other: dict[str, Any]) -> str:
    """The edges that another circuit of as many edges shares with this one. overlap, chance: Jaccard."""
    shared, chance = shared_edges(other["overlap"]), shared_edges(other["chance"])
    return f"{shared:.0%} of these edges (by chance {chance:.1%}; Jaccard overlap {other['overlap']:.2f})"


def say_tests(report: dict[str, Any]) -> list[Statement]:
    tests = report["tests"]
    if isinstance(tests, str):
        return [Statement("Tests", "", f"Not tested: {tests.rstrip('.')}.", "unknown")]
    found = []
    for test in tests:
        verdict = "nothing against the circuit" if test["passed"] else f"{test['small p']}, against the circuit"
        words = f"Test of {test['name']}: {test['words']}; {p_words(test['p'], ' = ')}: {verdict}."
        found.append(Statement(test["name"].capitalize(), p_words(test["p"]), words, tone_of(test["passed"])))
    return found


def p_words(p: float, equals: str = " ") -> str:
    """ "p 0.049"; "p < 0.001" for what would be printed as nothing."""
    return "p < 0.001" if p < 0.001 else f"p{equals}{p:.3f}"


def tone_of(passed: bool) -> Tone:
    return "plain" if passed else "against"


def _left(recovered: float) -> str:
    if recovered > TOO_MUCH:
        return f"that is {recovered - 1:.0%} more than the whole model does, so it is not a good explanation of it."
    if recovered > 1:
        return f"{recovered - 1:.0%} more than the whole model."
    if recovered < 0:
        return "less than with no edges at all, so they explain nothing."
    return f"{1 - recovered:.0%} stays unexplained."
