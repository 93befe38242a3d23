"""The option by which edges are chosen, as `trace`, `evaluate` and `compare` have it. Imports no torch before scores
are there."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

from app.cli.output import tell
from core.errors import ArgumentError
from core.formatting import percent
from core.tracing.selection import RULES, USUAL, rule_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.inputs.pair import Dataset
    from core.session import Session
    from core.tracing.scores import Scores


def add_rule_option(parser: argparse.ArgumentParser, usual: str) -> None:
    """usual: what holds without it, in words."""
    rules = "; ".join(f"{rule.name}: {rule.words}" for rule in RULES.values())
    parser.add_argument("--select", metavar="RULE", help=f"how edges are chosen ({usual}). {rules}")


def check_rule(name: str | None, method: str, level: str, pairs: int) -> None:
    """Raise ArgumentError for a rule that cannot choose from what will be traced, before it is."""
    from core.tracing.method import METHODS
    from core.tracing.options import CIRCUITS
    from core.tracing.sign_agreement import why_no_agreement

    if name is None:
        return
    rule = rule_named(name)
    why_not = "" if name == USUAL or level in CIRCUITS else f"it chooses among edges, and these are {level}"
    if rule.needs == "agreement":
        why_not = why_not or why_no_agreement(method, pairs)
    if rule.needs == "balance" and method in METHODS and not METHODS[method].meaning.signed:
        why_not = why_not or f"the scores of {METHODS[method].title} have no sign"
    if why_not:
        raise ArgumentError(f"--select {name} cannot choose here: {why_not}.", "Take another rule, or leave it out.")


def with_rule(
    scores: Scores, name: str | None, session: Session, dataset: Dataset, progress: Callable[[str, float], None]
) -> Scores:
    """Scores whose circuits are chosen by a rule; None: by their own. Where it asks how sure signs are, every pair is
    scored alone; where it asks for their balance, circuits are run. Raises ArgumentError where it cannot choose from
    them, what there is to measure raises, Cancelled."""
    from core.evaluation.balance import with_balance
    from core.tracing.options import CIRCUITS
    from core.tracing.sign_agreement import with_agreement

    if name is not None:
        scores = scores.with_rule(name)
    rule = RULES[scores.rule if name is None else name]
    possible = scores.level in CIRCUITS and scores.kept is None and scores.signed
    if rule.needs == "agreement" and possible and scores.agreement is None:
        told = partial(progress, "Scoring pair by pair, for sure signs")
        scores = with_agreement(session, scores, dataset, progress=told)
    if rule.needs == "balance" and possible and scores.balance is None:
        told = partial(progress, "Measuring the balance of circuits")
        scores = with_balance(session, scores, dataset, progress=told)
    rule.check(scores.ranked())
    return scores


def tell_gap(gaps: list[float], rule: str) -> None:
    """Say where a rule was not at its end."""
    if max(gaps, default=0.0) > 0:
        tell(gap_words(max(gaps), rule))


def gap_words(gap: float, rule: str) -> str:
    """ "program came near its goal: another choice could add up to at most 0.25 % more" """
    return f"{rule} came near its goal: another choice of as many edges could add up to at most {percent(gap, 2)} more"
