"""What the engine's tests stand on: a session and an oracle over the same small model, and random edits."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import wirescope as ws
from core.edits import EDIT_KINDS, Edit
from core.graph import Graph
from core.inputs.pair import Dataset, Pair
from tests.oracle import Oracle
from tests.small_models import ALL, POSITIONS, TEXT, small_input, small_model

TOLERANCE = 1e-9
WIDTH = 16  # of the small models' streams
ROLES = ([], [], ["head"], ["tail", "head"])  # to mix with numbers

torch.set_num_threads(1)


@dataclass(frozen=True)
class Case:
    """One model and one pair (or batch of pairs), for both sides."""

    family: str
    module: nn.Module
    model: ws.Model
    pair: Pair
    oracle: Oracle
    lengths: tuple[int, ...] | None
    dataset: Dataset | None

    def session(self, mean_over_positions: bool | None = None) -> ws.Session:
        """A session that nothing has run in yet."""
        return ws.Session(self.model, self.pair, mean_over_positions=mean_over_positions, dataset=self.dataset)

    def answer(self, output: Tensor) -> Tensor:
        """The oracle's output where a metric reads it: the last real position of each row, or the whole of it."""
        if output.ndim == 2:
            return output
        rows = range(output.shape[0])
        return torch.stack([output[row, (self.lengths or [0] * len(rows))[row] - 1] for row in rows])

    def real(self, output: Tensor) -> Tensor:
        """An output without its padded positions."""
        if output.ndim == 2 or self.lengths is None:
            return output
        return torch.cat([output[row, :length] for row, length in enumerate(self.lengths)])


@cache
def case(family: str, batch: int = 1, lengths: tuple[int, ...] | None = None, over: bool | None = None) -> Case:
    """The case of a family. lengths: of the rows of a text batch that is padded on the right.

    A batch of rows of one length is its own dataset; others, which could not resample from themselves, have one of four
    inputs, some of which are longer than theirs, and some shorter.
    """
    module = small_model(family)
    model = ws.load_model((module, None))
    a, b = small_input(family, 1, batch), small_input(family, 2, batch)
    if family in TEXT:
        b[:, :1] = a[:, :1]  # as in a prompt, A and B begin alike
    pair = model.pair(a, b)
    real = lengths or (pair.length,) * batch
    roles = {
        "head": [(0, 1 + row % 2) for row in range(batch)],
        "tail": [(n - 1 - row % 2, n) for row, n in enumerate(real)],
    }
    if lengths is not None:
        assert pair.counterfactual is not None
        pair = replace(
            pair,
            clean=replace(pair.clean, lengths=lengths),
            counterfactual=replace(pair.counterfactual, lengths=lengths),
        )
    dataset, others = None, None
    if batch == 1 or lengths is not None:
        sizes = (POSITIONS + 1, POSITIONS, 3, POSITIONS) if family in TEXT else (pair.length,) * 4
        inputs = small_input(family, 3, 4)
        if family in TEXT:
            inputs = torch.cat([inputs, inputs[:, :1]], dim=1)
            rows = [inputs[row : row + 1, :size] for row, size in enumerate(sizes)]
            inputs = torch.cat([F.pad(row, (0, POSITIONS + 1 - row.shape[1])) for row in rows])
        else:
            rows = [inputs[row : row + 1] for row in range(4)]
        dataset, others = Dataset([model.pair(row) for row in rows]), (inputs, sizes)
    oracle = Oracle(module, a, b, lengths, over, roles, others)
    return Case(family, module, model, pair.with_roles(roles), oracle, lengths, dataset)


def variant(family: str) -> bool:
    """Whether another family is the same with fewer options: `llama-grouped` beside `llama`."""
    return any(family.startswith(f"{other}-") for other in ALL)


def draws(family: str, many: int) -> int:
    """How many times something random is tried: variants share most of their code, so a third is enough of each."""
    return max(2, many // 3) if variant(family) else many


def random_targets(rng: random.Random, graph: Graph, count: int) -> list[str]:
    """Names of nodes, readers and edges. About half of them overlap with one before."""
    names: list[str] = []
    edge = graph.edge(rng.randrange(graph.n_edges))
    for _ in range(count):
        if rng.random() < 0.5:
            edge = graph.edge(rng.randrange(graph.n_edges))
        names.append(rng.choice([edge.writer.name, f"->{edge.reader.name}", edge.name, edge.name]))
    return names


def random_edit(rng: random.Random, name: str, length: int, kinds: Sequence[str] = EDIT_KINDS) -> Edit:
    """An edit of any kind, at all positions or some, of any strength. length: of the shortest row."""
    positions: list[int | str] | None = None
    if rng.random() < 0.5:
        positions = [*rng.sample(range(-length, length), rng.randint(1, length)), *rng.choice(ROLES)]
    kind = rng.choice([known for known in EDIT_KINDS if known in kinds])
    strength = rng.choice([1.0, 1.0, rng.random(), rng.random(), 0.0])
    value: float | list[float] | None = rng.uniform(-1, 2) if kind in ("scale", "noise") else None
    if kind == "steer":
        value = [rng.uniform(-1, 1) for _ in range(WIDTH)]
    if kind == "project":
        value = [rng.uniform(-1, 1) for _ in range(WIDTH)]
        oblique = [number + rng.uniform(-0.5, 0.5) for number in value]  # not at right angles
        value += rng.choice([[], [0.3], oblique, [*oblique, -0.2]])
    return Edit(name, kind, positions, value, strength, seed=rng.randrange(3))


def random_edits(rng: random.Random, graph: Graph, length: int) -> list[Edit]:
    """One to six edits, some of them of overlapping targets."""
    return [random_edit(rng, name, length) for name in random_targets(rng, graph, rng.choice([1, 1, 2, 3, 4, 6]))]
