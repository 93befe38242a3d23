"""A dataset as sessions: pairs of one length go together, so that weights are fetched once for all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from core.engine.alignment import common_roles
from core.engine.sizes import gradient_bytes, state_bytes
from core.errors import InputError
from core.inputs.pair import Dataset, Pair, Side
from core.metrics import Answer, Metric, answers_of
from core.precision import HALF
from core.session import Session
from core.session_parts import parts_of
from core.tracing.costs import POSITIONS, batch_positions


@dataclass(frozen=True)
class Batch:
    """Some pairs of a dataset that run together. rows: their places among all rows of the dataset. make: makes their
    session."""

    rows: tuple[int, ...]
    make: Callable[[], Session]

    def session(self, prepared: bool = True) -> Session:
        """Their session. prepared: with the runs over A and B made."""
        session = self.make()
        if prepared:
            session.prepare()
        return session


def fitting_positions(session: Session, gradients: int = 0) -> int:
    """How many positions a batch may have, so that its runs fit into a session's memory: those over A and B and one
    more, or the graph of a gradient run and the gradients of so many."""
    many, adapter = 1024, session.model.adapter
    runs = state_bytes(adapter, many, many, many // session.pair.length)
    graph, kept = gradient_bytes(adapter, many)
    needed = 2 * runs + max(runs, graph + gradients * kept if gradients else 0)
    return max(1, int(session.memory * many // needed))


def own_batches(session: Session, gradients: int = 0) -> list[Batch]:
    """The session's own batch, or parts of it where it does not fit into its memory. gradients: that are held at once
    for each of its rows."""
    parts, batch = session.parts, session.pair.batch
    if gradients:
        rows = max(1, fitting_positions(session, gradients) // session.pair.length)
        if rows < (len(parts[0]) if parts else batch):
            parts = parts_of(batch, rows)
    if not parts:
        return [Batch(tuple(range(batch)), lambda: session)]
    return [Batch(tuple(rows), partial(session.part, rows)) for rows in parts]


def batches_over(session: Session, dataset: Dataset, positions: int = POSITIONS) -> list[Batch]:
    """A dataset's pairs in batches of one shape, with its answers where it has some, else with the session's metric; a
    default metric is bound anew, to what the model says to each pair. positions: that a batch holds at most, as far as
    its runs fit into the session's memory (one pair at least). Raises InputError where the session's metric has an
    answer for each of its own rows.

    Means are over the dataset that the session was given, or else over this one: never over a batch."""
    if _is_own(session, dataset):
        return own_batches(session)
    population = session.population_over(dataset)
    groups: dict[tuple[object, ...], list[int]] = {}
    first = np.cumsum([0, *(pair.batch for pair in dataset.pairs)])
    for number, pair in enumerate(dataset.pairs):
        groups.setdefault((tuple(pair.clean.tensor.shape[1:]), pair.counterfactual is None), []).append(number)

    def batch(numbers: list[int]) -> Batch:
        batch_pairs = [dataset.pairs[number] for number in numbers]

        def make() -> Session:
            return Session(
                session.model,
                joined(batch_pairs),
                _metric(session, dataset, numbers),
                mean_over_positions=session.mean_over_positions,
                memory_megabytes=session.memory / 2**20,
                parity=session.parity,
                population=population,
            )

        rows = (row for number in numbers for row in range(first[number], first[number + 1]))
        return Batch(tuple(rows), make)

    most = min(positions, fitting_positions(session))
    return [batch(numbers) for group in groups.values() for numbers in _cut(group, dataset, most)]


def _is_own(session: Session, dataset: Dataset) -> bool:
    """Whether a dataset is the session's own pair with its own answers, so that its runs over A and B serve: of a long
    prompt they are gigabytes, and seconds."""
    if session.parts or len(dataset.pairs) != 1 or dataset.pairs[0] is not session.pair:
        return False
    metric = session.metric.metric
    given = dataset.answers[0] if dataset.answers else (metric.target, metric.foil)
    used = zip(given, (metric.target, metric.foil), strict=True)
    return not dataset.answers or all(answer is None or {*answers_of(answer)} == {new} for new, answer in used)


def _cut(numbers: list[int], dataset: Dataset, positions: int) -> list[list[int]]:
    """Pairs of one length, by their numbers, in parts of so many positions at most, of all rows together; one pair at
    least."""
    parts: list[list[int]] = []
    free = 0
    for number in numbers:
        pair = dataset.pairs[number]
        size = pair.batch * pair.length
        if not parts or size > free:
            parts.append([])
            free = positions
        parts[-1].append(number)
        free -= size
    return parts


def release_runs(session: Session) -> None:
    """Let a session's runs over A and B go, which are gigabytes where the prompt is long, before those of batches are
    made. They are made again when they are asked for."""
    for each in session.towers or (session,):
        if not each.parts:
            each.engine.unedited.release()


def usual_positions(session: Session, runs: float, gradients: int = 1) -> int:
    """How many positions of a dataset's pairs run together, so that a batch is scored in some seconds and fits into the
    session's memory. runs: about how many forward runs a pair takes. gradients: see `fitting_positions`."""
    blocks = session.model.adapter.blocks
    quick = batch_positions(sum(part.numel() for block in blocks for part in block.parameters()), runs)
    return min(quick, fitting_positions(session, gradients))


