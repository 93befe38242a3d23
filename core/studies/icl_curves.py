"""What each set of a study of head sets accounts for, by how many of the heads it is, with its controls beside it."""

from __future__ import annotations

from core.studies.head_sets import HeadSet, without_name
from core.studies.heads import Outcome, Plan, key_of
from core.studies.icl import IclStudy
from core.studies.set_values import Curve, CurvePoint


def curves(study: IclStudy, outcome: Outcome) -> tuple[Curve, ...]:
    """Of every set but both together, by the main ablation. Those that are compared come first."""
    plan = study.comparison.plan
    names = dict.fromkeys((*plan.compared, *(each.name for each in plan.sets if each.name != "both")))
    return tuple(
        Curve(
            name,
            tuple(_point(study, outcome, each) for each in _by_share(plan, name)),
            _ranking(study, name),
            name in plan.compared,
            control_of(study, outcome, f"matched to {name}"),
        )
        for name in names
    )


def control_of(study: IclStudy, outcome: Outcome, name: str) -> CurvePoint | None:
    """name: "random", or "matched to …"."""
    plan = study.comparison.plan
    key = key_of(plan.main_kind, name, plan.main)
    if key not in outcome.of:
        return None
    count = next(len(each.heads) for each in plan.controls if each.name == name)
    return CurvePoint(plan.main, count, outcome.accounts(key))


def _by_share(plan: Plan, name: str) -> list[HeadSet]:
    return sorted((each for each in plan.sets if each.name == name), key=lambda each: each.share)


def _ranking(study: IclStudy, name: str) -> int:
    """The number of the one whose top a set is."""
    rankings = study.comparison.rankings
    tops = [(one.name, *(without_name(one, other) for other in rankings if other is not one)) for one in rankings]
    return next(number for number, names in enumerate(tops) if name in names)


def _point(study: IclStudy, outcome: Outcome, made: HeadSet) -> CurvePoint:
    lost = outcome.accounts(key_of(study.comparison.plan.main_kind, made.name, made.share))
    return CurvePoint(made.share, len(made.heads), lost, tuple(study.comparison.names(made.heads.tolist())))
