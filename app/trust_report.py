"""How far to trust a circuit: all that the evaluation says of it, as numbers and in plain words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.circuit import Circuit
from core.edits import EditKind
from core.errors import InputError
from core.evaluation.agreement import agreement
from core.evaluation.faithfulness import Curve, faithfulness
from core.evaluation.hypotheses import LEAST_PAIRS, hypothesis_tests
from core.evaluation.minimality import minimality
from core.evaluation.stability import stability
from core.inputs.pair import Dataset
from core.session import Session
from core.tracing.job import Options
from core.tracing.methods import METHODS
from core.tracing.per_pair import scores_per_pair
from core.tracing.scores import Scores
from core.tracing.trace import trace

MOST = 0.8  # of the behaviour: the circuit that is looked at recovers so much, where no size is given
TOO_MUCH = 1.2  # of the behaviour: beyond it the circuit is no good explanation
OTHER: dict[str, EditKind] = {"patch": "mean", "mean": "patch", "zero": "patch"}
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

    def told(words: str) -> Callable[[float], None]:
        return lambda share: progress(words, share)

    signed = faithfulness(session, scores, dataset=dataset, replacement=kind, seed=seed, cancelled=cancelled,
                          progress=told("what circuits recover"))  # fmt: skip
    by_size = faithfulness(session, scores, dataset=dataset, replacement=kind, by_size=True, random_circuits=0,
                           cancelled=cancelled, progress=told("by size"))  # fmt: skip
    removed = faithfulness(session, scores, dataset=dataset, replacement=kind, removed=True, random_circuits=0,
                           cancelled=cancelled, progress=told("without them"))  # fmt: skip
    chosen = size if size is not None else _size(signed)
    circuit = scores.top(chosen)
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
    needs = minimality(session, circuit, kind, dataset=dataset, seed=seed, cancelled=cancelled,
                       progress=told("what each edge is needed for"))  # fmt: skip
    report["recovered"] = needs.recovered
    report["needed"] = needs.share_needed()
    report["needed of"] = len(needs.needs)
    report["stability"] = _stability(session, scores, dataset, chosen, seed, told("stability"), cancelled)
    report["other ablation"] = _other_ablation(session, scores, circuit, dataset, kind, cancelled)
    report["other method"] = _other_method(session, scores, dataset, chosen, cancelled)
    report["tests"] = _tests(session, circuit, dataset, kind, seed, told("hypothesis tests"), cancelled)
    return report


def _size(curve: Curve) -> int:
    """The fewest edges that recover most of the behaviour."""
    return next(
        (size for size, share in zip(curve.sizes, curve.recovered, strict=True) if share >= MOST), curve.sizes[-1]
    )


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


def _stability(
    session: Session, scores: Scores, dataset: Dataset, size: int, seed: int, told: Callable[[float], None],
    cancelled: Callable[[], bool] | None,
) -> dict[str, float] | str:  # fmt: skip
    method = METHODS.get(scores.method)
    if method is None:
        return "the file does not say by which method it was scored"
    if len(dataset) < 2:
        return "one pair cannot tell how stable a circuit is"
    options = Options(steps=int(scores.about.get("steps", 5)), seed=seed)
    rows = scores_per_pair(session, scores.method, dataset, scores.replacement, options, told, cancelled)
    found = stability(rows, size, seed=seed)
    low, high = found.interval()
    return {"jaccard": found.mean, "low": low, "high": high, "between": found.between}


def _other_ablation(
    session: Session, scores: Scores, circuit: Circuit, dataset: Dataset, kind: EditKind,
    cancelled: Callable[[], bool] | None,
) -> dict[str, Any] | str:  # fmt: skip
    from core.evaluation.measured import measure

    other = OTHER.get(kind, "mean")
    try:
        recovered = float(measure(session, [circuit], other, dataset=dataset, cancelled=cancelled).recovered()[0])
    except InputError as error:
        return error.message
    return {"replacement": other, "recovered": recovered}


def _other_method(
    session: Session, scores: Scores, dataset: Dataset, size: int, cancelled: Callable[[], bool] | None
) -> dict[str, Any] | str:
    against = AGAINST if scores.method != AGAINST else "eap-ig"
    if against == "eap-ig" and any(pair.counterfactual is None for pair in dataset.pairs):
        return "there is no B"
    other = trace(session, against, dataset=dataset, replacement=scores.replacement, cancelled=cancelled)
    found = agreement(scores, other, size)
    return {
        "method": against,
        "overlap": found.overlap,
        "chance": found.chance,
        "rank correlation": found.rank_correlation,
    }


def _tests(
    session: Session, circuit: Circuit, dataset: Dataset, kind: EditKind, seed: int, told: Callable[[float], None],
    cancelled: Callable[[], bool] | None,
) -> list[dict[str, Any]] | str:  # fmt: skip
    if len(dataset) < LEAST_PAIRS:
        return f"the tests need {LEAST_PAIRS} pairs"
    try:
        tests = hypothesis_tests(session, circuit, kind, dataset=dataset, seed=seed, progress=told, cancelled=cancelled)
    except InputError as error:
        return error.message
    return [{"name": t.name, "p": t.p, "statistic": t.statistic, "words": t.words, "passed": t.passed} for t in tests]


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
    found = [f"{report['size']:,} of {report['edges']:,} edges recover {report['recovered']:.0%} of the behaviour; "
             + _left(report["recovered"])]  # fmt: skip
    found.append(f"Of {report['needed of']} edges tried one by one, {report['needed']:.0%} are needed.")
    stable = report["stability"]
    if isinstance(stable, str):
        found.append(f"Stability is not known: {stable}.")
    else:
        found.append(
            f"Other pairs of the same kind would give a circuit that shares {stable['jaccard']:.0%} "
            f"({stable['low']:.0%} to {stable['high']:.0%}) of its edges with this one (bootstrap)."
        )
    other = report["other ablation"]
    if isinstance(other, str):
        found.append(f"By another ablation nothing can be said: {other}")
    else:
        found.append(f"By {other['replacement']} ablation the same edges recover {other['recovered']:.0%}.")
    method = report["other method"]
    if isinstance(method, str):
        found.append(f"No other method was asked: {method}.")
    else:
        found.append(
            f"{method['method']} finds {method['overlap']:.0%} of the same edges (by chance {method['chance']:.1%})."
        )
    tests = report["tests"]
    if isinstance(tests, str):
        found.append(f"Not tested: {tests}.")
    else:
        for test in tests:
            verdict = "nothing against it" if test["passed"] else "speaks against the circuit"
            found.append(f"Test of {test['name']}: {test['words']}; p = {test['p']:.3f}, {verdict}.")
    return found


def _left(recovered: float) -> str:
    if recovered > TOO_MUCH:
        return f"that is {recovered - 1:.0%} more than the whole model does, so it is not a good explanation of it."
    if recovered > 1:
        return f"{recovered - 1:.0%} more than the whole model."
    return f"{1 - recovered:.0%} stays unexplained."
