"""How far to trust a circuit: all that the evaluation says of it, as numbers and in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from core.edits import KINDS, EditKind
from core.errors import EditError, InputError
from core.evaluation.agreement import Agreement, agreement
from core.evaluation.clusters import say_clusters
from core.evaluation.faithfulness import Curve, faithfulness, size_to_look_at
from core.evaluation.hypotheses import hypothesis_tests
from core.evaluation.hypothesis_words import say_tests
from core.evaluation.input_questions import find_clusters, find_second, find_specific, find_spread, per_pair
from core.evaluation.limits import LEAST_PAIRS
from core.evaluation.measured import measure
from core.evaluation.minimality import minimality
from core.evaluation.specificity import say_specific
from core.evaluation.spread import say_spread
from core.evaluation.stability import stability
from core.evaluation.statement import Statement
from core.evaluation.statements import say_ablation, say_method, say_needs, say_stability, say_sum
from core.evaluation.subject import JUMPS, Cancel, Listener, Subject
from core.evaluation.uniqueness import say_unique
from core.inputs.pair import Dataset
from core.session import Session
from core.tracing.completeness import sum_of_scores
from core.tracing.direction import directed, measured_direction
from core.tracing.method import METHODS
from core.tracing.options import LEVEL_WORDS
from core.tracing.scores import Scores
from core.tracing.selection import RULES, USUAL
from core.tracing.told_options import Options, options_told
from core.tracing.trace import Tracing

AGAINST = "integrated-edges"

Progress = Callable[[str, float], None]


def trust_report(
    session: Session,
    scores: Scores,
    dataset: Dataset,
    *,
    size: int | None = None,
    replacement: EditKind | None = None,
    seed: int = 0,
    progress: Progress = lambda words, share: None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Evaluate scores of edges on a dataset. size: of the circuit that is looked at closely. Raises InputError where A
    and B score alike, Cancelled."""
    kind = replacement or scores.replacement
    scores = directed(scores, session, dataset, cancelled)

    def listener_of(words: str) -> Callable[[float], None]:
        return lambda share: progress(words, share)

    signed = faithfulness(session, scores, dataset=dataset, replacement=kind, seed=seed, cancelled=cancelled,
                          progress=listener_of("what circuits recover"))  # fmt: skip
    by_size = faithfulness(session, scores, dataset=dataset, replacement=kind, by_size=True, random_circuits=0,
                           cancelled=cancelled, progress=listener_of("by size"))  # fmt: skip
    removed = faithfulness(session, scores, dataset=dataset, replacement=kind, removed=True, random_circuits=0,
                           cancelled=cancelled, progress=listener_of("without them"))  # fmt: skip
    circuit_size = size if size is not None else _size(signed)
    report: dict[str, Any] = {
        "method": scores.method,
        "replacement": kind,
        "scored for": scores.replacement,
        "metric": session.metric.name,
        "pairs": signed.pairs,
        "edges": scores.values.size,
        "what": LEVEL_WORDS.get(scores.level, scores.level),
        "whole accuracy": signed.whole_accuracy,
        "curve": points(signed),
        "curve by size": points(by_size),
        "curve without them": points(removed),
        "cpr": signed.cpr,
        "cmd": signed.cmd,
        "cpr by size": by_size.cpr,
        "cmd by size": by_size.cmd,
        "size": circuit_size,
        "chosen by": scores.rule,
    }
    if signed.union is not None and by_size.union is not None:
        report["union"] = {
            "edges": list(signed.union.sizes),
            "recovered": list(signed.union.recovered),
            "cpr": signed.union.cpr,
            "cmd": signed.union.cmd,
            "cpr by size": by_size.union.cpr,
            "cmd by size": by_size.union.cmd,
        }
    options = options_told(scores.about).but(seed=seed)
    return report | answers_to(Subject(session, scores, dataset, kind, circuit_size, options), progress, cancelled)


def _size(curve: Curve) -> int:
    """Of the circuit that is looked at where nobody has chosen one."""
    return size_to_look_at(curve.sizes[-1], curve.sizes, curve.recovered)


