"""How the edges of a circuit are chosen from their scores: one table, a row a rule, from which the curve, the window,
the command line and `Scores.select` are made. Imports no torch.

`top` is what a ranking says; the others know more: that edges hang together (`greedy`, `program`), or how sure their
signs are (`consensus`), or what circuits of them really recover (`balance`). `attn-input` counts otherwise: a head's
inputs as one.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.errors import ArgumentError
from core.tracing.options import CIRCUITS, LEVEL_WORDS
from core.tracing.order import has_nan
from core.tracing.selection.attn_input import attn_input
from core.tracing.selection.balance import balance
from core.tracing.selection.consensus import consensus, sign_agreement
from core.tracing.selection.greedy import greedy
from core.tracing.selection.program import program
from core.tracing.selection.ranked import Choice, Ranked
from core.tracing.selection.top import top

if TYPE_CHECKING:
    from core.tracing.selection.ranked import Choose, Order

__all__ = [
    "CHOSEN_BY",
    "GAP",
    "RULES",
    "USUAL",
    "Choice",
    "Ranked",
    "Rule",
    "chosen_by",
    "gap_of",
    "rule_named",
    "sign_agreement",
]

USUAL = "top"
CHOSEN_BY = "chosen by"  # of `about`, in scores and circuits: the rule; without it, USUAL
GAP = "gap"  # of a circuit's `about`: see `Choice`


@dataclass(frozen=True)
class Rule:
    """One way to choose. name: in code and files. title: for menus. words: what it does, in a line. order: puts all
    edges in an order of which every circuit is a beginning; choose: for a rule without such an order. needs: what has
    to be found out of the scores first: how sure signs are, or their balance. phrase: how edges were chosen, in a
    caption; nothing for the usual rule."""

    name: str
    title: str
    words: str
    order: Order | None = None
    choose: Choose | None = None
    needs: Literal["", "agreement", "balance"] = ""
    phrase: str = ""

    @property
    def about(self) -> str:
        """The steps and the source: the docstring of its file."""
        return inspect.cleandoc(sys.modules[(self.order or self.choose).__module__].__doc__ or "")

    @property
    def nested(self) -> bool:
        """Whether a larger circuit holds all smaller ones."""
        return self.order is not None

    def why_not(self, ranked: Ranked) -> str:
        """Why this rule cannot choose from such scores; empty where it can."""
        if self.name == USUAL:
            return ""
        if ranked.level not in CIRCUITS:
            return f"it chooses among edges, and these are scores of {LEVEL_WORDS.get(ranked.level, ranked.level)}"
        if ranked.kept is not None:
            return "these edges were kept by a search, or are one circuit, which is its own choice"
        if has_nan(ranked.weights):
            return "some edges have no score"
        if self.choose is not None and ranked.graph.towers:
            return "it joins one input to the output, and two towers have two"
        if self.needs and not ranked.signed:
            return "these scores have no sign"
        if self.needs == "agreement" and ranked.agreement is None:
            return "it needs the scores of each pair: a dataset, and a method that scores pairs one by one"
        if self.needs == "balance" and not ranked.balance:
            return "the balance of these scores is not measured"
        return ""

    def check(self, ranked: Ranked, where: str = "here") -> None:
        """Raise ArgumentError where `why_not` has a reason. where: of what the scores are."""
        why_not = self.why_not(ranked)
        if why_not:
            raise ArgumentError(f"The rule {self.name} cannot choose {where}: {why_not}.", f"Take {USUAL}.")


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(USUAL, "Best scores", "the best scores, one by one, connected or not", order=top),
        Rule(
            "greedy",
            "From the output down",
            "the best edges into what is in the circuit already",
            order=greedy,
            phrase="chosen from the output down",
        ),
        Rule(
            "consensus",
            "Sure signs first",
            "the best of the edges whose sign the pairs agree on",
            order=consensus,
            needs="agreement",
            phrase="chosen with sure signs first",
        ),
        Rule(
            "balance",
            "Measured balance",
            "of edges towards A and the largest of all as many as recover what A does, as measured on these inputs",
            order=balance,
            needs="balance",
            phrase="chosen in a measured balance",
        ),
        Rule(
            "program",
            "Largest connected sum",
            "the connected circuit whose scores add up to most, by an integer program",
            choose=program,
            phrase="chosen for the largest connected sum",
        ),
        Rule(
            "attn-input",
            "A head's inputs as one",
            "what a head reads of a writer as one: its query, key and value edges together, by the sum of their scores",
            order=attn_input,
            phrase="chosen with a head's inputs as one",
        ),
    )
}


def rule_named(name: str) -> Rule:
    """A row of the table. Raises ArgumentError."""
    rule = RULES.get(name)
    if rule is None:
        raise ArgumentError(f"There is no rule {name!r} to choose edges by.", f"There are: {', '.join(RULES)}.")
    return rule


def chosen_by(about: dict[str, str]) -> str:
    """The rule that scores or a circuit name as theirs; USUAL for one that is not known here."""
    name = about.get(CHOSEN_BY, USUAL)
    return name if name in RULES else USUAL


def gap_of(about: dict[str, str]) -> float:
    """Of a circuit: by how much of its sum a better choice could be better; 0 where it says nothing that can be
    read."""
    try:
        return float(about.get(GAP, "0").replace("%", "").replace(",", "")) / 100
    except ValueError:
        return 0.0
