"""The engine: runs with edits on one pair, each started from the cached run that leaves least to do.

Kept states: the clean run (A), the counterfactual run (B), and the runs used last, within a budget of memory. A run
starts at the first stage where its plan differs from a kept one's. The run over B takes from A the rows before the
first position at which they differ; a run whose `input` node is patched whole starts from B.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.edits import Edit, ResolvedEdit, check_seen, resolve
from core.engine.frozen import FrozenNorms
from core.engine.kept import KeptRuns
from core.engine.packing import pack_next
from core.engine.plan import Plan, Slot, make_plan
from core.engine.population import Population
from core.engine.references import References
from core.engine.replacement import REPLACEMENTS
from core.engine.run import Pass
from core.engine.shared_memory import SharedMemory
from core.engine.sizes import answers, state_bytes
from core.engine.state import RunState, megabytes
from core.engine.unedited import UneditedRuns
from core.engine.units import prepare_units
from core.errors import MemoryBudgetError
from core.graph import Entries
from core.memory import keep_blocks
from core.models.adapter import Adapter
from core.positions import Extent, Span

MEMORY_MEGABYTES = 384  # for kept states, by default
INPUT_FROM_B = (Slot("patch", None, 0.0, 1.0),)  # the edit that makes a run the one over B


@dataclass(frozen=True)
class EngineRun:
    """A finished run, which layers it had to compute, and whether it was kept from before. A run of which only the
    output had to be computed has no layers either."""

    state: RunState
    layers: range
    known: bool = False

    @property
    def output(self) -> Tensor:
        return self.state.output


class Engine:
    """Runs on one pair. Not for use by two threads at once.

    clean, counterfactual: ids [batch, position] or pixels [batch, channel, height, width].
    lengths: how many positions of each row are real (right padding), or None where all are.
    roles: spans of positions with a name, one a row.
    dataset: the inputs that means are taken over and that `resample` draws from; these inputs where it is None.
    among: the number of the first row, and of all rows, of a batch that these are a part of.
    extent: in place of lengths and roles, what positions there are: of pictures, with the names of their regions.
    memory_megabytes: for the states of all runs together. Raises MemoryBudgetError where one run would need more.
    """

    def __init__(
        self,
        adapter: Adapter,
        clean: Tensor,
        counterfactual: Tensor | None = None,
        lengths: Sequence[int] | None = None,
        mean_over_positions: bool | None = None,
        roles: Mapping[str, tuple[Span, ...]] | None = None,
        dataset: Population | None = None,
        memory_megabytes: float = MEMORY_MEGABYTES,
        among: tuple[int, int] | None = None,
        extent: Extent | None = None,
    ) -> None:
        keep_blocks()
        self.adapter = adapter
        self.graph = adapter.graph
        self.unedited = UneditedRuns(adapter, clean, counterfactual, lengths)
        self.batch, self.length = self.unedited.batch, self.unedited.length
        self.grid, self.reads = self.unedited.grid, self.unedited.reads
        self.first_patched_row = self.unedited.first_patched_row
        self.extent = extent or Extent(tuple(lengths or (self.length,) * self.batch), self.length, roles or {})
        self.population = dataset or Population(
            adapter, clean.unbind(), self.extent.lengths, self.unedited.of_rows, self.batch, self.extent.roles
        )
        single = len(self.population.lengths) == 1
        over_positions = single if mean_over_positions is None else mean_over_positions
        self.references = References(
            adapter, self.unedited, clean, self.extent, self.population, over_positions, among or (0, self.batch)
        )
        self._frozen: dict[bool, FrozenNorms] = {}
        self.memory = int(memory_megabytes * 2**20)
        self._kept = KeptRuns(self.memory)
        self.unedited.slim = self._fixed + self._run_bytes(0) > self.memory
        self._check_room(0)

    @property
    def embedding(self) -> Tensor:
        """A's: [batch, position, width]. It needs no run."""
        return self.unedited.embedding

    def clean(self, full: bool = False) -> RunState:
        """The run over A without edits; `full`: the last layer at every position."""
        return self.unedited.clean(full)

    def counterfactual(self, full: bool = False) -> RunState | None:
        """The run over B without edits, or None without a B."""
        return self.unedited.counterfactual(full)

    # ---- runs with edits ----

    def resolve(self, edit: Edit) -> ResolvedEdit:
        """An edit with its target and positions looked up. Raises ArgumentError and EditError."""
        resolved = resolve(edit, self.graph, self.extent, self.adapter.shape.width)
        if isinstance(resolved.target, Entries):
            check_seen(
                edit, resolved, self.adapter.shape.causal, self.adapter.attention[resolved.target.head.layer].window
            )
        return resolved

    def _plan(self, edits: Sequence[Edit]) -> Plan:
        resolved = [self.resolve(edit) for edit in edits]
        causal = self.adapter.shape.causal
        return make_plan(resolved, self.graph, self.length, causal, self.first_patched_row)

    def run(
        self,
        edits: Sequence[Edit] = (),
        full: bool = False,
        cancelled: Callable[[], bool] | None = None,
        frozen: bool = False,
    ) -> EngineRun:
        """Run A with edits. `full`: the last layer at every position. `frozen`: norms keep their scales of the clean
        run.

        Raises ArgumentError and EditError for edits that cannot be made, Cancelled.
        """
        layers = self.graph.layers
        full = full or self.reads is None
        plan = self._plan(edits)
        clean = self.clean(full)
        if plan.empty:
            return EngineRun(clean, range(layers, layers), known=True)
        kept_state = self._kept.get((plan, full, frozen))
        if kept_state is not None:
            return EngineRun(kept_state, range(layers, layers), known=True)
        base, stage = self._nearest(plan, full, frozen)
        if stage > 2 * layers:
            return EngineRun(base, range(layers, layers), known=True)
        for kind in dict.fromkeys(edit.kind for edit in edits):
            REPLACEMENTS[kind].prepare(self.references, cancelled)
        prepare_units(plan, self.references, cancelled)
        self.pack()
        needed = self._run_bytes(max(stage, 0) // 2, full)
        self.room(needed)
        state = base.prefix(stage, plan, self.unedited.reads_of(full), self.graph.heads)
        state.of_b = self.references.counterfactual(full) if plan.entries_of_b else None
        with torch.no_grad():
            norms = self._norms_of(full) if frozen else None
            first = Pass(self.adapter, state, self.references, clean, frozen=norms).run(stage, cancelled)
        self._kept.add((plan, full, frozen), state, self.batch * answers(self.adapter) * self.adapter.dtype.itemsize)
        return EngineRun(state, range(first, layers))

    def _norms_of(self, full: bool) -> FrozenNorms:
        """Frozen norms, kept: each finds out once what its module divides by."""
        if full not in self._frozen:
            self._frozen[full] = FrozenNorms(self.adapter, self.clean(full))
        return self._frozen[full]

    def _nearest(self, plan: Plan, full: bool, frozen: bool) -> tuple[RunState, int]:
        """The kept state that shares most with a plan, and the first stage to compute; beyond the last one where the
        state is the run itself. Only the runs from B have its input, so that bits never depend on what is kept."""
        last_layer = 2 * (self.graph.layers - 1)
        from_b = self._with_input_of_b(full) if plan.input_slots == INPUT_FROM_B and not frozen else None
        best = self.clean(full) if from_b is None else from_b
        stage = plan.first_difference(best.plan)
        for (other, other_full, other_frozen), state in self._kept:
            if other_frozen != frozen:
                continue
            shared = plan.first_difference(other)
            if other_full != full:
                shared = min(shared, last_layer)
            if shared > stage:
                best, stage = state, shared
        return best, stage

    def _with_input_of_b(self, full: bool) -> RunState | None:
        """The run over B as what it is to A: the run with the `input` node patched."""
        b = self.counterfactual(full)
        if b is None:
            return None
        a, plan = self.unedited.embedding, replace(b.plan, input_slots=INPUT_FROM_B)
        return replace(b, plan=plan, embedding=a, node_deltas={0: b.embedding - a})

    # ---- memory ----

    def set_memory(self, megabytes: float) -> None:
        """Give kept runs more or less memory from now on; with less, those used longest ago go at once."""
        self.memory = int(megabytes * 2**20)
        self._kept.budget = self.memory
        self._kept.make_room(0)

    def share(self, shared: SharedMemory, kept: int) -> None:
        """Let the runs over A and B go where those of other engines need the room, and keep so many bytes of runs with
        edits."""
        self.unedited.share(shared)
        self._kept.budget = kept

    @property
    def least_megabytes(self) -> float:
        """What the states of the runs over A and B and of one run with edits hold: no run fits into less."""
        return (self._fixed + self._run_bytes(0)) / 2**20

    def _run_bytes(self, first_layer: int, full: bool = False, slim: bool = False) -> int:
        """What the state of a run from a layer on holds, with an output where the metric reads it."""
        positions = self.batch * self.length
        outputs = self.batch if self.reads is None else self.reads.numel()
        read = positions if full or self.reads is None else self.reads.numel()
        return state_bytes(self.adapter, positions, read, outputs, first_layer, slim)

    def room(self, wanted: int, alone: bool = False) -> None:
        """Make room for `wanted` bytes beside the runs over A and B. alone: let all others go. Raises MemoryBudgetError
        where they do not fit."""
        self._check_room(wanted)
        self._kept.make_room(self.memory if alone else wanted)

    @property
    def free(self) -> int:
        """Bytes beside the runs over A and B."""
        return self.memory - self._fixed

    def pack(self) -> None:
        """Pack the weights of one more layer, for runs to come (`core.engine.packing`)."""
        pack_next(self.adapter, self.free // 2, self.reads is None)
        self._kept.beside = self.packed

    @property
    def packed(self) -> int:
        """Bytes of packed weights that are counted here: the model's, to half of all."""
        return min(self.adapter.products.bytes, self._kept.budget // 2)

    @property
    def most_bytes(self) -> int:
        """What a run with edits holds at most."""
        return self._run_bytes(0)

    @property
    def _fixed(self) -> int:
        return self._run_bytes(0, slim=self.unedited.slim) * (1 if self.unedited.embedding_b is None else 2)

    def _check_room(self, wanted: int) -> None:
        """Raise MemoryBudgetError where the runs over A and B and one more of `wanted` bytes are over the budget."""
        fixed = self._fixed
        if fixed + wanted > self.memory:
            raise MemoryBudgetError(
                f"This run needs about {(fixed + wanted) / 2**20:.3g} MB for its states, and the budget is "
                f"{self.memory / 2**20:.3g} MB.",
                "Raise it (memory_megabytes), or take fewer or shorter inputs at once.",
            )

    @property
    def megabytes(self) -> float:
        """What the kept states hold."""
        return megabytes([*self.unedited.states, *(state for _, state in self._kept)])
