"""How far, and in which direction, a model's heads attend, and how many of them attend by position alone.

Named places are those that stand for no word and no patch of their own: the first token (Xiao et al. 2023, "Efficient
Streaming Language Models with Attention Sinks"), or CLS and registers (Darcet et al. 2023, "Vision Transformers Need
Registers"). All other positions are ordinary. Of each input, with A the attention [query, key] of a head:

    named      the mean over ordinary queries of the weight on named places
    distance   sum of A d / sum of A over ordinary queries and keys; d in tokens over (tokens - 1), or between the
               middles of patches over the diagonal of the grid (Raghu et al. 2021, "Do Vision Transformers See Like
               Convolutional Neural Networks?", take the mean distance in pixels)
    itself, earlier, later, row, column
               shares of that sum of A: on the query itself, on keys before and after it in the order of positions (of
               patches row by row), on other patches of its row and of its column
    even       the same of even attention over the keys that the query may read, which is the yardstick

A head is positional where its mean pattern M over other inputs explains at least half of how its attention departs from
even attention U (the inputs in two halves, each explained by the mean of the other):

    explained = 1 - sum |A - M|^2 / sum |A - U|^2

The control is the same with the keys of each query of M shuffled. A head that is even everywhere departs in nothing,
and is counted as no positional one. Inputs are aligned from their first position on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from core.engine.population import Population
from core.engine.state import RunState
from core.errors import InputError
from core.inputs.pair import Dataset, Pair
from core.models.model import Model
from core.progress import stage
from core.steering import population_of
from core.studies.estimate import Estimate, Floats, Rows, estimate, mean_of

POSITIONAL = 0.5  # of how attention departs from even attention
FEWEST = 4  # inputs: two in each half


@dataclass(frozen=True, eq=False)
class Attention:
    """[inputs, heads], the heads layer by layer; even_distance, even_row and even_column [inputs]. not_explained,
    not_shuffled and departs: the sums of squares whose ratios the two explained shares are made of."""

    named: Floats
    distance: Floats
    itself: Floats
    earlier: Floats
    later: Floats
    row: Floats
    column: Floats
    even_distance: Floats
    even_row: Floats
    even_column: Floats
    not_explained: Floats
    not_shuffled: Floats
    departs: Floats

    @property
    def inputs(self) -> int:
        return len(self.named)

    def mean(self, name: str) -> Estimate:
        """The mean over heads of one of the fields, over inputs."""
        values: Floats = getattr(self, name)
        with np.errstate(invalid="ignore"):
            return mean_of(values if values.ndim == 1 else values.mean(axis=1))

    def over_even(self) -> Estimate:
        """The mean distance over that of even attention."""
        ratio = self.distance.mean(axis=1), self.even_distance
        return estimate(lambda rows: float(ratio[0][rows].mean() / ratio[1][rows].mean()), self.inputs)

    def explained(self, rows: Rows | None = None, shuffled: bool = False) -> Floats:
        """What the mean pattern explains of each head, [heads]; NaN of one that is even everywhere."""
        some = slice(None) if rows is None else rows
        left, all_of_it = (self.not_shuffled if shuffled else self.not_explained)[some], self.departs[some]
        total = all_of_it.sum(axis=0)
        none = np.full(len(total), np.nan)
        explained: Floats = 1 - np.divide(left.sum(axis=0), total, out=none, where=total > 1e-6 * len(all_of_it))
        return explained

    def positional(self, shuffled: bool = False) -> Estimate:
        """The share of heads that are positional."""
        return estimate(lambda rows: float((self.explained(rows, shuffled) >= POSITIONAL).mean()), self.inputs)

    def positional_named(self) -> Estimate:
        """The share of heads that are positional and read named places more than all others together."""

        def share(rows: Rows) -> float:
            of_named = self.named[rows].mean(axis=0) > 0.5
            return float(((self.explained(rows) >= POSITIONAL) & of_named).mean())

        return estimate(share, self.inputs)


def attention_of(model: Model, pairs: Sequence[Pair], seed: int = 0) -> Attention:
    """The attention of all heads on the A of pairs. Raises InputError for fewer than four, for inputs of a single
    ordinary position, and for pictures of different sizes."""
    if len(pairs) < FEWEST:
        raise InputError(f"{len(pairs)} inputs are too few to tell position from content.", f"Take {FEWEST} or more.")
    population = population_of(model, Dataset(pairs))
    grids = {pair.grid for pair in pairs}
    if len(grids) > 1:
        raise InputError("The pictures have different sizes for the model.", "Crop them to one size.")
    lengths, causal = population.lengths, model.adapter.shape.causal
    places = {length: Places.of(length, causal, pairs[0].grid, pairs[0].prefix) for length in set(lengths)}
    if min(place.ordinary.sum() for place in places.values()) < 2:
        raise InputError("An input is too short: there is nothing to attend to.", "Give longer ones.")
    longest, halves = max(lengths), np.arange(len(lengths)) % 2
    with stage(0.0, 0.5):
        means = _means(model, population, halves, longest)
    rng = np.random.default_rng(seed)
    made: list[dict[str, Floats]] = [{} for _ in lengths]
    with stage(0.5, 1.0):
        for row, layer, weights in _patterns(model, population):
            n = lengths[row]
            mean = means[1 - halves[row]][layer][:, :n, :n]
            of_layer = places[n].measure(weights) | places[n].explain(weights, mean, rng)
            for name, values in of_layer.items():
                before = made[row].get(name)
                joined = values if before is None or values.ndim == 0 else np.concatenate([before, values])
                made[row][name] = joined
    return Attention(*(np.stack([each[field.name] for each in made]) for field in fields(Attention)))


def _means(model: Model, population: Population, halves: NDArray[np.int64], longest: int) -> list[list[Floats]]:
    """The mean patterns of the two halves, of each layer [heads, query, key]; NaN at queries that fewer than two inputs
    of a half have."""
    layers, heads = model.graph.layers, model.graph.heads
    sums = [[np.zeros((heads, longest, longest)) for _ in range(layers)] for _ in range(2)]
    counts = np.zeros((2, longest))
    for row, layer, weights in _patterns(model, population):
        n = weights.shape[1]
        sums[halves[row]][layer][:, :n, :n] += weights
        if layer == 0:
            counts[halves[row], :n] += 1
    for half in range(2):
        known = np.where(counts[half] >= 2, counts[half], np.nan)
        for layer in range(layers):
            sums[half][layer] /= known[None, :, None]
    return sums


def _patterns(model: Model, population: Population) -> Iterator[tuple[int, int, Floats]]:
    """The number of an input, a layer, and the attention of its heads there, [heads, query, key]."""
    done = 0
    for rows, state in population.runs():
        with stage(done / len(population.lengths), (done + len(rows)) / len(population.lengths)):
            for layer in range(model.graph.layers):
                weights = _of_layer(model, state, layer)
                for number, row in enumerate(rows):
                    n = population.lengths[row]
                    yield row, layer, weights[:, number, :n, :n]
        done += len(rows)


def _of_layer(model: Model, state: RunState, layer: int) -> Floats:
    """[heads, row, query, key]"""
    heads = range(model.graph.heads)
    return np.stack([state.pattern(model.adapter, layer, head).detach().cpu().double().numpy() for head in heads])


@dataclass(frozen=True, eq=False)
class Places:
    """Where the positions of an input stand. ordinary: [position]. distance: [query, key], as a share of the most that
    is possible. row, column: whether two patches share it, [query, key]. even: even attention, [query, key]."""

    ordinary: NDArray[np.bool_]
    distance: Floats
    row: NDArray[np.bool_]
    column: NDArray[np.bool_]
    even: Floats

    @classmethod
    def of(cls, length: int, causal: bool, grid: tuple[int, int] | None, prefix: int) -> Places:
        number = np.arange(length)
        if grid is None:
            prefix = 1
            distance = np.abs(number[:, None] - number[None, :]) / max(length - 1, 1)
            row = column = np.zeros((length, length), dtype=bool)
        else:
            y, x = np.divmod(np.maximum(number - prefix, 0), grid[1])
            apart = np.hypot(y[:, None] - y[None, :], x[:, None] - x[None, :])
            distance = apart / max(float(np.hypot(grid[0] - 1, grid[1] - 1)), 1.0)
            row, column = (line[:, None] == line[None, :] for line in (y, x))
            row, column = row & ~np.eye(length, dtype=bool), column & ~np.eye(length, dtype=bool)
        may = np.tril(np.ones((length, length))) if causal else np.ones((length, length))
        return cls(number >= prefix, distance, row, column, may / may.sum(axis=1, keepdims=True))

    def measure(self, weights: Floats) -> dict[str, Floats]:
        """weights: [heads, query, key]. What `Attention` has of them, [heads], and of even attention, a number each."""
        return {**_measured(self, weights), **{f"even_{name}": value[0] for name, value in self._of_even.items()}}

    @property
    def _of_even(self) -> dict[str, Floats]:
        measured = _measured(self, self.even[None])
        return {name: measured[name] for name in ("distance", "row", "column")}

    def explain(self, weights: Floats, mean: Floats, rng: np.random.Generator) -> dict[str, Floats]:
        """What a mean pattern leaves of the departures from even attention, [heads], over the queries that it has."""
        known = ~np.isnan(mean[0, :, 0])
        weights, mean, even = weights[:, known], mean[:, known], self.even[known]
        order = np.argsort(np.where(even > 0, rng.random(even.shape), 2.0), axis=1)  # allowed keys come first
        shuffled = np.take_along_axis(mean, np.broadcast_to(order, mean.shape), axis=2)
        return {
            "not_explained": _squares(weights - mean),
            "not_shuffled": _squares(weights - shuffled),
            "departs": _squares(weights - even),
        }


def _squares(values: Floats) -> Floats:
    sums: Floats = np.square(values).sum(axis=(1, 2))
    return sums


def _measured(places: Places, weights: Floats) -> dict[str, Floats]:
    ordinary = places.ordinary
    of_ordinary = weights[:, ordinary]
    w = of_ordinary[:, :, ordinary]
    total = w.sum(axis=(1, 2))
    count = w.shape[1]

    def share(of_each: Floats | NDArray[np.bool_]) -> Floats:
        part = (w * of_each).sum(axis=(1, 2))
        divided: Floats = np.divide(part, total, out=np.full(len(part), np.nan), where=total > 0)
        return divided

    def among(table: Floats | NDArray[np.bool_]) -> Floats | NDArray[np.bool_]:
        return table[np.ix_(ordinary, ordinary)]

    every = np.ones((count, count), dtype=bool)
    return {
        "named": of_ordinary[:, :, ~ordinary].sum(axis=2).mean(axis=1),
        "distance": share(among(places.distance)),
        "itself": share(np.eye(count, dtype=bool)),
        "earlier": share(np.tril(every, -1)),
        "later": share(np.triu(every, 1)),
        "row": share(among(places.row)),
        "column": share(among(places.column)),
    }
