"""What a study of head sets gave, as tables, sentences and JSON."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.formatting import change_words, number, percent
from core.studies.estimate import Estimate
from core.studies.heads import Outcome, key_of
from core.studies.icl import IclStudy
from core.studies.outcomes import spans

SHOWN = 8  # nodes of a list
LIMITS = (
    "That an outcome is lost without some heads does not show that these heads do it: what reads them may merely have "
    "been broken. The matched controls show how much of a loss any cut of this size and depth makes.",
    "An outcome that is kept without some heads does not show that they play no part in it: others may take over.",
    "The score of a head is of the inputs that it was scored on. Another text, form of prompts, or number of examples "
    "may rank heads otherwise.",
    "Few prompts and pieces of text were measured: read the intervals, and not the numbers alone.",
    "It is one model. What holds for it need not hold for a larger one, and what is found in a trained model tells "
    "nothing of what training needed.",
)


def title(study: IclStudy) -> str:
    kinds = " and ".join(each.name for each in study.comparison.rankings)
    return f"What heads by {kinds} account for in {study.model}"


def outcomes(study: IclStudy) -> list[Outcome]:
    return list(study.comparison.outcomes.values())


def heads_row(study: IclStudy) -> list[str]:
    return ["without", "heads", *(each.title for each in outcomes(study))]


def rows(study: IclStudy) -> list[list[str]]:
    """What is lost of each outcome: a row a set of the main share, below it its control, then the larger and smaller
    ones, other ablations, and the pattern alone."""
    plan, table = study.comparison.plan, []
    table.append(["nothing: the outcome", "", *(_outcome(each) for each in outcomes(study))])
    for each in plan.sets:
        if each.share != plan.main:
            continue
        table.append([f"{each.name}, {percent(each.share)}", str(len(each.heads)), *_cells(study, "mean", each.name)])
        matched = f"matched to {each.name}"
        if matched in plan.families:
            table.append(["  matched to these, by layer", str(len(each.heads)), *_cells(study, "mean", matched)])
    table.append(["random", str(len(plan.sets[0].heads)), *_cells(study, "mean", "random")])
    left = [unexplained(study, each) for each in outcomes(study)]
    table.append([LEFT, "", *("-" if each is None else share_cell(each) for each in left)])
    for name in plan.compared:
        for each in plan.sets:
            if each.name == name and each.share != plan.main:
                cells = _cells(study, "mean", name, each.share)
                table.append([f"{name}, {percent(each.share)}", str(len(each.heads)), *cells])
    for kind in plan.kinds:
        if kind in KIND_WORDS:
            table += [
                [f"{name}, {percent(plan.main)}, {KIND_WORDS[kind]}", "", *_cells(study, kind, name)]
                for name in plan.compared
            ]
    for key in study.comparison.beside:
        name = BESIDE[key.removeprefix("beside|")].format(first=study.comparison.rankings[0].name)
        table.append([name, "", *(cell(each, key) for each in outcomes(study))])
    return table


LEFT = "left unexplained: beyond all sets and their control"
KIND_WORDS = {  # of the kinds beside the main one, which is by means
    "zero": "cut to zero",
    "resample": "from another input",
}
BESIDE = {
    "pattern of first": "the induction pattern alone, of {first}",
    "pattern of first, not renormalised": "the same, weights not renormalised",
    "pattern of all": "the induction pattern alone, of all heads",
}


def _outcome(outcome: Outcome) -> str:
    words = "{:.0f} %" if outcome.name == "few-shot" else "{:.2f} nats"
    scale = 100 if outcome.name == "few-shot" else 1
    found = outcome.mean()
    low, high = (words.format(scale * each) for each in (found.low, found.high))
    return f"{words.format(scale * found.value)} ({low.removesuffix(' %').removesuffix(' nats')} to {high})"


def _cells(study: IclStudy, kind: str, name: str, share: float | None = None) -> list[str]:
    key = key_of(kind, name, study.comparison.plan.main if share is None else share)
    return [cell(each, key) for each in outcomes(study)]


def cell(outcome: Outcome, key: str) -> str:
    """`41 % (30 to 52)`; "-" of an outcome that the model does not show."""
    if not outcome.there or key not in outcome.of:
        return "-"
    return share_cell(outcome.accounts(key))


def share_cell(found: Estimate) -> str:
    if math.isnan(found.value):
        return "-"
    ends = [percent(each).removesuffix(" %") for each in (found.low, found.high)]
    return f"{percent(found.value)} ({ends[0]} to {ends[1]})"


def unexplained(study: IclStudy, outcome: Outcome) -> Estimate | None:
    """The share of an outcome that is left unexplained: one less what is lost without all sets together, beyond what is
    lost without as many others of their layers."""
    plan = study.comparison.plan
    name = "both" if any(each.name == "both" for each in plan.sets) else plan.sets[0].name
    key, control = key_of("mean", name, plan.main), key_of("mean", f"matched to {name}", plan.main)
    if not outcome.there or key not in outcome.of or control not in outcome.of:
        return None
    found = outcome.accounts(key, control)
    return Estimate(1 - found.value, 1 - found.high, 1 - found.low)


def sentences(study: IclStudy) -> list[str]:
    """What was done, what the table says, and what it does not show."""
    return [*about(study), *findings(study), *(f"Not shown: {each}" for each in LIMITS)]


def about(study: IclStudy) -> list[str]:
    plan = study.comparison.plan
    done = [each for each in study.tasks if not each.why]
    early, late = spans("text", study.window)
    few = study.comparison.outcomes.get("few-shot")
    lines = [
        f"{study.model}: {study.layers} layers of {study.heads_of_layer} heads. Text: {study.text}, pieces of "
        f"{study.window} tokens; the loss difference is the loss of tokens {early.start} to {early.stop - 1} minus "
        f"that of tokens {late.start} to {late.stop - 1}. Copying: {study.period} random tokens that come again; the "
        "loss on the first copy minus that on the second.",
        f"Heads are replaced by their mean over other inputs of the same kind. Of {percent(plan.main)} of the heads "
        f"also controls: {plan.draws} draws each. A share lost is of what the model shows above chance; 95 % intervals "
        "in brackets.",
    ]
    if few is not None:
        lines.append(
            f"Few-shot: {len(few.whole)} prompts of {len(done)} tasks with {study.shots} examples each; right is the "
            f"likeliest token alone; chance {percent(few.floor)}."
        )
    left_out = [f"{each.title} ({each.why})" for each in study.tasks if each.why]
    return [*lines, f"Tasks left out: {'; '.join(left_out)}."] if left_out else lines


def findings(study: IclStudy) -> list[str]:
    plan, comparison = study.comparison.plan, study.comparison
    lines = []
    for ranking in comparison.rankings:
        names = comparison.names(ranking.order[:SHOWN].tolist())
        scores = [number(float(ranking.scores[place])) for place in ranking.order[:SHOWN]]
        told = ", ".join(f"{name} ({score})" for name, score in zip(names, scores, strict=True))
        lines.append(f"Highest by {ranking.name}: {told}.")
    if len(comparison.rankings) == 2:
        lines.append(_overlap(study))
    for outcome in outcomes(study):
        if not outcome.there:
            lines.append(f"The model shows no {outcome.title} on these inputs, so that nothing can be said of it.")
            continue
        parts = [f"{name} {_beyond(study, outcome, name)}" for name in plan.compared]
        lines.append(
            f"Of {outcome.title}, {percent(plan.main)} of the heads account for, as it is and beyond as many others of "
            f"their layers: {'; '.join(parts)}."
        )
        left = unexplained(study, outcome)
        if left is not None:
            what = "both sets together leave" if len(comparison.rankings) == 2 else "the set leaves"
            lines.append(
                f"Of {outcome.title}, {what} {share_cell(left)} unexplained, beyond what such a cut does anyway."
            )
    if study.next_nodes is not None:
        told = ", ".join(f"{name} ({change_words(effect)})" for name, effect in study.next_nodes.nodes[:SHOWN])
        lines.append(
            f"Beside these heads, the right answers of {study.next_nodes.rows} prompts lose most log-probability "
            f"without: {told} nats, each alone."
        )
    return lines


def _beyond(study: IclStudy, outcome: Outcome, name: str) -> str:
    plan = study.comparison.plan
    key, control = key_of("mean", name, plan.main), key_of("mean", f"matched to {name}", plan.main)
    words = share_cell(outcome.accounts(key))
    return words + (f", {share_cell(outcome.accounts(key, control))} beyond" if control in outcome.of else "")


def _overlap(study: IclStudy) -> str:
    plan, (one, other) = study.comparison.plan, study.comparison.rankings
    count = len(plan.sets[0].heads)
    shared = len(np.intersect1d(one.top(count), other.top(count)))
    first, second = (np.argsort(np.argsort(each.scores)).astype(np.float64) for each in (one, other))
    together = np.corrcoef(first, second)[0, 1]
    return (
        f"Of the first {count} heads of each ranking {shared} are the same; the rankings of all heads correlate by "
        f"{number(float(together))} (Spearman)."
    )


def as_markdown(study: IclStudy) -> str:
    """The table and the sentences."""
    head = heads_row(study)
    table = [head, ["---"] * len(head), *rows(study)]
    lines = [f"**{title(study)}: shares lost**", "", *(f"| {' | '.join(row)} |" for row in table), ""]
    return "\n".join([*lines, *(f"- {words}" for words in sentences(study)), ""])


def as_json(study: IclStudy) -> dict[str, Any]:
    comparison, plan = study.comparison, study.comparison.plan
    return {
        "model": study.model,
        "layers": study.layers,
        "heads of a layer": study.heads_of_layer,
        "text": study.text,
        "tokens of a piece": study.window,
        "shots": study.shots,
        "seed": study.seed,
        "seconds": study.seconds,
        "tasks": [
            {"name": e.name, "kind": e.kind, "right": finite(e.right), "chance": finite(e.chance), "left out": e.why}
            for e in study.tasks
        ],
        "scores": {each.name: dict(zip(comparison.heads, map(float, each.scores), strict=True)) for each in
                   comparison.rankings},
        "sets": [{"name": e.name, "share": e.share, "heads": comparison.names(e.heads.tolist())} for e in plan.sets],
        "draws": plan.draws,
        "outcomes": {each.name: _outcome_json(study, each) for each in outcomes(study)},
        "losses by position": {name: [float(each) for each in values] for name, values in study.losses.items()},
        "next nodes": [] if study.next_nodes is None else [list(each) for each in study.next_nodes.nodes],
        "words": sentences(study),
        "limits": list(LIMITS),
    }  # fmt: skip


def _outcome_json(study: IclStudy, outcome: Outcome) -> dict[str, Any]:
    left = unexplained(study, outcome)
    return {
        "title": outcome.title,
        "rows": len(outcome.whole),
        "chance": outcome.floor,
        "whole": estimate_json(outcome.mean()),
        "shown": outcome.there,
        "unexplained": None if left is None else estimate_json(left),
        "without": {
            key: {"outcome": estimate_json(outcome.mean(key)), "share lost": estimate_json(outcome.accounts(key))}
            for key in outcome.of
        },
        "change of each draw": {key: [float(each) for each in values] for key, values in outcome.of_draw.items()},
    }


def estimate_json(found: Estimate) -> dict[str, float | None]:
    return {name: finite(each) for name, each in zip(("value", "low", "high"), found, strict=True)}


def finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
