"""What the evaluation of a circuit found, in words: a statement for each question that was asked of it."""

from __future__ import annotations

from typing import Any

from core.edits import ABLATIONS, KINDS
from core.evaluation.stability import shared_edges
from core.evaluation.statement import Statement
from core.evaluation.verdict import (
    ENOUGH,
    FIRST,
    LAST,
    LEAST_SHARED,
    SECOND,
    THIRD,
    TOO_MUCH,
    is_bad,
    speaks_against,
    tone_of,
)
from core.formatting import BELOW, is_below_noise, percent, share_words
from core.glossary import explained
from core.tracing.method import METHODS
from core.tracing.selection import USUAL

WELL = 0.02  # of the change: what the scores of an integrated method may miss
FAR = 0.1  # beyond it, they do not add up
ABOVE_CHANCE = 0.05  # Jaccard: what lies less above the level of scores that mean nothing says nothing
BEHIND = 0.1  # of the pairs: how many fewer a circuit may answer rightly than the whole model
CARRIED = {**{kind: KINDS[kind].carries for kind in ABLATIONS}, "patch": "B's values"}  # by removed edges


def say_needs(report: dict[str, Any]) -> list[Statement]:
    return [_say_recovered(report), _say_right(report["right"]), _say_helping(report)]


def _say_recovered(report: dict[str, Any]) -> Statement:
    recovered, size, edges = report["recovered"], report["size"], report["edges"]
    share = share_words(recovered)
    what = report.get("what", "edges")
    words = f"{size:,} of {edges:,} {what} recover{'s' * (size == 1)} {share} of the behaviour"
    most = 2 * size > edges
    bad = speaks_against(recovered, size, edges)
    left = _left(recovered)
    if most and not is_bad(recovered):
        left = "they are more than half of all edges, so that they single out little"
    return Statement(
        "Recovered",
        share,
        f"{words}; {left}.",
        tone_of(not bad),
        _noise_words(report),
        explained("recover"),
        verdict=f"{words}: {left}." if bad else words,  # gone on with where it speaks for the circuit
        severity=FIRST + min(1.0, abs(1 - recovered)),
    )


def _noise_words(report: dict[str, Any]) -> str:
    """How far rounding alone moves what is recovered; empty where it does not."""
    noise = report.get("noise", 0.0)
    if not noise:
        return ""
    lost = f", and so this is {BELOW}" if is_below_noise(report["recovered"], noise) else ""
    return f"In half precision rounding alone moves it by up to {percent(noise, 1)}{lost}."


def _say_helping(report: dict[str, Any]) -> Statement:
    needed, tried = report["needed"], report["needed of"]
    helping, lost = round(needed * tried), report.get("needs below noise", 0)
    idle = tried - helping
    words = f"Taken out one at a time, {helping} of {tried} edges lower what the circuit recovers, if only a little"
    surely = f"; {idle - lost} do not" if idle > lost else ""
    words += surely + (f"; of {lost} nothing is known: what they change is {BELOW}." if lost else ".")
    return Statement(
        "Edges that help",
        f"{helping} of {tried}",
        words,
        tone_of(needed >= ENOUGH),
        f"An edge helps where the circuit recovers at least 0.1 points less without it; {percent(needed, 1)} do.",
        explained("edges that help"),
        f"{idle} of {tried} edges tried do not help: without any one of them the circuit recovers no less."
        if not lost
        else f"{idle} of {tried} edges tried do not help, or by less than rounding changes.",
        LAST + 1 - needed,
    )


def _left(recovered: float) -> str:
    if recovered > TOO_MUCH:
        return f"{percent(recovered - 1)} more than the whole model does, so it is not a good explanation of it"
    if recovered > 1:
        return f"{percent(recovered - 1)} more than the whole model"
    if recovered < 0:
        return "less than with no edges at all, so they explain nothing"
    return f"{percent(1 - recovered)} stays unexplained"


def _say_right(right: dict[str, Any]) -> Statement:
    """same: no answer is known to be right, so that the circuit's are compared with those of the whole model."""
    circuit, whole, pairs = right["circuit"], right["whole"], right["pairs"]
    title = "Same answers" if right.get("same") else "Right answers"
    if circuit is None:
        words = "The model gives an embedding and no answers, so none is right or wrong."
        return Statement(title, "", words, "unknown", tip=explained(title))
    least = 1 - BEHIND if right.get("same") else whole - BEHIND
    good = circuit >= least and (whole >= 0.5 or bool(right.get("same")))
    of_pairs = "the pair" if pairs == 1 else f"{pairs} pairs"
    if right.get("same"):
        words = f"The circuit answers {percent(circuit)} of {of_pairs} as the whole model does."
    elif pairs == 1:
        answers = ["right" if share else "wrong" for share in (circuit, whole)]
        words = f"The circuit's top answer is {answers[0]}; that of the whole model is {answers[1]}."
    else:
        words = f"The circuit answers {percent(circuit)} of {of_pairs} rightly, the whole model {percent(whole)}."
    figure = percent(circuit) if pairs > 1 or right.get("same") else "right" if circuit else "wrong"
    bad = words
    if whole < 0.5 and not right.get("same"):
        bad = f"The whole model answers only {percent(whole)} of {of_pairs} rightly: there is little to explain."
        words = f"{words} A model that is mostly wrong does not have the behaviour to be explained."
    return Statement(
        title,
        figure,
        words,
        tone_of(good),
        tip=explained(title),
        verdict="" if good else bad,
        severity=SECOND + (1 - circuit) / 2,
    )


