"""The exact effect of every edge, of every node, or of chosen ones: each edit is really made, one at a time.

    effect = metric with the edit - metric without it        (the mean over the batch)

Nothing here is an estimate. Edits whose first effect is at the same place share all that comes before and go through
the rest of the model together (core/engine/batched_edits.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from core.edits import Edit, EditKind
from core.engine.batched_edits import Scanner
from core.errors import ArgumentError, Cancelled
from core.graph import Edge, Node, Reader
from core.noise import noise_floor
from core.positions import Positions
from core.progress import stage, watched, within
from core.session import Session
from core.towers.session import TowersSession
from core.towers_graph import plain, tower_of


@dataclass(frozen=True)
class Part:
    """Some finished edits of a scan: their numbers among its targets, and their effects."""

    numbers: NDArray[np.int64]
    effects: NDArray[np.float64]


class Scan:
    """The effects of one kind of edit on many targets.

    targets: "edges" (all of them, in the order of the graph), "nodes" (all writers), or edges, readers and nodes or
    their names; or edits, each made as it is. kind, value, seed, positions: of the edits of all other targets. edits:
    those that stand while each is made.

    effects: [targets], NaN where it is not measured yet. `parts` measures what is missing and gives results as they
    come; stop it and call it again to go on. Raises ArgumentError and EditError.
    """

    def __init__(
        self,
        session: Session,
        targets: Literal["edges", "nodes"] | Sequence[Edge | Reader | Node | str | Edit] = "edges",
        kind: EditKind = "patch",
        *,
        positions: Positions | None = None,
        value: float | Sequence[float] | None = None,
        seed: int = 0,
        edits: Sequence[Edit] = (),
    ) -> None:
        graph = session.graph
        if isinstance(targets, str):
            if targets not in ("edges", "nodes"):
                raise ArgumentError(
                    f"A scan of {targets!r} is not known.", 'Write "edges", "nodes", or a list of names.'
                )
            scan_targets: Sequence[Edge | Reader | Node | str | Edit] = (
                graph.edges if targets == "edges" else graph.writers
            )
        else:
            scan_targets = targets
        self.session = session
        self.targets = scan_targets
        self.edits = tuple(edits)
        first = scan_targets[0] if len(scan_targets) else "input"
        self._like = Edit("input" if isinstance(first, Edit) else first, kind, positions, value, seed=seed)
        self.effects: NDArray[np.float64] = np.full(len(scan_targets), np.nan)
        self._of_parts = np.full((len(session.parts), len(scan_targets)), np.nan)  # of a batch that goes in parts

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def below_noise(self) -> NDArray[np.bool_]:
        """[targets], whether rounding alone may have made an effect (`core.noise`): in fp32 nowhere."""
        return np.abs(self.effects) < self._noise_floor

    @cached_property
    def _noise_floor(self) -> float:
        return noise_floor(self.session, self.edits) if self.edits else self.session.noise_floor

    @property
    def done(self) -> int:
        """How many effects are measured."""
        return int(np.isfinite(self.effects).sum())

    def run(
        self, progress: Callable[[int, int], None] | None = None, cancelled: Callable[[], bool] | None = None
    ) -> NDArray[np.float64]:
        """Measure all that is missing. progress: told how many are done, of how many. cancelled: asked between
        batches. Returns the effects. Raises Cancelled; what was measured stays."""
        for _ in self.parts(cancelled):
            if progress is not None:
                progress(self.done, len(self))
        return self.effects

    def parts(self, cancelled: Callable[[], bool] | None = None) -> Iterator[Part]:
        """Measure what is missing, batch by batch, and give each as it comes. cancelled: asked at every layer of a
        run. Raises Cancelled."""
        if self.session.parts:
            yield from self._over_parts(cancelled)
            return
        if isinstance(self.session, TowersSession):
            yield from self._over_towers(self.session, cancelled)
            return
        begun = self.done / max(len(self), 1)
        with watched(None, cancelled), stage(begun, begun):
            scanner = Scanner(self.session.engine, self.edits)
            without = float(self.session.run(self.edits).metric.mean())
        for numbers in self._batches(scanner):
            if cancelled is not None and cancelled():
                raise Cancelled
            done = self.done
            with watched(None, cancelled), stage(done / len(self), (done + len(numbers)) / len(self)):
                streams = scanner.streams([self._edit(number) for number in numbers])
                metrics = self.session.reading.of_each(streams)
            effects = np.array([float(metric.mean()) for metric in metrics]) - without
            effects[[torch.equal(stream, scanner.standing) for stream in streams]] = 0.0  # not even rounding changes it
            self.effects[numbers] = effects
            yield Part(np.asarray(numbers), effects)

    def _over_parts(self, cancelled: Callable[[], bool] | None) -> Iterator[Part]:
        """The same of a batch that is too large: part by part of its rows, so that results come with the last one."""
        parts, table = self.session.parts, self._of_parts
        shares = np.array([len(rows) for rows in parts]) / self.session.pair.batch
        for number, rows in enumerate(parts):
            if not np.isnan(table[number]).any():
                continue
            of_rows = copy(self)
            of_rows.session, of_rows.effects = self.session.part(rows), table[number]
            share = number / len(parts)
            for part in within(of_rows.parts(cancelled), share, share + 1 / len(parts)):
                if number == len(parts) - 1:
                    self.effects[part.numbers] = shares @ table[:, part.numbers]
                    yield Part(part.numbers, self.effects[part.numbers])
            del of_rows  # before the next part's runs are made

    def _over_towers(self, session: TowersSession, cancelled: Callable[[], bool] | None) -> Iterator[Part]:
        """The same of two towers: each tower's targets in it, while the other is as the standing edits make it."""
        graph, before = session.graph, 0
        made = [self._edit(number) for number in range(len(self))]
        targets = [graph.parse(edit.target) if isinstance(edit.target, str) else edit.target for edit in made]
        number_of = [tower_of(target) for target in targets]
        if None in number_of:
            raise ArgumentError("logits reads both towers: they have no place of a common edit.", "Take its edges.")
        if self._like.positions is not None and len(set(number_of)) > 1:
            raise ArgumentError("Positions are those of one tower.", "Scan the targets of each by themselves.")
        for number, (tower, edits) in enumerate(session.holding(self.edits)):
            numbers = np.flatnonzero(np.array(number_of) == number)
            of_tower = copy(self)
            of_tower.session, of_tower.edits = tower, tuple(edits)
            of_tower.targets = [replace(made[place], target=plain(targets[place])) for place in numbers.tolist()]
            of_tower.effects = self.effects[numbers]
            total = max(len(self), 1)
            share, before = before / total, before + len(numbers)
            for part in within(of_tower.parts(cancelled), share, before / total):
                self.effects[numbers[part.numbers]] = part.effects
                yield Part(numbers[part.numbers], part.effects)

    def _batches(self, scanner: Scanner) -> Iterator[list[int]]:
        """The numbers of targets that are not measured, those of one stage together, and of these those of one
        reader, whose head they then have in common (`core.engine.first_mlp`)."""
        by_stage: dict[int, list[int]] = {}
        for number in np.flatnonzero(np.isnan(self.effects)).tolist():
            by_stage.setdefault(scanner.stage(self._edit(number)), []).append(number)
        for place in sorted(by_stage, reverse=True):  # the quick ones first
            numbers = sorted(by_stage[place], key=lambda number: scanner.reader(self._edit(number)))
            most = scanner.most(place)
            for start in range(0, len(numbers), most):
                yield numbers[start : start + most]

    def _edit(self, number: int) -> Edit:
        target = self.targets[number]
        return target if isinstance(target, Edit) else replace(self._like, target=target)
