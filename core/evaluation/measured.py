"""What circuits really do over a session's pair or a dataset: the metric and the answer of every pair, circuit by
circuit.

Everything else in this folder is computed from these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.circuit import Circuit
from core.edits import EditKind
from core.engine.replacement import ablation
from core.errors import Cancelled, NothingToRecoverError
from core.inputs.pair import Dataset
from core.progress import stage, watched
from core.result import Result
from core.session import Session
from core.tracing.costs import PREPARED
from core.tracing.direction import FLAT
from core.tracing.over_pairs import Batch, batches_over, own_batches

TOGETHER = 48  # circuits that are run together, whose outputs are held
PART = 8  # where what is measured is remembered part by part

Floats = NDArray[np.float64]
Row = tuple[Floats, NDArray[np.bool_]]  # metric and rightness of each pair of a run: [batch] each


@dataclass(frozen=True)
class Measured:
    """Metrics of the whole model and of the empty circuit [pairs], and of circuits [circuits, pairs], in the dataset's
    order; whether each gives the right answer: the metric's target, or without one what the whole model answers. A
    model without a head gives no answers, so that none is right or wrong: None."""

    whole: Floats
    nothing: Floats
    circuits: Floats
    whole_right: NDArray[np.bool_] | None
    circuits_right: NDArray[np.bool_] | None
    replacement: EditKind

    @property
    def pairs(self) -> int:
        return len(self.whole)

    def recovered(self, pairs: NDArray[np.int64] | None = None) -> Floats:
        """(m(circuit) - m(nothing)) / (m(whole) - m(nothing)), each m the mean over pairs (all, or the chosen ones):
        [circuits]. Raises NothingToRecoverError where the whole model and nothing score alike."""
        rows = slice(None) if pairs is None else pairs
        whole, nothing = float(self.whole[rows].mean()), float(self.nothing[rows].mean())
        if abs(whole - nothing) < FLAT:
            raise NothingToRecoverError(
                f"The metric is {whole:.3g} with every edge and {nothing:.3g} with none: there is nothing to recover.",
                "Choose a counterfactual with another answer, or another metric.",
            )
        means: Floats = self.circuits[:, rows].mean(axis=1)
        return (means - nothing) / (whole - nothing)

    @property
    def whole_accuracy(self) -> float | None:
        """The share of pairs that the whole model answers rightly."""
        return None if self.whole_right is None else float(self.whole_right.mean())

    @property
    def accuracy(self) -> tuple[float, ...]:
        """The share of pairs that each circuit answers rightly; nothing where there are no answers."""
        return () if self.circuits_right is None else tuple(float(share) for share in self.circuits_right.mean(axis=1))

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


def of_all_pairs(parts: Sequence[Measured]) -> Measured:
    """What the same circuits do over several sets of pairs, as one."""

    def stacked(rights: list[NDArray[np.bool_] | None]) -> NDArray[np.bool_] | None:
        known = [right for right in rights if right is not None]
        return np.concatenate(known, axis=-1) if known else None

    return Measured(
        np.concatenate([each.whole for each in parts]),
        np.concatenate([each.nothing for each in parts]),
        np.concatenate([each.circuits for each in parts], axis=1),
        stacked([each.whole_right for each in parts]),
        stacked([each.circuits_right for each in parts]),
        parts[0].replacement,
    )


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
    """Run circuits over the session's own pair or batch, or over a dataset. Edges outside carry `replacement`,
    and so do edges on no path from `input` to `logits`: with `zero` and `mean` they would still say something.

    Each batch of the dataset is run once over A and B, and then with all circuits. memory: what is measured is kept
    here, part by part, and found again when the same is asked for after Cancelled. Raises ArgumentError for circuits of
    another graph, EditError for `patch` without a B, Cancelled.
    """
    batches = own_batches(session) if dataset is None else batches_over(session, dataset)
    for circuit in circuits:
        circuit.check_fits(session.graph)
    todo, places = _different([Circuit(session.graph, np.empty(0, dtype=np.int64)), *circuits])
    pairs = sum(len(batch.rows) for batch in batches)
    table = np.empty((1 + len(todo), pairs))
    right = np.zeros((1 + len(todo), pairs), dtype=bool)
    size = TOGETHER if memory is None else PART
    results = {} if memory is None else memory
    done = 0
    for number, batch in enumerate(batches):
        rows = list(batch.rows)
        means = ablation(replacement).runs(pairs) / len(rows) if number == 0 else 0.0
        runs = _Runs(batch, replacement, cancelled, means)
        for start in range(0, len(todo), size):
            part = todo[start : start + size]
            if (number, start) not in results:
                now, then = (count / (pairs * len(todo)) for count in (done, done + len(rows) * len(part)))
                with watched(progress, cancelled), stage(now, then):
                    results[number, start] = runs.of(part)
            of_model, *of_circuits = results[number, start]
            for place, (metric, correct) in ((0, of_model), *enumerate(of_circuits, 1 + start)):
                table[place, rows], right[place, rows] = metric, correct
            done += len(rows) * len(part)
            if progress is not None:
                progress(done / (pairs * len(todo)))
    answers = session.model.adapter.shape.output_kind != "embedding"
    of_model, nothing, *each = (0, *(1 + place for place in places))
    return Measured(
        table[of_model],
        table[nothing],
        table[each],
        right[of_model] if answers else None,
        right[each] if answers else None,
        replacement,
    )


def _different(circuits: Sequence[Circuit]) -> tuple[list[Circuit], list[int]]:
    """What is left of circuits without unconnected edges, each kind once, and which of these each circuit is."""
    different: dict[tuple[tuple[str, ...], bytes], int] = {}
    pruned: list[Circuit] = []
    places = []
    for circuit in circuits:
        pruned_circuit = circuit.pruned()
        key = pruned_circuit.spans, np.sort(pruned_circuit.parts).tobytes()
        if key not in different:
            different[key] = len(pruned)
            pruned.append(pruned_circuit)
        places.append(different[key])
    return pruned, places


class _Runs:
    """Runs circuits on one batch. Its session is made when the first part of it is not known. means: how many runs of
    the batch those for means are worth, which the first batch makes for all."""

    def __init__(
        self, batch: Batch, replacement: EditKind, cancelled: Callable[[], bool] | None, means: float = 0.0
    ) -> None:
        self._batch = batch
        self._means = means
        self._replacement = replacement
        self._cancelled = cancelled

    def of(self, circuits: Sequence[Circuit]) -> list[Row]:
        """The whole model's row, and that of each circuit. Raises Cancelled."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        prepared, means = (0.0, 0.0) if self._made else (PREPARED, self._means)
        total = prepared + means + max(len(circuits), 1)
        with stage(0.0, prepared / total):
            session, answers = self._session
        with stage(prepared / total, (prepared + means) / total):
            for each in session.towers or (session,):
                ablation(self._replacement).prepare(each.engine.references, self._cancelled)
        with stage((prepared + means) / total, 1.0):
            results = session.run_circuits(circuits, self._replacement, self._cancelled)
        return [_row(result, answers) for result in (session.clean, *results)]

    @property
    def _made(self) -> bool:
        return "_session" in self.__dict__

    @cached_property
    def _session(self) -> tuple[Session, Tensor]:
        """The session, and the right answer of each of its rows."""
        session = self._batch.session()
        target, clean = session.metric.target, session.clean.answer
        return session, torch.tensor(target, device=clean.device) if target else clean.argmax(dim=-1)


def _row(result: Result, answers: Tensor) -> Row:
    return _numbers(result.metric), (result.answer.argmax(dim=-1) == answers).cpu().numpy()


def _numbers(metric: Tensor) -> Floats:
    numbers: Floats = metric.detach().cpu().double().numpy()
    return numbers
