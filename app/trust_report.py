"""How far to trust a circuit: all that the evaluation says of it, as numbers and in plain words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.circuit import Circuit
from core.edits import EditKind
from core.errors import EditError, InputError
from core.evaluation.agreement import agreement
from core.evaluation.faithfulness import Curve, faithfulness, size_to_look_at
from core.evaluation.hypotheses import LEAST_PAIRS, hypothesis_tests
from core.evaluation.measured import measure
from core.evaluation.minimality import minimality
from core.evaluation.stability import stability
from core.inputs.pair import Dataset
from core.session import Session
from core.tracing.completeness import sum_of_scores
from core.tracing.methods import METHODS
from core.tracing.options import Options, options_told
from core.tracing.per_pair import scores_per_pair
from core.tracing.scores import Scores
from core.tracing.trace import Tracing
from views.trust_data import Statement, Tone

TOO_MUCH = 1.2  # of the behaviour: beyond it the circuit is no good explanation
WELL = 0.02  # of the change: what the scores of an integrated method may miss
OTHER: dict[str, EditKind] = {"patch": "mean", "mean": "patch", "zero": "patch"}
AGAINST = "integrated-edges"

Progress = Callable[[str, float], None]
Told = Callable[[float], None]
Cancel = Callable[[], bool] | None


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

    def told(words: str) -> Callable[[float], None]:
        return lambda share: progress(words, share)

    signed = faithfulness(session, scores, dataset=dataset, replacement=kind, seed=seed, cancelled=cancelled,
                          progress=told("what circuits recover"))  # fmt: skip
    by_size = faithfulness(session, scores, dataset=dataset, replacement=kind, by_size=True, random_circuits=0,
                           cancelled=cancelled, progress=told("by size"))  # fmt: skip
    removed = faithfulness(session, scores, dataset=dataset, replacement=kind, removed=True, random_circuits=0,
                           cancelled=cancelled, progress=told("without them"))  # fmt: skip
    chosen = size if size is not None else _size(signed)
    report: dict[str, Any] = {
        "method": scores.method,
        "replacement": kind,
        "scored for": scores.replacement,
        "metric": session.metric.name,
        "pairs": signed.pairs,
        "edges": len(scores.values),
        "whole accuracy": signed.whole_accuracy,
        "curve": _points(signed),
        "curve by size": _points(by_size),
        "curve without them": _points(removed),
        "cpr": signed.cpr,
        "cmd": signed.cmd,
        "cpr by size": by_size.cpr,
        "cmd by size": by_size.cmd,
        "size": chosen,
    }
    options = replace(options_told(scores.about), seed=seed)
    subject = Subject(session, scores, dataset, kind, chosen, options)
    for title, question in QUESTIONS.items():
        report |= question.find(subject, told(title), cancelled)
    return report


def _size(curve: Curve) -> int:
    """Of the circuit that is looked at where nobody has chosen one."""
    return size_to_look_at(curve.sizes[-1], curve.sizes, curve.recovered)


def _points(curve: Curve) -> list[dict[str, float | int | None]]:
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
            "accuracy": curve.accuracy[i],
        }
        for i in range(len(curve.sizes))
    ]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


# ---- what is asked of one circuit ----


@dataclass(frozen=True)
class Subject:
    """A circuit (the best `size` edges), and what it is evaluated on. options: of the method that scored the edges.
    memory: what is found out is kept here, so that a question which is asked again after Cancelled goes on."""

    session: Session
    scores: Scores
    dataset: Dataset
    kind: EditKind
    size: int
    options: Options
    memory: dict[Any, Any] = field(default_factory=dict, compare=False)

    def memory_of(self, question: str) -> dict[Any, Any]:
        found: dict[Any, Any] = self.memory.setdefault(question, {})
        return found

    @property
    def circuit(self) -> Circuit:
        return self.scores.top(self.size)


def _needs(subject: Subject, told: Told, cancelled: Cancel) -> dict[str, Any]:
    needs = minimality(subject.session, subject.circuit, subject.kind, dataset=subject.dataset,
                       seed=subject.options.seed, cancelled=cancelled, progress=told,
                       memory=subject.memory_of("needs"))  # fmt: skip
    return {"recovered": needs.recovered, "needed": needs.share_needed(), "needed of": len(needs.needs)}


def _sum(subject: Subject, told: Told, cancelled: Cancel) -> dict[str, Any]:
    total = sum_of_scores(subject.scores)
    if total is None:
        return {}
    found = measure(subject.session, [], subject.scores.replacement, dataset=subject.dataset, cancelled=cancelled,
                    progress=told, memory=subject.memory_of("sum"))  # fmt: skip
    return {"sum": {"scores": total, "change": float((found.whole - found.nothing).mean())}}


def _stability(subject: Subject, told: Told, cancelled: Cancel) -> dict[str, Any]:
    return {"stability": _stable(subject, told, cancelled)}


def _stable(subject: Subject, told: Told, cancelled: Cancel) -> dict[str, float] | str:
    scores = subject.scores
    if METHODS.get(scores.method) is None:
        return "the file does not say by which method it was scored"
    if len(subject.dataset) < 2:
        return "one pair cannot tell how stable a circuit is"
    rows = scores_per_pair(
        subject.session,
        scores.method,
        subject.dataset,
        scores.replacement,
        subject.options,
        told,
        cancelled,
        subject.memory_of("stability"),
    )
    found = stability(rows, subject.size, seed=subject.options.seed)
    low, high = found.interval()
    return {"jaccard": found.mean, "low": low, "high": high, "between": found.between}


def _other_ablation(subject: Subject, told: Told, cancelled: Cancel) -> dict[str, Any]:
    other = OTHER.get(subject.kind, "mean")
    try:
        found = measure(subject.session, [subject.circuit], other, dataset=subject.dataset, cancelled=cancelled,
                        progress=told, memory=subject.memory_of("ablation")).recovered()  # fmt: skip
    except (InputError, EditError) as error:
        return {"other ablation": error.message}
    return {"other ablation": {"replacement": other, "recovered": float(found[0])}}


def _other_method(subject: Subject, told: Told, cancelled: Cancel) -> dict[str, Any]:
    scores, dataset = subject.scores, subject.dataset
    against = AGAINST if scores.method != AGAINST else "eap-ig"
    if against == "eap-ig" and any(pair.counterfactual is None for pair in dataset.pairs):
        return {"other method": "there is no B"}
    kept = subject.memory_of("method")
    if against not in kept:
        kept[against] = Tracing(subject.session, against, dataset=dataset, replacement=scores.replacement)
    tracing: Tracing = kept[against]
    for _, share in tracing.parts(cancelled):
        told(share)
    found = agreement(scores, tracing.scores, subject.size)
    return {
        "other method": {
            "method": against,
            "overlap": found.overlap,
            "chance": found.chance,
            "rank correlation": found.rank_correlation,
        }
    }


def _tests(subject: Subject, told: Told, cancelled: Cancel) -> dict[str, Any]:
    if len(subject.dataset) < LEAST_PAIRS:
        return {"tests": f"the tests need {LEAST_PAIRS} pairs"}
    try:
        tests = hypothesis_tests(subject.session, subject.circuit, subject.kind, dataset=subject.dataset,
                                 seed=subject.options.seed, progress=told, cancelled=cancelled,
                                 memory=subject.memory_of("tests"))  # fmt: skip
    except InputError as error:
        return {"tests": error.message}
    rows = [{"name": t.name, "p": t.p, "statistic": t.statistic, "words": t.words, "passed": t.passed} for t in tests]
    return {"tests": rows}


# ---- words ----


def trust_words(report: dict[str, Any]) -> str:
    """The report for people."""
    carried = {"patch": "their value in B", "zero": "zero", "mean": "their mean"}[report["replacement"]]
    lines = [
        f"{report['method']} over {report['pairs']} pairs, {report['metric']}; removed edges carry {carried}",
        f"the whole model answers {report['whole accuracy']:.0%} of the pairs rightly",
        "",
        f"{'edges':>8} {'connected':>10} {'recovered':>10} {'95 %':>14} {'random':>14} "
        f"{'by size':>8} {'without':>8} {'right':>6}",
    ]
    for one, sized, less in zip(report["curve"], report["curve by size"], report["curve without them"], strict=True):
        between = "" if one["low"] is None else f"{one['low']:.2f} to {one['high']:.2f}"
        random = "" if one["random low"] is None else f"{one['random low']:.2f} to {one['random high']:.2f}"
        lines.append(
            f"{one['edges']:>8,} {one['connected']:>10,} {one['recovered']:>10.2f} {between:>14} {random:>14} "
            f"{sized['recovered']:>8.2f} {less['recovered']:>8.2f} {one['accuracy']:>6.0%}"
        )
    lines += [
        "",
        f"CPR {report['cpr']:.2f}, CMD {report['cmd']:.3f}; by size CPR {report['cpr by size']:.2f}, "
        f"CMD {report['cmd by size']:.3f}",
        "",
        *sentences(report),
    ]
    return "\n".join(lines)


def sentences(report: dict[str, Any]) -> list[str]:
    """What the report says of the circuit of its size, a sentence each."""
    return [statement.words for question in QUESTIONS.values() for statement in question.say(report)]


def _say_needs(report: dict[str, Any]) -> list[Statement]:
    recovered, needed = report["recovered"], report["needed"]
    words = f"{report['size']:,} of {report['edges']:,} edges recover {recovered:.0%} of the behaviour; "
    return [
        Statement("Recovered", f"{recovered:.0%}", words + _left(recovered), _tone(recovered <= TOO_MUCH)),
        Statement(
            "Needed", f"{needed:.0%}", f"Of {report['needed of']} edges tried one by one, {needed:.0%} are needed."
        ),
    ]


def _say_sum(report: dict[str, Any]) -> list[Statement]:
    if "sum" not in report:
        return []
    total, change = report["sum"]["scores"], report["sum"]["change"]
    missed = abs(total - change) / max(abs(change), 1e-12)
    words = (
        f"Scores add up to {total:.3g}, and the whole change is {change:.3g}: {missed:.1%} of it is missed, "
        f"{'more steps come closer' if missed > WELL else 'there were enough steps'}."
    )
    return [Statement("Sum of scores", f"{total / change:.0%}" if change else "", words, _tone(missed <= WELL))]


def _say_stability(report: dict[str, Any]) -> list[Statement]:
    stable = report["stability"]
    if isinstance(stable, str):
        return [Statement("Stability", "", f"Stability is not known: {stable}.", "unknown")]
    words = (
        f"Other pairs of the same kind would give a circuit that shares {stable['jaccard']:.0%} "
        f"({stable['low']:.0%} to {stable['high']:.0%}) of its edges with this one (bootstrap)."
    )
    return [Statement("Stability", f"{stable['jaccard']:.0%}", words)]


def _say_ablation(report: dict[str, Any]) -> list[Statement]:
    other = report["other ablation"]
    if isinstance(other, str):
        return [Statement("Another ablation", "", f"By another ablation nothing can be said: {other}", "unknown")]
    words = f"By {other['replacement']} ablation the same edges recover {other['recovered']:.0%}."
    return [Statement("Another ablation", f"{other['recovered']:.0%}", words)]


def _say_method(report: dict[str, Any]) -> list[Statement]:
    method = report["other method"]
    if isinstance(method, str):
        return [Statement("Another method", "", f"No other method was asked: {method}.", "unknown")]
    title = METHODS[method["method"]].title
    words = f"{title} finds {method['overlap']:.0%} of the same edges (by chance {method['chance']:.1%})."
    return [Statement("Another method", f"{method['overlap']:.0%}", words)]


def _say_tests(report: dict[str, Any]) -> list[Statement]:
    tests = report["tests"]
    if isinstance(tests, str):
        return [Statement("Tests", "", f"Not tested: {tests.rstrip('.')}.", "unknown")]
    found = []
    for test in tests:
        verdict = "nothing against it" if test["passed"] else "speaks against the circuit"
        words = f"Test of {test['name']}: {test['words']}; p = {test['p']:.3f}, {verdict}."
        found.append(Statement(test["name"].capitalize(), f"p {test['p']:.3f}", words, _tone(test["passed"])))
    return found


def _tone(passed: bool) -> Tone:
    return "plain" if passed else "against"


def _left(recovered: float) -> str:
    if recovered > TOO_MUCH:
        return f"that is {recovered - 1:.0%} more than the whole model does, so it is not a good explanation of it."
    if recovered > 1:
        return f"{recovered - 1:.0%} more than the whole model."
    return f"{1 - recovered:.0%} stays unexplained."


@dataclass(frozen=True)
class Question:
    """Something that is asked of a circuit: how it is found out, what is then said, and about how many runs of the
    model it takes for each pair, for what is told of the progress."""

    find: Callable[[Subject, Told, Cancel], dict[str, Any]]
    say: Callable[[dict[str, Any]], list[Statement]]
    runs: int


QUESTIONS: dict[str, Question] = {
    "what each edge is needed for": Question(_needs, _say_needs, 64),
    "what the scores add up to": Question(_sum, _say_sum, 3),
    "stability": Question(_stability, _say_stability, 20),
    "another ablation": Question(_other_ablation, _say_ablation, 3),
    "another method": Question(_other_method, _say_method, 15),
    "hypothesis tests": Question(_tests, _say_tests, 200),
}
