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

from core.edits import Edit, ResolvedEdit, resolve
from core.engine.frozen import FrozenNorms
from core.engine.kept import KeptRuns
from core.engine.plan import Plan, Slot, make_plan
from core.engine.population import Population
from core.engine.references import References
from core.engine.run import Pass
from core.engine.state import RunState, map_tensors, megabytes
from core.errors import InputError, MemoryBudgetError
from core.models.adapter import Adapter
from core.positions import Extent, Span

MEMORY_MEGABYTES = 384  # for kept states, by default
INPUT_FROM_B = (Slot("patch", None, 0.0, 1.0),)  # the edit that makes a run the one over B


@dataclass(frozen=True)
class Ran:
    """A finished run, which layers it had to compute, and whether it was kept from before. A run of which only the
    output had to be computed has no layers either."""

    state: RunState
    layers: range
    known: bool = False

    @property
    def output(self) -> Tensor:
        assert self.state.output is not None
        return self.state.output


class Engine:
    """Runs on one pair. Not for use by two threads at once.

    clean, counterfactual: ids [batch, position] or pixels [batch, channel, height, width].
    lengths: how many positions of each row are real (right padding), or None where all are.
    roles: spans of positions with a name, one a row.
    dataset: the inputs that means are taken over and that `resample` draws from; these inputs where it is None.
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
    ) -> None:
        self.adapter = adapter
        self.graph = adapter.graph
        self._inputs = clean
        self._counterfactual = counterfactual
        with torch.no_grad():
            self._embedding = adapter.embed(clean)
            self.grid = adapter.image_grid(clean)
            self._embedding_b = None if counterfactual is None else adapter.embed(counterfactual)
        self.batch, self.length = self._embedding.shape[:2]
        self.extent = Extent(tuple(lengths or (self.length,) * self.batch), self.length, roles or {})
        real = None if lengths is None else torch.tensor(list(lengths), device=adapter.device)
        self.reads = self._read_positions(real)
        self.first_patched_row = self._first_difference()
        self.population = dataset or Population(adapter, clean.unbind(), self.extent.lengths, self._of_rows, self.batch)
        one = len(self.population.lengths) == 1
        over_positions = one if mean_over_positions is None else mean_over_positions
        self.references = References(adapter, self, clean, self.extent.lengths, self.population, over_positions)
        self._clean: dict[bool, RunState] = {}
        self._b: dict[bool, RunState] = {}
        self._frozen: dict[bool, FrozenNorms] = {}
        self.memory = int(memory_megabytes * 2**20)
        self._kept = KeptRuns(self.memory)
        self._check_room(0)

    def _read_positions(self, lengths: Tensor | None) -> Tensor | None:
        """The positions that the output reads: [batch, n], or None where it reads all. Raises InputError where B's
        output reads others than A's."""
        reads = self.adapter.read_positions(self._inputs, lengths)
        if reads is None or self._counterfactual is None:
            return reads
        of_b = self.adapter.read_positions(self._counterfactual, lengths)
        assert of_b is not None
        if not torch.equal(reads, of_b):
            row, place = (int(x) for x in (reads != of_b).nonzero()[0])
            raise InputError(
                f"The output reads position {int(reads[row, place])} of A and {int(of_b[row, place])} of B.",
                "Make both end at the same position.",
            )
        return reads

    def _first_difference(self) -> int:
        if self._counterfactual is None or not self.adapter.shape.causal:
            return 0
        differ = (self._inputs != self._counterfactual).any(dim=0)
        return int(differ.int().argmax()) if bool(differ.any()) else self.length

    # ---- reference runs ----

    def clean(self, full: bool = False) -> RunState:
        """The run over A without edits; `full`: the output at every position."""
        if full not in self._clean:
            plan = self._plan(())
            other = self._clean.get(not full)
            if other is None:
                state, stage = RunState(plan, self._reads(full), self._embedding, grid=self.grid), -1
            else:
                stage = 2 * (self.graph.layers - 1)
                state = other.prefix(stage, plan, self._reads(full), self.graph.heads)
            with torch.no_grad():
                Pass(self.adapter, state, None, None).run(stage)
            self._clean[full] = state
            if self.reads is None:
                self._clean[True] = self._clean[False] = state
        return self._clean[full]

    def counterfactual(self, full: bool = False) -> RunState | None:
        """The run over B without edits, or None without a B."""
        if self._embedding_b is None:
            return None
        if full not in self._b:
            rows = (self.first_patched_row,) * (2 * self.graph.layers + 1)
            plan = Plan((), self._plan(()).stages, rows)
            state = RunState(plan, self._reads(full), self._embedding_b, grid=self.grid)
            with torch.no_grad():
                Pass(self.adapter, state, None, self.clean(full)).run(-1)
            self._b[full] = state
            if self.reads is None:
                self._b[True] = self._b[False] = state
        return self._b[full]

    def _of_rows(self, rows: Sequence[int]) -> RunState:
        """Some rows of the run over A, at every position."""
        whole = self.clean(full=True)
        return whole if list(rows) == list(range(self.batch)) else map_tensors(whole, lambda x: x[list(rows)])

    def _reads(self, full: bool) -> Tensor | None:
        return None if full else self.reads

    # ---- runs with edits ----

    def resolve(self, edit: Edit) -> ResolvedEdit:
        """An edit with its target and positions looked up. Raises ArgumentError and EditError."""
        return resolve(edit, self.graph, self.extent, self.adapter.shape.width)

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
    ) -> Ran:
        """Run A with edits. `full`: the output at every position. `frozen`: norms keep their scales of the clean run.

        Raises ArgumentError and EditError for edits that cannot be made, Cancelled.
        """
        layers = self.graph.layers
        full = full or self.reads is None
        plan = self._plan(edits)
        clean = self.clean(full)
        if plan.empty:
            return Ran(clean, range(layers, layers), known=True)
        known = self._kept.get((plan, full, frozen))
        if known is not None:
            return Ran(known, range(layers, layers), known=True)
        base, stage = self._nearest(plan, full, frozen)
        if stage > 2 * layers:
            return Ran(base, range(layers, layers), known=True)
        if any(edit.kind == "mean" for edit in edits):
            self.references.means(cancelled)
        needed = self._run_bytes(max(stage, 0) // 2, full)
        self._check_room(needed)
        self._kept.make_room(needed)
        state = base.prefix(stage, plan, self._reads(full), self.graph.heads)
        with torch.no_grad():
            norms = self._norms_of(full) if frozen else None
            first = Pass(self.adapter, state, self.references, clean, frozen=norms).run(stage, cancelled)
        self._kept.add((plan, full, frozen), state)
        return Ran(state, range(first, layers))

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
        plan = replace(b.plan, input_slots=INPUT_FROM_B)
        return replace(b, plan=plan, embedding=self._embedding, node_deltas={0: b.embedding - self._embedding})

    # ---- memory ----

    def set_memory(self, megabytes: float) -> None:
        """Give kept runs more or less memory from now on; with less, those used longest ago go at once."""
        self.memory = int(megabytes * 2**20)
        self._kept.budget = self.memory
        self._kept.make_room(0)

    @property
    def least_megabytes(self) -> float:
        """What the states of the runs over A and B and of one run with edits hold: no run fits into less."""
        return (2 if self._embedding_b is None else 3) * self._run_bytes(0) / 2**20

    def _run_bytes(self, first_layer: int, full: bool = False) -> int:
        """What the state of a run from a layer on holds."""
        shape = self.adapter.shape
        keys_and_values = 2 * shape.kv_heads * shape.head_width
        before = shape.width + keys_and_values  # what the last layer holds at every position
        after = 2 * (shape.width + shape.heads * shape.head_width) + (shape.width if shape.coupled else 0)
        positions = self.batch * self.length
        read = positions if full or self.reads is None else self.reads.numel()
        outputs = self.adapter.vocabulary or shape.width
        layers = shape.layers - first_layer
        total = positions * (shape.width + before * layers + after * max(layers - 1, 0))
        total += read * (after + shape.width + outputs)
        size: int = total * self.adapter.dtype.itemsize
        return size

    def _check_room(self, wanted: int) -> None:
        """Raise MemoryBudgetError where the runs over A and B and one more of `wanted` bytes are over the budget."""
        fixed = self._run_bytes(0) * (1 if self._embedding_b is None else 2)
        if fixed + wanted > self.memory:
            raise MemoryBudgetError(
                f"This run needs about {(fixed + wanted) / 2**20:.3g} MB for its states, and the budget is "
                f"{self.memory / 2**20:.3g} MB.",
                "Raise it (memory_megabytes), or take fewer or shorter inputs at once.",
            )

    @property
    def megabytes(self) -> float:
        """What the kept states hold."""
        return megabytes([*self._clean.values(), *self._b.values(), *(state for _, state in self._kept)])
