"""What edits put in place of a node's output, or add to it: its value in B, its mean, another input's, noise.

Runs over B and over all positions are made when first needed and kept. The mean of a node is taken position by position
over the population (padding left out), or, with one input or on request, over all positions.
"""

from __future__ import annotations

import zlib

import torch
from torch import Tensor

from core.engine.population import Population, Runs
from core.engine.state import RunState, stream_before
from core.errors import EditError
from core.graph import Node, Reader
from core.models.adapter import Adapter


class References:
    """Replacement values for one pair.

    own: the session's inputs. population: those that means and resampling draw from.
    mean_over_positions: one mean for all positions instead of one a position.
    """

    def __init__(
        self, adapter: Adapter, runs: Runs, own: Population, population: Population, mean_over_positions: bool
    ) -> None:
        self._adapter = adapter
        self._runs = runs
        self._own = own
        self._population = population
        self._over_positions = mean_over_positions
        self._means: dict[str, Tensor] = {}
        self._biases: dict[int, Tensor] = {}
        self._donors: dict[int, list[int]] = {}

    @property
    def _length(self) -> int:
        return self._own.state.embedding.shape[1]

    # ---- B ----

    def patch_value(self, node: Node, reads: Tensor | None) -> Tensor:
        """What a node writes in B: [batch, position or n, width]. Raises EditError without a B."""
        return self._b(reads).out(self._adapter, node)

    def patch_stream(self, reader: Reader, reads: Tensor | None) -> Tensor:
        """The stream before a reader in B."""
        return stream_before(self._b(reads), reader, self._adapter.shape.parallel)

    def _b(self, reads: Tensor | None) -> RunState:
        state = self._runs.counterfactual(full=reads is None)
        if state is None:
            raise EditError(
                "There is no counterfactual input to patch from.",
                "Give an input B, or use the edit zero or mean.",
            )
        return state

    # ---- other inputs ----

    def mean_value(self, node: Node) -> Tensor:
        """The mean of what a node writes: [1, position or 1, width]. Raises EditError."""
        if node.name not in self._means:
            self._means[node.name] = self._mean(self._population.state.out(self._adapter, node))
        return self._means[node.name]

    def mean_stream(self, reader: Reader) -> Tensor:
        """The mean of the stream before a reader: [1, position or 1, width]. Raises EditError."""
        key = f"->{reader.kind}{reader.layer}"
        if key not in self._means:
            stream = stream_before(self._population.state, reader, self._adapter.shape.parallel)
            self._means[key] = self._mean(stream)
        return self._means[key]

    def _mean(self, x: Tensor) -> Tensor:
        return self._population.mean(x, self._length, self._over_positions)

    def resampled_value(self, node: Node, seed: int) -> Tensor:
        """What a node writes on other inputs: [batch, position, width]. Raises EditError where there are none."""
        donors = self._donors_of(seed)
        return self._population.state.out(self._adapter, node, donors)[:, : self._length]

    def resampled_stream(self, reader: Reader, seed: int) -> Tensor:
        """The stream before a reader on other inputs."""
        donors = self._donors_of(seed)
        return stream_before(self._population.state, reader, self._adapter.shape.parallel)[donors, : self._length]

    def _donors_of(self, seed: int) -> list[int]:
        if seed not in self._donors:
            self._donors[seed] = self._population.donors(self._own.inputs, self._own.lengths, seed)
        return self._donors[seed]

    # ---- noise ----

    def noise(self, target: Node | Reader, seed: int) -> Tensor:
        """Standard normal numbers times the root mean square, in the clean run and over each row's real positions, of
        what a node writes or of the stream before a reader: [batch, position, width].

        The numbers are those of PyTorch's generator on the CPU, in fp64, seeded with the CRC-32 of "seed name".
        """
        state = self._own.state
        if isinstance(target, Node):
            x, name = state.out(self._adapter, target), target.name
        else:
            x, name = stream_before(state, target, self._adapter.shape.parallel), f"->{target.name}"
        generator = torch.Generator().manual_seed(zlib.crc32(f"{seed} {name}".encode()))
        drawn = torch.randn(x.shape, generator=generator, dtype=torch.float64).to(x.dtype).to(x.device)
        lengths = torch.tensor(self._own.lengths, device=x.device)
        real = (torch.arange(x.shape[1], device=x.device) < lengths[:, None])[:, :, None]
        total = torch.where(real, x, 0).square().sum(dim=(1, 2))
        return drawn * (total / (lengths * x.shape[2])).sqrt()[:, None, None]

    # ---- biases ----

    def bias_before(self, reader: Reader) -> Tensor:
        """The sum of all b_O that the stream holds before a reader: [width]."""
        shape = self._adapter.shape
        layers = shape.layers if reader.kind == "logits" else reader.layer
        if reader.kind == "mlp" and not shape.parallel:
            layers += 1
        if layers not in self._biases:
            total = torch.zeros(shape.width, dtype=self._adapter.dtype, device=self._adapter.device)
            for weights in self._adapter.attention[:layers]:
                if weights.b_o is not None:
                    total = total + weights.b_o
            self._biases[layers] = total
        return self._biases[layers]