def say_sum(report: dict[str, Any]) -> list[Statement]:
    if "sum" not in report:
        return []
    total, change = report["sum"]["scores"], report["sum"]["change"]
    share = total / change if abs(change) > 1e-12 else 0.0
    missed = abs(1 - share)
    if missed <= WELL:
        means = "they account for it, so the method took enough steps"
    elif share < 0:
        means = "they point the other way, so they rank edges but are no amounts"
    else:
        means = f"{percent(missed)} {'too much' if share > 1 else 'is missing'}"
        means += ", so they rank edges but are no amounts" if missed > FAR else ""
    words = f"The scores add up to {share_words(share)} of the whole change from no edges to all: {means}."
    detail = f"Sum of the scores {total:.3g}, change of the metric {change:.3g}."
    if missed > WELL:
        detail += " More steps usually come closer."
    return [
        Statement(
            "Sum of scores",
            share_words(share),
            words,
            tone_of(missed <= FAR),
            detail,
            explained("sum of scores"),
            f"Its scores add up to {share_words(share)} of the whole change: they rank edges but are no amounts.",
            LAST + min(1.0, missed),
        )
    ]


def say_stability(report: dict[str, Any]) -> list[Statement]:
    stable, tip = report["stability"], explained("stability")
    if isinstance(stable, str):
        return [Statement("Stability", "", f"Stability is not known: {stable}.", "unknown", tip=tip)]
    shared = stable["shared"]
    words = (
        f"Other pairs of the same kind would give a circuit that shares {percent(shared)} of its edges with this one"
    )
    level = f"scores that mean nothing: {percent(shared_edges(stable['random']))}"
    words += f" ({level}; of two halves of the pairs {percent(shared_edges(stable['halves']))})"
    empty = stable["jaccard"] < stable["random"] + ABOVE_CHANCE and shared >= LEAST_SHARED
    if empty:
        words += ": no more than by chance, so these pairs are too few to tell."
    else:
        words += "." if shared >= LEAST_SHARED else ": which edges it holds depends on the pairs."
    detail = (
        f"Bootstrap over the pairs: {percent(shared_edges(stable['low']))} to {percent(shared_edges(stable['high']))}; "
        f"Jaccard overlap {stable['jaccard']:.2f}. Scores that mean nothing, each pair's shuffled over the edges, "
        f"would give {stable['random']:.2f} in such draws, which have pairs in common. Two halves of the pairs, which "
        f"have none: {stable['halves']:.2f}, where shuffled scores give {stable['halves random']:.2f}."
    )
    bad = f"Other pairs would give another circuit, with only {percent(shared)} of its edges in this one."
    if empty:
        bad = (
            f"Other pairs would share {percent(shared)} of its edges, and scores that mean nothing "
            f"{percent(shared_edges(stable['random']))}, so the pairs are too few to tell."
        )
    return [
        Statement(
            "Stability",
            percent(shared),
            words,
            tone_of(shared >= LEAST_SHARED and not empty),
            detail,
            tip,
            bad,
            THIRD + 1 - shared,
        )
    ]


def say_ablation(report: dict[str, Any]) -> list[Statement]:
    ablation, tip = report["other ablation"], explained("another ablation")
    if isinstance(ablation, str):
        words = f"By another ablation nothing can be said: {ablation}"
        return [Statement("Another ablation", "", words, "unknown", tip=tip)]
    share, kind = ablation["recovered"], ablation["replacement"]
    carried = f"where removed edges carry {CARRIED.get(kind, kind)} ({kind} ablation)"
    words = f"The same edges recover {share_words(share)} {carried}"
    if share < 0:
        words += ", worse than with no edges at all: what they explain depends on the ablation."
    elif is_bad(share):
        words += ": what they explain depends on the ablation."
    else:
        words += ": they hold there too."
    if "overlap" in ablation:
        words += f" Traced for that ablation, the circuit would have {_words_of_shared(ablation)}."
    return [
        Statement(
            "Another ablation",
            share_words(share),
            words,
            tone_of(not is_bad(share)),
            _overlap(ablation) if "overlap" in ablation else "",
            tip,
            f"By {kind} ablation the circuit recovers {share_words(share)}: what it explains depends on the ablation.",
            THIRD + min(1.0, abs(1 - share)),
        )
    ]


def say_method(report: dict[str, Any]) -> list[Statement]:
    method, tip = report["other method"], explained("another method")
    if isinstance(method, str):
        return [Statement("Another method", "", f"No other method was asked: {method}.", "unknown", tip=tip)]
    title, shared = METHODS[method["method"]].title, shared_edges(method["overlap"])
    words = f"The circuit that {title} finds has {_words_of_shared(method)}"
    words += "." if shared >= LEAST_SHARED else ": which edges it holds depends on the method."
    detail, rank = _overlap(method), method["rank correlation"]
    detail += "" if rank is None else f" Rank correlation of the scores of all edges {rank:+z.2f}."
    return [
        Statement(
            "Another method",
            percent(shared),
            words,
            tone_of(shared >= LEAST_SHARED),
            detail,
            tip,
            f"{title} would give another circuit, with only {percent(shared)} of these edges.",
            THIRD + 1 - shared,
        )
    ]


def _words_of_shared(report: dict[str, Any]) -> str:
    """The edges that another circuit of as many edges shares with this one. overlap, chance: Jaccard."""
    shared, chance = (shared_edges(report[name]) for name in ("overlap", "chance"))
    return f"{percent(shared)} of these edges (by chance {percent(chance, 1)})"


def _overlap(report: dict[str, Any]) -> str:
    title = f" by {METHODS[report['method']].title}" if "method" in report else ""
    title += f", both chosen by {report['chosen by']}" if report.get("chosen by", USUAL) != USUAL else ""
    return (
        f"Circuit of as many edges{title}: Jaccard overlap {report['overlap']:.2f}, by chance {report['chance']:.2f}."
    )
