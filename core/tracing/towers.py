"""Scores over both towers: a method scores the edges of each in its own session, whose metric holds what the other
gives as it is (`core.towers.similarity`). No edge goes across, so these are the scores of the whole, in one unit.

A path of integration (EAP-IG, integrated edges) goes through one tower at a time, while the other one is A's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from core.edits import KINDS, EditKind
from core.errors import ArgumentError
from core.tracing.job import Job, Memory, MethodResult
from core.tracing.meaning import DRAWN
from core.tracing.method import METHODS, Method
from core.tracing.options import LEVEL_WORDS, Level


@dataclass
class TowersState:
    """How far the method has come in each tower."""

    of_towers: tuple[Memory, Memory] = field(default_factory=lambda: (Memory(), Memory()))
    decided: tuple[Memory, Memory] = field(default_factory=lambda: (Memory(), Memory()))
    done: list[MethodResult] = field(default_factory=list)


def check_towers(method: Method, replacement: EditKind, level: Level) -> None:
    """Raise ArgumentError where the scores of two towers would be no ranking."""
    if level not in ("edges", "nodes"):
        words = LEVEL_WORDS.get(level, level)
        raise ArgumentError(f"The two towers have positions of their own: no {words}.", "Score edges or nodes.")
    if why := why_not(method):
        suitable = ", ".join(row.name for row in METHODS.values() if not why_not(row) and row.replaces)
        raise ArgumentError(f"{method.title} is for one tower: {why}.", f"Take one of: {suitable}; or open one tower.")
    if KINDS[replacement].learned:
        raise ArgumentError(
            "What optimal ablation puts in place is learned in one tower at a time.", "Take zero, mean or patch."
        )


def why_not(method: Method) -> str:
    """Why a method cannot rank the edges of two towers together; empty where it can."""
    if method.joint:
        return "what it does next depends on all that it has seen of one graph"
    if not method.replaces and method.meaning != DRAWN:
        return "its shares are of one stream"
    return "it follows language models only" if method.text_only else ""


def score_towers(method: Method, job: Job) -> Iterator[MethodResult]:
    """Both towers' scores, as they come: those of the text tower last."""
    if method.meaning == DRAWN:
        yield from method.score(job)
        return
    graph, state = job.session.graph, job.state(TowersState)
    places = [tower.edges if job.level == "edges" else tower.writers for tower in graph.towers]
    sizes = [tower.graph.n_edges for tower in graph.towers]
    for number in range(len(state.done), 2):
        of_tower = replace(
            job,
            session=job.session.towers[number],
            memory=state.of_towers[number],
            of_all=state.decided[number],
        )
        start = sum(sizes[:number]) / sum(sizes)
        last = None
        for result in method.score(of_tower):
            last = result
            share = start + result.share_done * sizes[number] / sum(sizes)
            if share < 1:
                yield _joined([*state.done, result], places, share)
        assert last is not None
        state.done.append(last)
    yield _joined(state.done, places, 1.0)


def _joined(results: list[MethodResult], places: list[np.ndarray], share: float) -> MethodResult:
    """Results of the towers so far as one."""
    total = sum(len(each) for each in places)
    values, measured = np.full(total, np.nan), np.zeros(total, dtype=bool)
    for result, where in zip(results, places, strict=False):
        values[where] = result.values
        if result.measured is not None:
            measured[where] = result.measured
    some = any(result.measured is not None for result in results)
    return MethodResult(values, share, measured=measured if some else None)
