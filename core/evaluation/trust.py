"""How far to trust one circuit, as one call for notebooks: what the window's panel Trust and `wirescope evaluate` say
of it, as numbers, as statements and as a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.circuit import Circuit
from core.edits import EditKind
from core.errors import ArgumentError
from core.evaluation.report import Progress, answers_to, statements
from core.evaluation.statement import Statement, VerdictLine
from core.evaluation.subject import Subject
from core.evaluation.verdict import verdict
from core.inputs.pair import Dataset
from core.session import Session
from core.tracing.direction import directed
from core.tracing.one_circuit import scores_of_circuit
from core.tracing.scores import Scores
from core.tracing.told_options import options_told


@dataclass(frozen=True)
class Trust:
    """What was found out of a circuit. numbers: by what was asked, as `wirescope evaluate --json` has them. statements:
    what they say, one a question. verdict: at most three sentences over all of it, the worst first. `print` writes all
    but the numbers."""

    circuit: Circuit
    pairs: int
    numbers: dict[str, Any]
    statements: tuple[Statement, ...]
    verdict: tuple[VerdictLine, ...]

    def __str__(self) -> str:
        edges = self.numbers["edges"]
        head = f"Verdict on {len(self.circuit):,} of {edges:,} edges, on {self.pairs:,} pair{'s' * (self.pairs != 1)}:"
        return "\n".join([head, *(each.line for each in self.verdict), "", *(each.line for each in self.statements)])


def trust(
    session: Session,
    circuit: Circuit,
    *,
    scores: Scores | None = None,
    dataset: Dataset | None = None,
    replacement: EditKind | None = None,
    seed: int = 0,
    progress: Progress = lambda words, share: None,
    cancelled: Callable[[], bool] | None = None,
) -> Trust:
    """Ask of a circuit what each of its edges is needed for, whether it is stable, what another ablation and another
    method say, and whether it passes the three tests of Shi et al. 2024, "Hypothesis Testing the Circuit Hypothesis in
    LLMs".

    scores: those that the circuit was chosen from. Without them it is taken as a file that holds it alone: how the
    other edges rank, and what all scores add up to, is not known. dataset: the pairs that it is evaluated on, by
    default the session's; stability needs two of them, the tests eight. replacement: what removed edges carry, by
    default what the circuit was scored for. progress: called with what is asked and the share of it that is done.

    Raises ArgumentError for scores that choose another circuit, InputError where A and B score alike, Cancelled."""
    circuit.check_fits(session.graph)
    if not len(circuit):
        raise ArgumentError("The circuit has no edges.", "Keep some: scores.top(100).")
    ranked = scores_of_circuit(circuit) if scores is None else scores
    count = len(circuit)
    if scores is not None and not _chooses(scores, circuit):
        raise ArgumentError(
            f"These scores choose another circuit of {count:,} edges.",
            f"Give scores.select({count}), or the circuit without the scores.",
        )
    pairs = Dataset([session.pair]) if dataset is None else dataset
    ranked = directed(ranked, session, pairs, cancelled)
    options = options_told(ranked.about).but(seed=seed)
    subject = Subject(session, ranked, pairs, replacement or ranked.replacement, count, options)
    numbers = {"size": count, "edges": ranked.values.size} | answers_to(subject, progress, cancelled)
    said = tuple(statements(numbers))
    return Trust(circuit, sum(pair.batch for pair in pairs.pairs), numbers, said, verdict(said))


def _chooses(scores: Scores, circuit: Circuit) -> bool:
    """Whether the circuit of as many edges that scores choose is this one."""
    if scores.graph != circuit.graph or scores.spans != circuit.spans or len(circuit) > scores.values.size:
        return False
    return np.array_equal(np.sort(scores.select(len(circuit)).parts), np.sort(circuit.parts))
