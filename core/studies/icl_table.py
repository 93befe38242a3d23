"""The table of a study of head sets: what is lost of each outcome, a row a set, and what is left unexplained."""

from __future__ import annotations

from core.formatting import number, percent
from core.studies.estimate import Estimate
from core.studies.heads import Outcome, key_of
from core.studies.icl import IclStudy
from core.studies.set_values import SetRow, share_cell

LEFT = "left unexplained: beyond all sets and their control"
KIND_WORDS = {"mean": "replaced by their mean", "zero": "cut to zero", "resample": "from another input"}
BESIDE = {
    "pattern of first": "the induction pattern alone, of {first}",
    "pattern of first, not renormalised": "the same, weights not renormalised",
    "pattern of all": "the induction pattern alone, of all heads",
}


def outcomes(study: IclStudy) -> list[Outcome]:
    return list(study.comparison.outcomes.values())


def heads_row(study: IclStudy) -> list[str]:
    return ["without", "heads", *(each.title for each in outcomes(study))]


def rows(study: IclStudy) -> list[list[str]]:
    """The cells of every row."""
    return [row.texts for row in set_rows(study)]


def set_rows(study: IclStudy) -> list[SetRow]:
    """What is lost of each outcome: a row a set of the main share, below it its control, then the larger and smaller
    ones, other ablations, and the pattern alone."""
    left = (unexplained(study, each) for each in outcomes(study))
    return [
        SetRow("nothing: the outcome", "", tuple(_outcome(each) for each in outcomes(study))),
        *_rows_of_main(study),
        SetRow(LEFT, "", tuple("-" if each is None else share_cell(each) for each in left)),
        *_rows_of_shares(study),
        *_rows_of_kinds(study),
        *_rows_beside(study),
    ]


def _rows_of_main(study: IclStudy) -> list[SetRow]:
    plan, table = study.comparison.plan, []
    for each in plan.sets:
        if each.share != plan.main:
            continue
        count, names = str(len(each.heads)), tuple(study.comparison.names(each.heads.tolist()))
        words = f"{each.name}, {percent(each.share)}"
        table.append(SetRow(words, count, _cells(study, plan.main_kind, each.name), names))
        matched = f"matched to {each.name}"
        if matched in plan.families:
            table.append(SetRow("  matched to these, by layer", count, _cells(study, plan.main_kind, matched)))
    return [*table, SetRow("random", str(len(plan.sets[0].heads)), _cells(study, plan.main_kind, "random"))]


def _rows_of_shares(study: IclStudy) -> list[SetRow]:
    plan = study.comparison.plan
    return [
        SetRow(
            f"{name}, {percent(each.share)}",
            str(len(each.heads)),
            _cells(study, plan.main_kind, name, each.share),
            tuple(study.comparison.names(each.heads.tolist())),
        )
        for name in plan.compared
        for each in plan.sets
        if each.name == name and each.share != plan.main
    ]


def _rows_of_kinds(study: IclStudy) -> list[SetRow]:
    plan = study.comparison.plan
    sets = {each.name: study.comparison.names(each.heads.tolist()) for each in plan.sets if each.share == plan.main}
    return [
        SetRow(f"{name}, {percent(plan.main)}, {KIND_WORDS[kind]}", "", _cells(study, kind, name), tuple(sets[name]))
        for kind in plan.kinds
        if kind != plan.main_kind
        for name in plan.compared
    ]


def _rows_beside(study: IclStudy) -> list[SetRow]:
    first = study.comparison.rankings[0].name
    return [
        SetRow(
            BESIDE[key.removeprefix("beside|")].format(first=first),
            "",
            tuple(cell(each, key) for each in outcomes(study)),
        )
        for key in study.comparison.beside
    ]


def _outcome(outcome: Outcome) -> str:
    """`82 % (73 to 91)`, `1.65 nats (0.29 to 3.41)`."""
    estimate = outcome.mean()
    if outcome.name == "few-shot":
        return share_cell(estimate)
    return f"{number(estimate.value)} nats ({number(estimate.low)} to {number(estimate.high)})"


def _cells(study: IclStudy, kind: str, name: str, share: float | None = None) -> tuple[str, ...]:
    key = key_of(kind, name, study.comparison.plan.main if share is None else share)
    return tuple(cell(each, key) for each in outcomes(study))


def cell(outcome: Outcome, key: str) -> str:
    """`41 % (30 to 52)`; "-" of an outcome that the model does not show."""
    if not outcome.there or key not in outcome.of:
        return "-"
    return share_cell(outcome.accounts(key))


def unexplained(study: IclStudy, outcome: Outcome) -> Estimate | None:
    """The share of an outcome that is left unexplained: one less what is lost without all sets together, beyond what is
    lost without as many others of their layers."""
    plan = study.comparison.plan
    name = "both" if any(each.name == "both" for each in plan.sets) else plan.sets[0].name
    key = key_of(plan.main_kind, name, plan.main)
    control = key_of(plan.main_kind, f"matched to {name}", plan.main)
    if not outcome.there or key not in outcome.of or control not in outcome.of:
        return None
    estimate = outcome.accounts(key, control)
    return Estimate(1 - estimate.value, 1 - estimate.high, 1 - estimate.low)
