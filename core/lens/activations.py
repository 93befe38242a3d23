"""Everything that a run computes, by name: `ws.activations(session)["m3.neurons"]`.

    input, a3.h1, m3            what a node writes to the stream, its edits included: [batch, position, width]
    a3.h1.q, a3.h1.k            queries and keys as attention uses them (normed, turned): [batch, position, head width]
    a3.h1.v, a3.h1.z            values, and what the head mixes of them: the same
    a3.h1.pattern               attention: [batch, query, key]
    m3.neurons                  what the last linear map of the MLP reads: neurons after the activation, times the gate
                                if there is one: [batch, position, neurons]
    ->a3.h1<q>, ->m3, ->logits  the stream as a reader reads it, edits included: [batch, position, width]
    ->m3.normed, and so on      the same through the norm before it

Where heads share keys and values, `.k` and `.v` are the K/V head's: `a3.kv0.k`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from core.engine.flow import Flow
from core.engine.plan import stage_of_reader
from core.engine.rows import Rows
from core.engine.state import RunState
from core.errors import ArgumentError
from core.graph import Graph, Node, Reader
from core.models.adapter import Adapter
from core.precision import widened
from core.result import Result, keeps_no
from core.session import Session

_OF_HEAD = re.compile(r"a(\d+)\.(h|kv)(\d+)\.(q|k|v|z|pattern)")
NORMED, NEURONS = ".normed", ".neurons"


class Activations(Mapping[str, Tensor]):
    """The activations of a run by their names, each made when it is asked for. Raises ArgumentError for a name that
    there is not, ModelError for the neurons of a mixture of experts."""

    def __init__(self, session: Session, state: RunState) -> None:
        self._session, self._state = session, state
        self._adapter: Adapter = session.model.adapter
        self._graph: Graph = session.graph

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[str]:
        graph = self._graph
        for node in graph.writers:
            yield node.name
            if node.kind == "mlp":
                yield f"{node.name}{NEURONS}"
            elif node.kind == "head":
                yield from (f"{node.name}.{what}" for what in ("q", "z", "pattern"))
        for reader in graph.readers:
            if reader.kind in ("k", "v"):
                yield f"{reader.name.partition('<')[0]}.{reader.kind}"
            yield from (f"->{reader.name}", f"->{reader.name}{NORMED}")

    def __contains__(self, name: object) -> bool:
        return name in set(self)

    def __getitem__(self, name: str) -> Tensor:
        with torch.no_grad():
            if (match := _OF_HEAD.fullmatch(name)) is not None:
                return self._of_head(name, int(match[1]), match[2] == "kv", int(match[3]), match[4])
            if name.endswith(NEURONS):
                node = self._graph.parse(name.removesuffix(NEURONS))
                if isinstance(node, Node) and node.kind == "mlp":
                    return self._neurons(node.layer)
                raise ArgumentError(f"{name} is not there: MLPs have neurons.", "Write m3.neurons.")
            target = self._graph.parse(name.removesuffix(NORMED))
            if isinstance(target, Reader):
                return self._read(target, name.endswith(NORMED))
            if not isinstance(target, Node) or name.endswith(NORMED):
                raise ArgumentError(f"There is no activation {name!r}.", "list(activations) has their names.")
            out = self._state.out(self._adapter, target)
            delta = self._state.node_deltas.get(self._graph.writer_index(target))
            return out if delta is None else (widened(out) + delta).to(out.dtype)

    def _neurons(self, layer: int) -> Tensor:
        """What they hold, as their edits leave them."""
        normed, edited = self._read(Reader("mlp", layer), True), self._state.plan.stages[2 * layer + 1].units
        values = self._adapter.neurons(layer, normed)
        if not edited:
            return values
        flow = Flow(self._adapter, self._state, self._session.engine.references)
        return flow.unit_values(layer, values, edited)

    def _of_head(self, name: str, layer: int, shared: bool, head: int, what: str) -> Tensor:
        graph, state = self._graph, self._state
        if what in ("k", "v"):
            kind = graph.parse(f"a{layer}.{'kv' if shared else 'h'}{head}<{what}>")
            assert isinstance(kind, Reader)
            return (state.k if what == "k" else state.v)[layer][:, :, kind.head]
        if shared:
            raise ArgumentError(f"There is no activation {name!r}.", f"It is a head's: a{layer}.h0.{what}.")
        graph.writer_index(Node("head", layer, head))
        if what == "pattern":
            return state.pattern(self._adapter, layer, head)
        return (state.q if what == "q" else state.z)[layer][:, :, head]

    def _read(self, reader: Reader, normed: bool) -> Tensor:
        """What a reader reads, its edits included."""
        state, adapter = self._state, self._adapter
        rows = Rows(state.length)
        x = state.stream_at(reader, self._graph.parallel, rows)
        stage = state.plan.stages[stage_of_reader(reader, self._graph)]
        plan = next((plan for of, plan in stage.readers if of == reader), None)
        if plan is not None:
            x = Flow(adapter, state, self._session.engine.references).read(reader, plan, x, rows)
        if not normed:
            return x
        if reader.kind == "logits":
            final: Tensor = adapter.final_norm(x)
            return final
        return adapter.mlp_norm(reader.layer, x) if reader.kind == "mlp" else adapter.attention_norm(reader.layer, x)


def activations(session: Session, result: Result | None = None) -> Activations:
    """All activations of a run, by name (the names are those of the module's table). result: of a run with
    positions="all"; by default the unedited one. Raises ArgumentError for a run of some positions, or a circuit's."""
    result = session.run(positions="all") if result is None else result
    if not result.state.q:
        raise keeps_no("activations")
    if result.state.reads is not None:
        raise ArgumentError("The run has only the positions that the output reads.", 'Run with positions="all".')
    return Activations(session, result.state)
