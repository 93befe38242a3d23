"""What a study of head sets gave, as sentences, Markdown and JSON."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.formatting import change_words, counted, number, percent
from core.studies.estimate import Estimate
from core.studies.heads import Outcome, key_of
from core.studies.icl import IclStudy
from core.studies.icl_table import heads_row, outcomes, rows, unexplained
from core.studies.outcomes import OUTCOMES, spans
from core.studies.set_values import share_cell

SHOWN = 8  # nodes of a list
ABLATED = {
    "mean": "Heads are replaced by their mean over other inputs of the same kind.",
    "zero": "Heads are cut to zero.",
    "resample": "Heads are replaced by what they write on another input of the same kind.",
}
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
        f"{ABLATED[plan.main_kind]} Of {percent(plan.main)} of the heads also controls: {plan.draws} draws each. A "
        "share lost is of what the model shows above chance; 95 % intervals in brackets.",
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
    if study.tasks and all(each.why for each in study.tasks):
        lines.append(
            f"The model does none of the {counted(len(study.tasks), 'few-shot task')} better than by chance: few-shot "
            "accuracy is left out, and no head is ranked by its function vector."
        )
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


def missing(study: IclStudy) -> list[str]:
    """The outcomes that the model does not show."""
    there = {each.name for each in outcomes(study) if each.there}
    return [title for name, title in OUTCOMES.items() if name not in there]


def _beyond(study: IclStudy, outcome: Outcome, name: str) -> str:
    plan = study.comparison.plan
    kind = plan.main_kind
    key, control = key_of(kind, name, plan.main), key_of(kind, f"matched to {name}", plan.main)
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


def estimate_json(estimate: Estimate) -> dict[str, float | None]:
    return {name: finite(each) for name, each in zip(("value", "low", "high"), estimate, strict=True)}


def finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
