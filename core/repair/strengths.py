"""What strengths are learned of: edges, nodes, or nodes at positions; and how a run and its edits take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from core.edits import Edit, EditKind
from core.engine.circuit_gradients import CircuitGradients
from core.graph import Graph

Level = Literal["edges", "nodes", "positions"]
LEAST = 0.02  # strength of a cut


@dataclass(frozen=True)
class Strengths:
    """positions: how many there are, counted from the start, of the level `positions`. The input is no node to cut
    everywhere. Strengths are one row of numbers, 0 to 1, in fp64 on the CPU: [edge], [writer] or [writer x
    position]."""

    graph: Graph
    level: Level
    positions: int = 0

    @property
    def count(self) -> int:
        if self.level == "edges":
            return self.graph.n_edges
        return self.graph.n_writers * (self.positions if self.level == "positions" else 1)

    def within(self, strengths: Tensor) -> Tensor:
        """Strengths that there may be."""
        strengths = strengths.clamp(0.0, 1.0)
        if self.level == "nodes":
            strengths[0] = 0.0
        return strengths

    def shares(self, strengths: Tensor) -> Tensor:
        """What each edge carries of its own: [readers, writers]."""
        shares = torch.zeros(len(self.graph.readers), self.graph.n_writers, dtype=torch.float64, device="cpu")
        readers, writers = self._places
        shares[readers, writers] = 1.0 - strengths if self.level == "edges" else 1.0
        return shares

    def at_positions(self, strengths: Tensor, length: int) -> Tensor | None:
        """What each node writes of its own at each of so many positions: [writers, length]."""
        if self.level == "edges":
            return None
        kept = torch.ones(self.graph.n_writers, length, dtype=torch.float64, device="cpu")
        if self.level == "nodes":
            return kept - strengths[:, None]
        kept[:, : self.positions] -= strengths.view(-1, self.positions)[:, :length]
        return kept

    def slopes(self, run: CircuitGradients) -> Tensor:
        """The gradient of the run's metric, summed, by each strength."""
        if self.level == "edges":
            readers, writers = self._places
            return -run.by_share.cpu().double()[readers, writers]
        by_position = -run.by_position.cpu().double()
        if self.level == "nodes":
            return by_position.sum(dim=1)
        slopes = torch.zeros(self.graph.n_writers, self.positions, dtype=torch.float64, device="cpu")
        length = min(self.positions, by_position.shape[1])
        slopes[:, :length] = by_position[:, :length]
        return slopes.flatten()

    def edits(self, strengths: Tensor, kind: EditKind) -> list[Edit]:
        """Of those that are cuts at all."""
        return [
            self._edit(number, kind, round(strength, 2))
            for number, strength in enumerate(strengths.tolist())
            if strength >= LEAST
        ]

    def _edit(self, number: int, kind: EditKind, strength: float) -> Edit:
        if self.level == "edges":
            return Edit(self.graph.edges[number], kind, strength=strength)
        if self.level == "nodes":
            return Edit(self.graph.writers[number], kind, strength=strength)
        writer, position = divmod(number, self.positions)
        return Edit(self.graph.writers[writer], kind, positions=(position,), strength=strength)

    @property
    def _places(self) -> tuple[Tensor, Tensor]:
        readers, writers = self.graph.edge_readers, self.graph.edge_writers
        return tuple(torch.as_tensor(some, dtype=torch.long, device="cpu") for some in (readers, writers))  # type: ignore[return-value]
