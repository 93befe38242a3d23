"""Optimal ablation (Li and Janson 2024, "Optimal ablation for interpretability"): a constant for every writer, the same
at all positions and on all inputs, learned to be the least damaging.

Steps:
1. Begin with every writer's mean over the clean inputs.
2. Draw a share from 0 to 1 and keep each edge with that chance; all others carry their writer's constant. Run that
   circuit on some of the inputs, and take the gradient of the divergence of the output from A's (KL in nats; without a
   head 1 - cosine) by every constant: sum over the readers of (1 - share of the edge) . gradient at the reader.
3. Change the constants by it (Adam; a step is a share of what the writer varies by), UPDATES times, the later the less.
   What is learned is the mean over the second half of the updates.
4. On circuits that were drawn apart, compare with the means of step 1, and take these where they do less damage.

The paper learns constants for one circuit, or with the circuit (uniform gradient sampling); these are for circuits of
all sizes, so that one set serves a whole curve. They depend on the inputs and the model alone: all that is drawn is
drawn by a fixed seed, and a metric plays no part. They are learned when they are first asked for, once for all sessions
that share a population, and after a cancel they go on from where they were.

Cost: UPDATES forwards and backwards twice over, of POSITIONS positions at most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core import progress
from core.engine.replacement import Ablation, Cancelled
from core.errors import EditError
from core.graph import Node, Reader
from core.precision import wide_dtype, widened

if TYPE_CHECKING:
    from core.engine.engine import Engine
    from core.engine.population import Population
    from core.engine.references import References
    from core.models.adapter import Adapter

KIND = "optimal"
SEED = 0
UPDATES = 150
POSITIONS = 128  # of the inputs of an update together, about
RATE = 0.1  # of Adam, in what a writer varies by
TRIED = 8  # circuits of step 4
RUNS = 5.0  # forward runs that an update is worth


class Optimal(Ablation):
    name = KIND

    def prepare(self, references: References, cancelled: Cancelled = None) -> None:
        constants_of(references, cancelled)

    def runs(self, rows: int) -> float:
        return RUNS * (UPDATES + 2 * TRIED) * min(rows, 8)

    def constants(self, references: References) -> NDArray[np.float32]:
        values: NDArray[np.float32] = constants_of(references).float().cpu().numpy()
        return values

    def out(self, references: References, node: Node, full: bool = True) -> Tensor:
        number = references.adapter.graph.writer_index(node)
        return constants_of(references)[number][None, None]

    def before(self, references: References, reader: Reader, full: bool = True) -> Tensor:
        before = references.adapter.graph.writers_before(reader)
        total: Tensor = widened(constants_of(references)[:before]).sum(dim=0)
        return (references.bias_before(reader) + total).to(references.adapter.dtype)[None, None]


@dataclass
class Constants:
    """values: [writers, width], in the model's precision."""

    values: Tensor


def constants_of(references: References, cancelled: Cancelled = None) -> Tensor:
    """Those of a session's inputs, [writers, width]; learned if they are not known. Raises Cancelled."""
    learned, adapter = references.population.learned, references.adapter
    constants = learned.get(KIND)
    if not isinstance(constants, Constants):
        learning = constants if isinstance(constants, Learning) else Learning(references.population.lengths, adapter)
        learned[KIND] = learning
        constants = learned[KIND] = Constants(learning.run(references.population, cancelled).to(adapter.dtype))
    return constants.values


def give_constants(population: Population, adapter: Adapter, values: NDArray[np.float32]) -> None:
    """Take constants that were learned before, [writers, width], for all sessions that share a population. Raises
    EditError for those of another model."""
    if values.shape != (adapter.graph.n_writers, adapter.shape.width):
        raise EditError(
            f"The constants are of {values.shape[0]} writers and {values.shape[1]} wide, and this model has "
            f"{adapter.graph.n_writers} and is {adapter.shape.width} wide.",
            "Trace this model again with --ablation optimal.",
        )
    given = torch.from_numpy(np.ascontiguousarray(values)).to(adapter.device).to(adapter.dtype)
    population.learned[KIND] = Constants(given)


