"""The unedited runs over A and B, which all others are made from: made when first asked for, and kept.

Engine, replacement values and population all read them here. None of these knows another that knows it, so what is
dropped goes at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.engine.plan import Plan, make_plan
from core.engine.run import Pass
from core.engine.shared_memory import SharedMemory
from core.engine.sizes import state_bytes
from core.engine.state import RunState, map_tensors
from core.errors import InputError
from core.models.adapter import Adapter


class UneditedRuns:
    """Runs over A and B.

    clean, counterfactual: ids [batch, position] or pixels [batch, channel, height, width]. lengths: how many positions
    of each row are real, or None where all are. Raises InputError where B's output reads other positions than A's.
    """

    def __init__(
        self, adapter: Adapter, clean: Tensor, counterfactual: Tensor | None, lengths: Sequence[int] | None
    ) -> None:
        self.adapter = adapter
        self.inputs = clean
        self._inputs_b = counterfactual
        with torch.no_grad():
            self.embedding = adapter.embed(clean)
            self.grid = adapter.image_grid(clean)
            self.embedding_b = None if counterfactual is None else adapter.embed(counterfactual)
        self.batch, self.length = self.embedding.shape[:2]
        self.reads = self._read_positions(
            None if lengths is None else torch.tensor(list(lengths), device=adapter.device)
        )
        self.first_patched_row = self._first_difference()
        self._clean: dict[bool, RunState] = {}
        self._b: dict[bool, RunState] = {}
        self._shared: SharedMemory | None = None
        self.slim = False  # whether they are kept without what can be made anew

    def _read_positions(self, lengths: Tensor | None) -> Tensor | None:
        """The positions that the output reads: [batch, n], or None where it reads all."""
        reads = self.adapter.read_positions(self.inputs, lengths)
        if reads is None or self._inputs_b is None:
            return reads
        of_b = self.adapter.read_positions(self._inputs_b, lengths)
        assert of_b is not None
        if not torch.equal(reads, of_b):
            row, place = (int(x) for x in (reads != of_b).nonzero()[0])
            raise InputError(
                f"The output reads position {int(reads[row, place])} of A and {int(of_b[row, place])} of B.",
                "Make both end at the same position.",
            )
        return reads

    def _first_difference(self) -> int:
        if self._inputs_b is None or not self.adapter.shape.causal:
            return 0
        differ = (self.inputs != self._inputs_b).any(dim=0)
        return int(differ.int().argmax()) if bool(differ.any()) else self.length

    def reads_of(self, full: bool) -> Tensor | None:
        """The positions that the last layer computes: those that the output reads, or None, all of them."""
        return None if full else self.reads

    def clean(self, full: bool = False) -> RunState:
        """The run over A; `full`: the last layer at every position."""
        return self._run(self._clean, self.embedding, full, None)

    def counterfactual(self, full: bool = False) -> RunState | None:
        """The run over B, or None without a B. The rows before the first position at which it differs are A's."""
        if self.embedding_b is None:
            return None
        return self._run(self._b, self.embedding_b, full, self.clean(full))

    def unmade(self) -> RunState | None:
        """The state of the run over A at every position, still empty, for who makes it for another purpose and then
        has it kept; None where that run is there, or all but its last layer, where there is no room for both."""
        if self._clean.get(True) is not None or (self.slim and self._clean):
            return None
        return RunState(self._plan(False), None, self.embedding, grid=self.grid, slim=self.slim)

    def keep(self, state: RunState) -> None:
        """Keep such a state, now that it is filled."""
        if self._shared is not None:
            self._shared.used(self, 0 if self._clean else self._bytes())
        self._clean[True] = state

    def of_rows(self, rows: Sequence[int]) -> RunState:
        """Some rows of the run over A, at every position."""
        state = self.clean(full=True)
        return state if list(rows) == list(range(self.batch)) else map_tensors(state, lambda x: x[list(rows)])

    def share(self, shared: SharedMemory) -> None:
        """Let the runs go from now on where others of the same budget need the room."""
        self._shared = shared
        shared.used(self, self._bytes() * (bool(self._clean) + bool(self._b)))

    def release(self) -> None:
        """Let the runs go. They are made again when they are asked for."""
        self._clean.clear()
        self._b.clear()

    @property
    def states(self) -> list[RunState]:
        """What is kept."""
        return [*self._clean.values(), *self._b.values()]

    def _run(self, kept: dict[bool, RunState], embedding: Tensor, full: bool, clean: RunState | None) -> RunState:
        """A run, all but its last layer taken from the other of its kind where that is there."""
        full = full or self.reads is None
        if self._shared is not None:
            self._shared.used(self, 0 if kept else self._bytes())
        if full not in kept:
            graph, plan = self.adapter.graph, self._plan(clean is not None)
            kept_state = kept.get(not full)
            if kept_state is None:
                state, stage = RunState(plan, self.reads_of(full), embedding, grid=self.grid), -1
            else:
                stage = 2 * (graph.layers - 1)
                state = kept_state.prefix(stage, plan, self.reads_of(full), graph.heads)
            state.slim = self.slim
            with torch.no_grad():
                Pass(self.adapter, state, None, clean).run(stage)
            kept[full] = state
        return kept[full]

    def _plan(self, from_clean: bool) -> Plan:
        """Of a run without edits. from_clean: whether the rows before the first difference are A's."""
        graph = self.adapter.graph
        plan = make_plan((), graph, self.length, self.adapter.shape.causal, self.first_patched_row)
        if not from_clean:
            return plan
        return Plan((), plan.stages, (self.first_patched_row,) * (2 * graph.layers + 1))

    def _bytes(self) -> int:
        """What a run over A or B holds, with that at all positions, which shares all but the last layer."""
        positions = self.batch * self.length
        return state_bytes(self.adapter, positions, positions, self.batch, slim=self.slim)