def points(curve: Curve) -> list[dict[str, float | int | None]]:
    band = curve.band if curve.band is not None else np.full((2, len(curve.sizes)), np.nan)
    return [
        {
            "fraction": curve.fractions[i],
            "edges": curve.sizes[i],
            "connected": curve.connected[i],
            "recovered": curve.recovered[i],
            "low": _number(band[0, i]),
            "high": _number(band[1, i]),
            "random low": _number(curve.random_band[0, i]),
            "random high": _number(curve.random_band[1, i]),
            "accuracy": curve.accuracy[i] if curve.accuracy else None,
            "gap": curve.gaps[i],
        }
        for i in range(len(curve.sizes))
    ]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


# ---- what is asked of one circuit ----


def _needs(subject: Subject, listener: Listener, cancelled: Cancel) -> dict[str, Any]:
    needs = minimality(subject.session, subject.circuit, subject.kind, dataset=subject.dataset,
                       seed=subject.options.seed, cancelled=cancelled, progress=listener,
                       memory=subject.memory_of("needs"))  # fmt: skip
    return {
        "recovered": needs.recovered,
        "needed": needs.share_needed(),
        "needed of": len(needs.needs),
        "needs below noise": int(needs.below_noise.sum()),
        "noise": needs.noise,
        "right": {
            "circuit": needs.accuracy,
            "whole": needs.whole_accuracy,
            "pairs": needs.pairs,
            "same": not subject.session.metric.target,
        },
    }


def _sum(subject: Subject, listener: Listener, cancelled: Cancel) -> dict[str, Any]:
    total = sum_of_scores(subject.scores)
    if total is None or not subject.graded:
        return {}
    runs = measure(subject.session, [], subject.scores.replacement, dataset=subject.dataset, cancelled=cancelled,
                    progress=listener, memory=subject.memory_of("sum"))  # fmt: skip
    return {"sum": {"scores": total, "change": float((runs.whole - runs.nothing).mean())}}


def _stability(subject: Subject, listener: Listener, cancelled: Cancel) -> dict[str, Any]:
    return {"stability": _stable(subject, listener, cancelled)}


def _stable(subject: Subject, listener: Listener, cancelled: Cancel) -> dict[str, float] | str:
    scores = subject.scores
    if scores.rule != USUAL:
        return f"it is told of the best scores alone, and these edges are chosen by {scores.rule}"
    rows = per_pair(subject, listener, cancelled)
    if isinstance(rows, str):
        return rows
    direction = None
    if METHODS[scores.method].meaning.signed:  # of this metric, which may be another than that of the scores
        direction = measured_direction(subject.session, scores.replacement, subject.dataset, cancelled)
    jaccard = stability(rows, subject.size, seed=subject.options.seed, direction=direction)
    low, high = jaccard.interval()
    levels = {"random": jaccard.random, "halves": jaccard.halves, "halves random": jaccard.random_halves}
    report = {"jaccard": jaccard.mean, "low": low, "high": high, "between": jaccard.between, "shared": jaccard.shared}
    return report | {name: float(overlaps.mean()) for name, overlaps in levels.items()}


def _other_ablation(subject: Subject, listener: Listener, cancelled: Cancel) -> dict[str, Any]:
    other = KINDS[subject.kind].against
    try:
        recovered = measure(subject.session, [subject.circuit], other, dataset=subject.dataset, cancelled=cancelled,
                        progress=lambda share: listener(share / 4),
                        memory=subject.memory_of("ablation")).recovered()  # fmt: skip
    except (InputError, EditError) as error:
        return {"other ablation": error.message}
    report: dict[str, Any] = {"replacement": other, "recovered": float(recovered[0])}
    again = _traced_for(subject, other, lambda share: listener((1 + 3 * share) / 4), cancelled)
    if again is not None:
        report |= {"method": subject.scores.method, "overlap": again.overlap, "chance": again.chance,
                   "chosen by": _rule_of_both(subject.scores)}  # fmt: skip
    return {"other ablation": report}


def _traced_for(subject: Subject, other: EditKind, listener: Listener, cancelled: Cancel) -> Agreement | None:
    """How the scores agree with those that the same method gives for another ablation; None where it cannot give them,
    or would take long."""
    scores = subject.scores
    method = METHODS.get(scores.method)
    if method is None or not method.replaces or other not in method.replacements or method.slow:
        return None
    if other == scores.replacement or (method.slopes and not subject.graded):
        return None
    again = _scored(subject, method.name, other, subject.options, listener, cancelled)
    return agreement(scores, again, subject.size, rule=_rule_of_both(scores))


def _rule_of_both(scores: Scores) -> str:
    """By which rule edges are chosen from these scores and from others, whose signs are not known to be sure."""
    return USUAL if RULES[scores.rule].needs else scores.rule