class Learning:
    """Constants as far as they are learned: means + what a writer varies by [writers, 1] * steps [writers, width]."""

    def __init__(self, lengths: Sequence[int], adapter: Adapter) -> None:
        self._lengths, self._adapter, self._graph = lengths, adapter, adapter.graph
        self._inputs: Sequence[Tensor] = ()
        self._engine: tuple[tuple[int, ...], Engine] | None = None  # of some rows
        self._means: Tensor | None = None
        self._updates = 0

    def run(self, population: Population, cancelled: Cancelled) -> Tensor:
        """Go on to the end: [writers, width]. Raises Cancelled; what was learned by then stays."""
        self._inputs = population.inputs
        total = UPDATES + 1
        with torch.no_grad():
            if self._means is None:
                self._begin(population, cancelled)
            while self._updates < UPDATES:
                with progress.stage(self._updates / total, (self._updates + 1) / total):
                    self._update(cancelled)
            with progress.stage(UPDATES / total, 1.0):
                return self._better(cancelled)

    def _begin(self, population: Population, cancelled: Cancelled) -> None:
        """Step 1."""
        nowhere = torch.zeros(1, 1, dtype=torch.long, device=self._adapter.device)
        means = population.means(True, cancelled)
        of_writers = [means.of_node(self._adapter, node, nowhere)[0, 0] for node in self._graph.writers]
        self._means = torch.stack([widened(mean) for mean in of_writers])
        engine = self._engine_of(0)
        lengths = torch.tensor(engine.extent.lengths, device=self._adapter.device)
        real = torch.arange(engine.length, device=self._adapter.device) < lengths[:, None]
        state = engine.clean(full=True)
        spreads = [
            (widened(state.out(self._adapter, node))[real] - mean).square().mean().sqrt()
            for node, mean in zip(self._graph.writers, self._means, strict=True)
        ]
        self._spread = torch.stack(spreads)[:, None]
        self._steps = torch.zeros_like(self._means, requires_grad=True)
        self._sum = torch.zeros_like(self._means)
        self._adam = torch.optim.Adam([self._steps], lr=RATE)

    @property
    def _present(self) -> Tensor:
        assert self._means is not None
        return self._means + self._spread * self._steps.detach()

    def _update(self, cancelled: Cancelled) -> None:
        """Steps 2 and 3."""
        half = UPDATES // 2
        _, slopes = self._damage(self._updates, self._present, cancelled)
        for group in self._adam.param_groups:
            group["lr"] = RATE * min(1.0, (UPDATES - self._updates) / half)
        self._steps.grad = slopes * self._spread
        self._adam.step()
        self._updates += 1
        if self._updates > UPDATES - half:
            self._sum += self._present / half

    def _better(self, cancelled: Cancelled) -> Tensor:
        """Step 4."""
        assert self._means is not None
        damages = []
        for values in (self._sum, self._means):
            tried = [self._damage(UPDATES + number, values, cancelled)[0] for number in range(TRIED)]
            damages.append(sum(tried))
        return self._sum if damages[0] <= damages[1] else self._means

    def _damage(self, draw: int, values: Tensor, cancelled: Cancelled) -> tuple[float, Tensor]:
        """The mean divergence of a circuit that is drawn, and its gradient by every constant [writers, width]."""
        from core.engine.circuit_gradients import CircuitGradients

        graph, engine = self._graph, self._engine_of(draw)
        rng = np.random.default_rng([SEED, draw])
        kept = rng.random(graph.n_edges) < rng.random()
        shares = torch.zeros(len(graph.readers), graph.n_writers, dtype=wide_dtype(self._adapter.dtype), device="cpu")
        shares[graph.edge_readers, graph.edge_writers] = torch.from_numpy(kept).to(shares.dtype)
        engine.population.learned[KIND] = Constants(values.to(self._adapter.dtype))
        run = CircuitGradients(engine, shares, KIND, self._divergence(engine), 0, cancelled)
        return float(run.metric.sum()) / engine.batch, widened(run.by_reference) / engine.batch

    def _divergence(self, engine: Engine) -> Callable[[Tensor], Tensor]:
        from core.engine.divergence import divergence_of_stream
        from core.engine.state import at_last

        return divergence_of_stream(at_last(engine.clean().output), self._adapter)

    def _engine_of(self, draw: int) -> Engine:
        """Of some of the inputs, of one shape, drawn anew for each update."""
        from core.engine.engine import Engine

        inputs, lengths = self._inputs, self._lengths
        count = max(1, POSITIONS // max(lengths))
        order = np.random.default_rng([SEED, 1, draw]).permutation(len(inputs)).tolist()
        alike = [row for row in order if inputs[row].ndim == 1 or inputs[row].shape == inputs[order[0]].shape]
        rows = tuple(sorted(alike[:count]))
        if self._engine is None or self._engine[0] != rows:
            longest = max(lengths[row] for row in rows)
            text = inputs[rows[0]].ndim == 1
            stacked = torch.stack([inputs[row][:longest] if text else inputs[row] for row in rows])
            padded = text and len({lengths[row] for row in rows}) > 1
            self._engine = (
                rows,
                Engine(self._adapter, stacked, None, [lengths[row] for row in rows] if padded else None),
            )
        return self._engine[1]