def sessions_over(session: Session, dataset: Dataset, positions: int = POSITIONS) -> Iterator[Session]:
    """The sessions of `batches_over`, each made when it is asked for."""
    for batch in batches_over(session, dataset, positions):
        yield batch.session()


def joined(pairs: list[Pair]) -> Pair:
    """Pairs of one shape as a batch, with the roles and regions that all of them have."""
    first = pairs[0]
    if len(pairs) == 1:
        return first
    counterfactuals = [pair.counterfactual for pair in pairs if pair.counterfactual is not None]
    b = _joined_sides(counterfactuals) if len(counterfactuals) == len(pairs) else None
    roles = common_roles([pair.roles for pair in pairs])
    common = [name for name in first.regions if all(name in pair.regions for pair in pairs)]
    regions = {name: tuple(row for pair in pairs for row in pair.regions[name]) for name in common}
    return Pair(_joined_sides([pair.clean for pair in pairs]), b, first.grid, first.prefix, roles, regions)


def _joined_sides(sides: list[Side]) -> Side:
    return replace(
        sides[0],
        tensor=torch.cat([side.tensor for side in sides]),
        lengths=tuple(length for side in sides for length in side.lengths),
        tokens=tuple(count for side in sides for count in side.tokens),
    )


def metric_name(session: Session, dataset: Dataset | None) -> str:
    """The session's metric in words. Over a dataset it is of no single answer where each pair has its own, or where
    the default one is of what the model says."""
    metric = session.metric
    if dataset is None or not metric.target:
        return metric.name
    if dataset.answers:
        common = len(dataset) == 1 or len({*dataset.answers}) == 1
        return metric.name if common else f"{metric.row.words} of each pair's own answers"
    if not session.metric_by_default:
        return metric.name
    return f"{metric.row.words} of what the model answers to each A"


def _metric(session: Session, dataset: Dataset, numbers: list[int]) -> Metric | None:
    """None: the default one of these pairs."""
    metric = session.metric.metric
    if not dataset.answers:
        if session.metric_by_default:
            return None
        return replace(metric, target=_common(metric.target, "target"), foil=_common(metric.foil, "foil"))
    rows = [dataset.answers[number] for number in numbers for _ in range(dataset.pairs[number].batch)]

    def column(which: int, present: Answer | None) -> Answer | None:
        return None if present is None else [row[which] for row in rows]

    return replace(metric, target=column(0, metric.target), foil=column(1, metric.foil))


def _common(answer: Answer | None, which: str) -> Answer | None:
    """The one answer of all rows. Raises InputError where each has its own."""
    if answer is None:
        return None
    answers = answers_of(answer)
    if len({*answers}) > 1:
        raise InputError(
            f"The metric has a {which} for each row of the session, and the dataset's pairs are others.",
            "Give the dataset answers: Dataset(pairs, [(target, foil), ...]).",
        )
    return answers[0] if answers else answer


def noise_floor_over(session: Session, dataset: Dataset | None) -> float:
    """The floor of the metric's mean over all pairs of a dataset, the batches of which round apart from each other;
    without one, of the session's own."""
    if dataset is None or session.model.adapter.dtype not in HALF:
        return session.noise_floor
    parts = [(batch.pair.batch, batch.noise_floor) for batch in sessions_over(session, dataset)]
    return math.sqrt(sum((rows * floor) ** 2 for rows, floor in parts)) / sum(rows for rows, _ in parts)
