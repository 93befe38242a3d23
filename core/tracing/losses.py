"""What a run's writers would lose if all their edges were replaced, a layer at a time.

    lost_u = out_u - replacement_u

With `patch` the heads of a layer take one product, of what they mix in A less what they mix in B: what a head adds is
linear in it. With a joint scale, which is another one in every run, each run takes its own. Of a model in half
precision all of it is taken in fp32.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from core.edits import EditKind
from core.engine.attention import heads_out
from core.engine.gradients import EVERYTHING, Part, ReaderGradients
from core.engine.replacement import Ablation, ablation
from core.engine.state import RunState
from core.graph import Node
from core.precision import widened
from core.session import Session


@dataclass(frozen=True)
class Losses:
    """session: its run over A, or `run` instead of it. replacement: what a removed edge carries. first: the row of the
    stream from which on losses are told. Raises ArgumentError for another replacement, EditError without a B."""

    session: Session
    replacement: EditKind
    first: int
    run: ReaderGradients | None = None

    def __post_init__(self) -> None:
        self._carried.check(self.session.engine)

    def of_input(self, part: Part = EVERYTHING) -> Tensor:
        """[batch, rows, width], of a part of the batch and of the rows from the first one on."""
        return self.of_node(Node("input"), part)

    def of_node(self, node: Node, part: Part = EVERYTHING) -> Tensor:
        """The same of any one node."""
        run = self.run
        at_a = self._cut(self._a.out(self.session.model.adapter, node), part) if run is None else run.out(node)[part]
        return widened(at_a) if self._carried.nothing else widened(at_a) - self._value(node, part)

    def of_layer(self, layer: int, part: Part = EVERYTHING) -> Tensor:
        """Of a layer's heads and its MLP: [heads + 1, batch, rows, width]."""
        adapter = self.session.model.adapter
        weights, heads = adapter.attention[layer], range(adapter.shape.heads)
        weights = replace(weights, w_o=widened(weights.w_o))
        z, factor, mlp = self._written(layer, part)
        losses = mlp.new_empty(len(heads) + 1, *mlp.shape)
        if self._carried.one_run:
            of_b, factor_of_b, mlp_of_b = self._of_state(self._b, layer, part)
            torch.sub(mlp, mlp_of_b, out=losses[-1])
            if factor is None or factor_of_b is None:
                heads_out(weights, (z - of_b).flatten(0, 1), heads, losses[:-1].flatten(1, 2))
            else:
                losses[:-1] = heads_out(weights, z, heads) * factor - heads_out(weights, of_b, heads) * factor_of_b
            return losses
        heads_out(weights, z.flatten(0, 1), heads, losses[:-1].flatten(1, 2))
        if factor is not None:
            losses[:-1] *= factor
        losses[-1] = mlp
        if not self._carried.nothing:
            for number, node in enumerate([*(Node("head", layer, head) for head in heads), Node("mlp", layer)]):
                losses[number] -= self._value(node, part)
        return losses

    def all(self, part: Part = EVERYTHING) -> Tensor:
        """Of all writers: [writers, batch, rows, width]."""
        of_input, graph = self.of_input(part), self.session.graph
        losses = of_input.new_empty(graph.n_writers, *of_input.shape)
        losses[0] = of_input
        for layer in range(graph.layers):
            start = 1 + layer * (graph.heads + 1)
            losses[start : start + graph.heads + 1] = self.of_layer(layer, part)
        return losses

    @property
    def _a(self) -> RunState:
        return self.session.engine.clean(full=True)

    @property
    def _carried(self) -> Ablation:
        return ablation(self.replacement)

    @property
    def _b(self) -> RunState:
        return self._carried.run(self.session.engine.references)

    def _written(self, layer: int, part: Part) -> tuple[Tensor, Tensor | None, Tensor]:
        if self.run is None:
            return self._of_state(self._a, layer, part)
        z, factor, mlp = self.run.written(layer)
        return widened(z[part]), None if factor is None else factor[part], widened(mlp[part])

    def _of_state(self, state: RunState, layer: int, part: Part) -> tuple[Tensor, Tensor | None, Tensor]:
        factor = state.factors[layer]
        cut = [widened(self._cut(x, part)) for x in (state.z[layer], state.mlp_out[layer])]
        return cut[0], None if factor is None else self._cut(factor, part), cut[1]

    def _cut(self, x: Tensor, part: Part) -> Tensor:
        return x[:, self.first :][part]

    def _value(self, node: Node, part: Part) -> Tensor:
        """What a removed edge of a node carries, [batch or 1, rows or 1, width]."""
        value = self._carried.out(self.session.engine.references, node)
        value = value if len(value) == 1 else value[part[0]]
        return value if value.shape[1] == 1 else value[:, self.first :][:, part[1]]