def _scored(
    subject: Subject, method: str, replacement: EditKind, options: Options | None, listener: Listener, cancelled: Cancel
) -> Scores:
    """Scores by a method, gone on with where they were cancelled."""
    kept, name = subject.memory_of("traced"), (method, replacement)
    if name not in kept:
        kept[name] = Tracing(
            subject.session,
            method,
            dataset=subject.dataset,
            replacement=replacement,
            options=options,
            level=subject.scores.level,
            spans=subject.scores.spans or None,
        )
    tracing: Tracing = kept[name]
    for _ in tracing.parts(cancelled, listener):
        pass
    return tracing.scores


def _other_method(subject: Subject, listener: Listener, cancelled: Cancel) -> dict[str, Any]:
    scores, dataset = subject.scores, subject.dataset
    against = AGAINST if scores.method != AGAINST else "eap-ig"
    if scores.spans:
        against = "eap" if scores.method != "eap" else "eap-ig"
    if against == "eap-ig" and any(pair.counterfactual is None for pair in dataset.pairs):
        return {"other method": "there is no B"}
    if not subject.graded:
        return {"other method": JUMPS}
    other = _scored(subject, against, scores.replacement, None, listener, cancelled)
    comparison = agreement(scores, other, subject.size, rule=_rule_of_both(scores))
    return {
        "other method": {
            "method": against,
            "overlap": comparison.overlap,
            "chance": comparison.chance,
            "chosen by": _rule_of_both(scores),
            # One circuit alone says nothing of the order of the others.
            "rank correlation": None if np.isnan(scores.values).any() else comparison.rank_correlation,
        }
    }


def _tests(subject: Subject, listener: Listener, cancelled: Cancel) -> dict[str, Any]:
    if len(subject.dataset) < LEAST_PAIRS:
        return {"tests": f"the tests need {LEAST_PAIRS} pairs"}
    try:
        tests = hypothesis_tests(subject.session, subject.circuit, subject.kind, dataset=subject.dataset,
                                 seed=subject.options.seed, progress=listener, cancelled=cancelled,
                                 memory=subject.memory_of("tests"))  # fmt: skip
    except InputError as error:
        return {"tests": error.message}
    rows = [
        {
            "name": t.name,
            "p": t.p,
            "statistic": t.statistic,
            "words": t.words,
            "of": t.of,
            "small p": t.small_p,
            "passed": t.passed,
        }
        for t in tests
    ]
    return {"tests": rows}


# ---- the table of questions ----


@dataclass(frozen=True)
class Question:
    """Something that is asked of a circuit: its title while it is waited for, how it is found out, what is then said,
    and about how many runs of the model it takes for each pair, for what is told of the progress."""

    title: str
    find: Callable[[Subject, Listener, Cancel], dict[str, Any]]
    say: Callable[[dict[str, Any]], list[Statement]]
    runs: int


QUESTIONS: dict[str, Question] = {
    "what each edge is needed for": Question("Recovered", _needs, say_needs, 64),
    "single inputs": Question("Single inputs", find_spread, say_spread, 2),
    "what the scores add up to": Question("Sum of scores", _sum, say_sum, 3),
    "stability": Question("Stability", _stability, say_stability, 20),
    "kinds of pairs": Question("Kinds of pairs", find_clusters, say_clusters, 1),
    "another ablation": Question("Another ablation", _other_ablation, say_ablation, 3),
    "another method": Question("Another method", _other_method, say_method, 15),
    "a second circuit": Question("Second circuit", find_second, say_unique, 30),
    "other tasks": Question("Specific", find_specific, say_specific, 20),
    "hypothesis tests": Question("Tests", _tests, say_tests, 200),
}


def answers_to(subject: Subject, progress: Progress, cancelled: Cancel) -> dict[str, Any]:
    """The numbers of all questions. Raises InputError where A and B score alike, Cancelled."""
    answers: dict[str, Any] = {}
    for title, question in QUESTIONS.items():
        answers |= question.find(subject, partial(progress, title), cancelled)
    return answers


def statements(report: dict[str, Any]) -> list[Statement]:
    """What the report says of the circuit of its size."""
    return [statement for question in QUESTIONS.values() for statement in question.say(report)]


def sentences(report: dict[str, Any]) -> list[str]:
    """The same, a sentence each."""
    return [statement.words for statement in statements(report)]
