"""Typographic attacks on the bundled `captions`: the name of another shape is printed on a picture, and the model says
that name. What is done against it, learned from fifty pairs of pictures, is judged on held-out ones.

    python -m tests.benchmarks typographic [--short] [--processes N] [--write]

Each draw has its own pairs; all ways get the same ones. Seconds are of the processor, on one thread.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import torch
from numpy.typing import NDArray

from core.inputs.generators import captions
from tests.benchmarks.table import Table
from tests.benchmarks.typographic_pictures import HELD_OUT_SEED, Attacks, attacks, model_of, pairs
from tests.benchmarks.typographic_ways import DIRECTIONS, NOTHING, job_of, ways, with_parts

MODEL = "bundled:captions"
DRAWS, PAIRS, HELD_OUT = 3, 50, 500
PROCESSES = 2
BUDGET = 0.02  # of the clean accuracy on the pairs, which a repair may cost
RESAMPLED = 2000
Answers = NDArray[np.bool_]


@dataclass(frozen=True)
class Outcome:
    """What a way made of one draw does on the held-out pictures. fooled: the answer is the printed word; right: of
    attacked ones; clean: right answers to the same pictures without the word; [picture] all."""

    way: str
    fooled: Answers
    right: Answers
    clean: Answers
    cut: int
    seconds: float
    setting: str


def tables(short: bool = False, processes: int = PROCESSES) -> Iterator[Table]:
    """The main table, that of letters' sizes, and what was chosen. short: one draw. processes: draws at a time."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        outcomes = [outcome for draw in pool.map(_draw, range(1 if short else DRAWS)) for outcome in draw]
    yield main_table(outcomes)
    yield sizes_table(outcomes, attacks(model_of(MODEL), HELD_OUT, HELD_OUT_SEED))
    yield settings_table(outcomes)


def _draw(seed: int) -> list[Outcome]:
    torch.set_num_threads(1)
    return list(run(seed, attacks(model_of(MODEL), HELD_OUT, HELD_OUT_SEED)))


def run(seed: int, held_out: Attacks, count: int = PAIRS) -> Iterator[Outcome]:
    """All ways on one draw."""
    some = pairs(model_of(MODEL), count, HELD_OUT_SEED + 1 + seed)
    job = job_of(some, MODEL, seed, BUDGET)
    for way in ways():
        started = time.process_time()
        treated = way.treat(some, job)
        seconds = time.process_time() - started
        if way.name == DIRECTIONS:
            job = with_parts(job, treated.cut)
        attacked, clean = (treated.answered(batch) for batch in (held_out.attacked, held_out.clean))
        fooled = attacked.logits.argmax(dim=-1) == held_out.words
        yield Outcome(
            way.name,
            fooled.numpy(),
            attacked.right.numpy(),
            clean.right.numpy(),
            treated.cut,
            seconds,
            treated.setting,
        )


def main_table(outcomes: Sequence[Outcome]) -> Table:
    by_way = _by_way(outcomes)
    before = _stacked(by_way[NOTHING], "clean")
    rows = []
    for way, some in by_way.items():
        lost = before.astype(float) - _stacked(some, "clean")
        rows.append(
            [
                way,
                _per_cent(_stacked(some, "fooled")),
                _per_cent(_stacked(some, "right")),
                _per_cent(_stacked(some, "clean")),
                _per_cent(lost),
                f"{np.mean([each.cut for each in some]):.0f}",
                f"{np.mean([each.seconds for each in some]):.0f}",
            ]
        )
    draws, (pictures,) = len(by_way[NOTHING]), outcomes[0].fooled.shape
    return Table(
        f"{pictures} held-out pictures with a printed word and the same ones without, {draws} draws of {PAIRS} pairs; "
        "per cent, 95 % intervals",
        ("way", "says the word", "right with the word", "right without", "lost without", "edges cut", "seconds"),
        rows,
    )


def sizes_table(outcomes: Sequence[Outcome], held_out: Attacks) -> Table:
    """How many answers become the word, by how it is printed."""
    words = [scene.word for scene in held_out.scenes if scene.word is not None]
    groups = {f"{size} pixels": [word.size == size for word in words] for size in captions.FONT_SIZES}
    groups |= {"on a sticker": [word.label for word in words], "plain": [not word.label for word in words]}
    rows = [
        [way, *(f"{100 * _stacked(some, 'fooled')[:, group].mean():.1f}" for group in groups.values())]
        for way, some in _by_way(outcomes).items()
    ]
    return Table("Answers that become the word, by how it is printed, per cent", ("way", *groups), rows)


def settings_table(outcomes: Sequence[Outcome]) -> Table:
    rows = [[way, some[0].setting] for way, some in _by_way(outcomes).items() if some[0].setting]
    return Table("What was chosen on the pairs of the first draw", ("way", "setting"), rows)


def interval(values: NDArray[np.float64], seed: int = 0) -> tuple[float, float]:
    """95 % of the mean over [draw, picture]: percentiles over draws and pictures, both with replacement."""
    rng = np.random.default_rng(seed)
    draws, pictures = values.shape
    means = [
        values[rng.integers(draws, size=draws)][:, rng.integers(pictures, size=pictures)].mean()
        for _ in range(RESAMPLED)
    ]
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def _by_way(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    by_way: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_way.setdefault(outcome.way, []).append(outcome)
    return by_way


def _stacked(outcomes: Sequence[Outcome], name: str) -> Answers:
    return np.stack([getattr(outcome, name) for outcome in outcomes])


def _per_cent(values: NDArray[np.generic]) -> str:
    shares = 100 * values.astype(float)
    low, high = interval(shares)
    return f"{shares.mean():.1f} ({low:.1f} to {high:.1f})"
