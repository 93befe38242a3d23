"""The runs that an engine keeps to start others from, within a budget of memory; those used longest ago go first.

States share tensors, so what one of them costs is what it alone holds: storage is counted by how many kept states use
it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from core.engine.plan import Plan
from core.engine.state import RunState, outputs_of, tensors_of

MOST = 32  # runs: looking for the nearest one goes through all of them

Key = tuple[Plan, bool, bool]


class KeptRuns:
    """Runs with edits, by their plan, whether they cover all positions, and whether norms are frozen. budget: bytes.
    beside: those of it that are taken by something else."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.beside = 0
        self._runs: OrderedDict[Key, RunState] = OrderedDict()
        self._uses: dict[int, int] = {}  # of a storage, by its address
        self._bytes = 0  # without the outputs, which come and go

    @property
    def bytes(self) -> int:
        """What they hold together."""
        return self._bytes + sum(outputs_of(self._runs.values()).values())

    def __iter__(self) -> Iterator[tuple[Key, RunState]]:
        return iter(self._runs.items())

    def __len__(self) -> int:
        return len(self._runs)

    def get(self, key: Key) -> RunState | None:
        """A run, which counts as used now."""
        if key not in self._runs:
            return None
        self._runs.move_to_end(key)
        return self._runs[key]

    def add(self, key: Key, state: RunState, output: int = 0) -> None:
        """Keep a run, and let others go until all fit. One that is alone over the budget is not kept. output: bytes of
        the output that is to come."""
        self._runs[key] = state
        self._count(state, 1)
        while self._runs and (self.bytes + output + self.beside > self.budget or len(self._runs) > MOST):
            self._count(self._runs.popitem(last=False)[1], -1)

    def make_room(self, wanted: int) -> None:
        """Let runs go until `wanted` more bytes fit, or none is left."""
        while self._runs and self.bytes + wanted + self.beside > self.budget:
            self._count(self._runs.popitem(last=False)[1], -1)

    def _count(self, state: RunState, by: int) -> None:
        for tensor in tensors_of(state):
            storage = tensor.untyped_storage()
            place = storage.data_ptr()
            before = self._uses.get(place, 0)
            after = before + by
            if before == 0:
                self._bytes += storage.nbytes()
            if after == 0:
                self._bytes -= storage.nbytes()
                del self._uses[place]
            else:
                self._uses[place] = after
