"""What edits put in place of a node's output, or add to it: its value in B, its mean, another input's, noise.

Runs over B and over all positions are made when first needed and kept. The mean of a node is taken over the population,
padding left out: over the positions that correspond (`alignment.py`), or, with one input or on request, over all.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable
from functools import cached_property
from typing import Protocol, Self

import torch
from torch import Tensor

from core.engine.population import Means, Population, at_columns
from core.engine.state import RunState, stream_before
from core.errors import EditError
from core.graph import Node, Reader
from core.models.adapter import Adapter
from core.positions import Extent

DRAWN = 4  # seeds whose runs over other inputs are kept


class Runs(Protocol):
    """Where reference runs come from."""

    def clean(self, full: bool) -> RunState: ...

    def counterfactual(self, full: bool) -> RunState | None: ...


class References:
    """Replacement values for one pair.

    inputs: the session's own, [batch, position] or pixels. extent: which of their positions are real, and their roles.
    population: the inputs that means and resampling draw from. mean_over_positions: one mean for all positions instead
    of one a position. among: the number of the first row, and of all rows, of the batch that is drawn for.
    """

    def __init__(
        self,
        adapter: Adapter,
        runs: Runs,
        inputs: Tensor,
        extent: Extent,
        population: Population,
        mean_over_positions: bool,
        among: tuple[int, int],
    ) -> None:
        self.adapter = adapter
        self._runs = runs
        self._inputs = inputs
        self._lengths = extent.lengths
        self._extent = extent
        self.population = population
        self.over_positions = mean_over_positions
        self._among = among
        self._biases: dict[int, Tensor] = {}
        self._donors: dict[int, RunState] = {}
        self._row: int | None = None

    @property
    def _length(self) -> int:
        return self._extent.length

    @cached_property
    def _places(self) -> Tensor:
        """Where the means of each position are: see `Alignment.places`. Raises EditError."""
        if self.over_positions:
            return torch.zeros(1, 1, dtype=torch.long, device=self.adapter.device)
        extent = self._extent
        return self.population.alignment.places(extent.lengths, extent.roles, extent.length).to(self.adapter.device)

    # ---- one row of the batch, for runs whose batch is something else: a scan's edits ----

    def of_row(self, row: int) -> Self:
        """The same, of which `rows` gives one row alone."""
        references = copy.copy(self)
        references._row = row
        return references

    def rows(self, x: Tensor) -> Tensor:
        """Of a value [batch or 1, ...], what the rows of the run put in."""
        return x if self._row is None or x.shape[0] == 1 else x[self._row : self._row + 1]

    # ---- B ----

    def patch_value(self, node: Node, full: bool = True) -> Tensor:
        """What a node writes in B: [batch, position or n, width]. Raises EditError without a B."""
        return self.counterfactual(full).out(self.adapter, node)

    def patch_stream(self, reader: Reader, full: bool = True) -> Tensor:
        """The stream before a reader in B."""
        return stream_before(self.counterfactual(full), reader, self.adapter.shape.parallel)

    def counterfactual(self, full: bool = True) -> RunState:
        """The run over B. Raises EditError without a B."""
        state = self._runs.counterfactual(full)
        if state is None:
            raise EditError(
                "There is no counterfactual input to patch from.",
                "Give an input B, or use the edit zero or mean.",
            )
        return state

    # ---- other inputs ----

    def means(self, cancelled: Callable[[], bool] | None = None) -> Means:
        """All means; the population runs when they are asked for the first time. Raises EditError where the positions
        of these inputs have none, Cancelled."""
        _ = self._places
        return self.population.means(self.over_positions, cancelled)

    def mean_value(self, node: Node) -> Tensor:
        """The mean of what a node writes: [batch or 1, position or 1, width]. Raises EditError."""
        return self.means().of_node(self.adapter, node, self._places)

    def mean_stream(self, reader: Reader) -> Tensor:
        """The mean of the stream before a reader: [batch or 1, position or 1, width]. Raises EditError."""
        return self.means().before(reader, self._places)

    def mean_of(
        self, name: str, make: Callable[[RunState], Tensor], cancelled: Callable[[], bool] | None = None
    ) -> Tensor:
        """The mean of something else that runs make, [batch, position, size]: [batch or 1, position or 1, size]. name:
        by which it is kept. Raises EditError, Cancelled."""
        places = self._places
        return at_columns(self.population.mean_of(name, make, self.over_positions, cancelled), places)

    def resampled_value(self, node: Node, seed: int) -> Tensor:
        """What a node writes on other inputs: [batch, position, width]. Raises EditError where there are none."""
        return self._donors_of(seed).out(self.adapter, node)[:, : self._length]

    def resampled_stream(self, reader: Reader, seed: int) -> Tensor:
        """The stream before a reader on other inputs."""
        return stream_before(self._donors_of(seed), reader, self.adapter.shape.parallel)[:, : self._length]

    def _donors_of(self, seed: int) -> RunState:
        """The run over the inputs that a seed draws, one for each row."""
        if seed not in self._donors:
            rows = self.population.donors(self._inputs, self._lengths, seed, self._among[0])
            if len(self._donors) == DRAWN:
                self._donors.clear()
            self._donors[seed] = self.population.run(rows)
        return self._donors[seed]

    # ---- noise ----

    def noise(self, target: Node | Reader, seed: int) -> Tensor:
        """Standard normal numbers times the root mean square, in the clean run and over each row's real positions, of
        what a node writes or of the stream before a reader: [batch, position, width].

        The numbers are those of PyTorch's generator on the CPU, in fp64, seeded with the CRC-32 of "seed name".
        """
        if isinstance(target, Node):
            return self.noise_of(self._runs.clean(full=True).out(self.adapter, target), target.name, seed)
        return self.noise_of(self.clean_stream(target), f"->{target.name}", seed)

    def clean(self, full: bool = True) -> RunState:
        """The run without edits."""
        return self._runs.clean(full)

    def clean_stream(self, reader: Reader) -> Tensor:
        """The stream before a reader in the clean run: [batch, position, width]."""
        return stream_before(self._runs.clean(full=True), reader, self.adapter.shape.parallel)

    def noise_of(self, x: Tensor, name: str, seed: int) -> Tensor:
        """The same of anything that the clean run makes, [batch, position, size]."""
        generator = torch.Generator("cpu").manual_seed(zlib.crc32(f"{seed} {name}".encode()))
        first, rows = self._among
        size = (rows, *x.shape[1:])
        drawn = torch.randn(size, generator=generator, dtype=torch.float64, device="cpu")[first : first + len(x)]
        drawn = drawn.to(x.dtype).to(x.device)
        lengths = torch.tensor(self._lengths, device=x.device)
        real = (torch.arange(x.shape[1], device=x.device) < lengths[:, None])[:, :, None]
        total = torch.where(real, x, 0).square().sum(dim=(1, 2))
        return drawn * (total / (lengths * x.shape[2])).sqrt()[:, None, None]

    # ---- biases ----

    def bias_before(self, reader: Reader) -> Tensor:
        """The sum of all b_O that the stream holds before a reader: [width]."""
        layers = biases_before(self.adapter, reader)
        if layers not in self._biases:
            self._biases[layers] = bias_before(self.adapter, reader)
        return self._biases[layers]


def biases_before(adapter: Adapter, reader: Reader) -> int:
    """The b_O of how many layers the stream holds before a reader."""
    if reader.kind == "logits":
        return adapter.shape.layers
    return reader.layer + (reader.kind == "mlp" and not adapter.shape.parallel)


def bias_before(adapter: Adapter, reader: Reader) -> Tensor:
    """The sum of all b_O that the stream holds before a reader: [width]."""
    total = torch.zeros(adapter.shape.width, dtype=adapter.dtype, device=adapter.device)
    for weights in adapter.attention[: biases_before(adapter, reader)]:
        if weights.b_o is not None:
            total = total + weights.b_o
    return total
