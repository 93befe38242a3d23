"""What circuits really do over a session's pair or a dataset: the metric and the answer of every pair, circuit by
circuit.

Everything else in this folder is computed from these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.circuit import Circuit
from core.edits import EditKind
from core.errors import InputError
from core.inputs.pair import Dataset
from core.result import Result
from core.session import Session
from core.tracing.over_pairs import sessions_over

FLAT = 1e-6  # of a metric: below it, A and B score alike
PART = 8  # circuits that are run together where what is measured is remembered part by part

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """Metrics of the whole model and of the empty circuit [pairs], and of circuits [circuits, pairs]; whether each
    gives the right answer: the metric's target, or without one what the whole model answers."""

    whole: Floats
    nothing: Floats
    circuits: Floats
    whole_right: NDArray[np.bool_]
    circuits_right: NDArray[np.bool_]
    replacement: EditKind

    @property
    def pairs(self) -> int:
        return len(self.whole)

    def recovered(self, pairs: NDArray[np.int64] | None = None) -> Floats:
        """(m(circuit) - m(nothing)) / (m(whole) - m(nothing)), each m the mean over pairs (all, or the chosen ones):
        [circuits]. Raises InputError where the whole model and nothing score alike."""
        chosen = slice(None) if pairs is None else pairs
        whole, nothing = float(self.whole[chosen].mean()), float(self.nothing[chosen].mean())
        if abs(whole - nothing) < FLAT:
            raise InputError(
                f"The metric is {whole:.3g} with every edge and {nothing:.3g} with none: there is nothing to recover.",
                "Choose a counterfactual with another answer, or another metric.",
            )
        means: Floats = self.circuits[:, chosen].mean(axis=1)
        return (means - nothing) / (whole - nothing)

    def band(self, seed: int = 0, draws: int = 1000, level: float = 0.95) -> Floats | None:
        """A confidence band of what is recovered, by bootstrap over the pairs (Efron 1979): [2, circuits], the lower
        and the upper quantile. None for fewer than two pairs; draws in which nothing can be recovered are left out."""
        if self.pairs < 2:
            return None
        rng = np.random.default_rng(seed)
        drawn = []
        for _ in range(draws):
            rows = rng.integers(0, self.pairs, self.pairs)
            if abs(self.whole[rows].mean() - self.nothing[rows].mean()) >= FLAT:
                drawn.append(self.recovered(rows))
        edges = (1 - level) / 2, (1 + level) / 2
        return np.quantile(np.array(drawn), edges, axis=0) if drawn else None


def measure(
    session: Session,
    circuits: Sequence[Circuit],
    replacement: EditKind = "patch",
    *,
    dataset: Dataset | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    memory: dict[Any, Any] | None = None,
) -> Measured:
    """Run circuits over the session's own pair or batch, or over a dataset. Edges outside carry `replacement`.

    memory: what is measured is kept here, part by part, and found again when the same is asked for after Cancelled.
    Raises ArgumentError for circuits of another graph, EditError for `patch` without a B, Cancelled.
    """
    sessions = [session] if dataset is None else sessions_over(session, dataset)
    total = session.pair.batch if dataset is None else len(dataset)
    empty = Circuit(session.graph, np.empty(0, dtype=np.int64))
    metrics: list[Floats] = []
    right: list[NDArray[np.bool_]] = []
    done = 0
    todo = [empty, *circuits]
    size = len(todo) if memory is None else PART
    for number, each in enumerate(sessions):
        answers = _answers(each, each.clean)
        rows = [_row(each.clean, answers)]
        for start in range(0, len(todo), size):
            key, part = (number, start), todo[start : start + size]
            found = None if memory is None else memory.get(key)
            if found is None:
                found = [_row(result, answers) for result in each.run_circuits(part, replacement, cancelled)]
                if memory is not None:
                    memory[key] = found
            rows += found
            if progress is not None:
                progress((done + each.pair.batch * (start + len(part)) / len(todo)) / total)
        metrics.append(np.stack([metric for metric, _ in rows]))
        right.append(np.stack([correct for _, correct in rows]))
        done += each.pair.batch
    table, correct = np.concatenate(metrics, axis=1), np.concatenate(right, axis=1)
    return Measured(table[0], table[1], table[2:], correct[0], correct[2:], replacement)


def part_of(memory: dict[Any, Any] | None, name: object) -> dict[Any, Any] | None:
    """A memory within a memory, for one of several measurements."""
    return None if memory is None else memory.setdefault(name, {})


def _row(result: Result, answers: Tensor) -> tuple[Floats, NDArray[np.bool_]]:
    """Metric and rightness of each pair of a run: [batch] each."""
    return _numbers(result.metric), (result.answer.argmax(dim=-1) == answers).cpu().numpy()


def _answers(session: Session, clean: Result) -> Tensor:
    """The right answer of each row: [batch]."""
    target = session.metric.target
    if target:
        return torch.tensor(target, device=clean.answer.device)
    return clean.answer.argmax(dim=-1)


def _numbers(metric: Tensor) -> Floats:
    found: Floats = metric.detach().double().cpu().numpy()
    return found
