"""Gradients of the metric by the share of every edge, in a run where each edge carries a share of its own.

    x_r = reference stream at r + sum over u of share[r, u] * (out_u - reference_u)

Shares of 0 and 1 make a circuit run; in between, edges are open in part. Steps:
1. Forward, layer by layer, without autograd: the readers' streams are one matrix product, shares @ differences. Only
   what the writers add less than their references is kept, [writers, batch, rows, width].
2. Backward, from the output down. At each layer autograd goes through that layer alone, made again from its streams;
   the gradient at a reader gives that of its shares (a product with the differences) and goes on to its writers (a
   product with the shares).
Memory: twice the differences, and one layer. In a causal model only the rows from the first difference between A and B
on are computed for `patch`. Why there are two passes back: see `core.engine.gradients`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from core import progress
from core.engine.attention import heads_out
from core.engine.circuit_reference import Reference
from core.engine.engine import Engine
from core.engine.layer import Below, LayerMath
from core.engine.norm_slopes import ports_back
from core.engine.pull_back import pull_back
from core.engine.rows import Rows
from core.errors import Cancelled
from core.graph import Reader
from core.precision import wide_dtype, widened


class CircuitGradients:
    """shares: [readers, writers], of which those of writers that a reader does not read are ignored. metric: of what
    `logits` reads [batch, n, width]: [batch]. first: the first row that is computed. at_positions: [writers, rows],
    shares of all that a writer's edges carry at a position, times those.

    metric: [batch], of this run. by_share: [readers, writers], the gradient of sum(metric); by_position: [writers,
    rows], that by at_positions; by_reference: [writers, width], that by what stands in the place of each writer, the
    same at all rows (not with at_positions). Raises Cancelled.
    """

    def __init__(
        self,
        engine: Engine,
        shares: Tensor,
        replacement: str,
        metric: Callable[[Tensor], Tensor],
        first: int = 0,
        cancelled: Callable[[], bool] | None = None,
        at_positions: Tensor | None = None,
    ) -> None:
        self._engine = engine
        self._adapter = adapter = engine.adapter
        self._graph = graph = engine.graph
        dtype = wide_dtype(adapter.dtype)  # of shares, differences and sums
        self._shares = shares.to(dtype).to(adapter.device)
        self._rows = Rows(engine.length, first)
        self._cancelled = cancelled
        self._reference = Reference(engine, replacement, full=True)
        with torch.no_grad():
            embedding = self._rows.of(engine.clean().embedding)
            size = (graph.n_writers, engine.batch * self._rows.count, adapter.shape.width)
            self._used = (self._shares != 0).any(dim=0)  # the others are never computed: nothing reads them
            self._differences = torch.zeros(size, dtype=dtype, device=adapter.device)
            self._at: Tensor | None = None  # [writers, batch and rows, 1]
            if at_positions is not None:
                at = at_positions.to(dtype).to(adapter.device)
                self._at = at.repeat(1, engine.batch)[:, :, None]
                self._whole = torch.zeros_like(self._differences)  # without the shares at positions
            self._keep(0, widened(embedding) - self._reference.out_at(0, self._rows))
            for layer in range(graph.layers):
                self._check(layer / (4 * graph.layers))
                heads, mlp = self._writers(layer)
                if self._used[heads.start : heads.stop].any():
                    self._keep_heads(layer, heads)
                if self._used[mlp]:
                    self._keep_mlp(layer, heads, mlp)
            final = self._streams(Reader("logits"), slice(len(graph.readers) - 1, None), graph.n_writers)[0]
            self.by_share = torch.zeros_like(self._shares)
            self.by_reference = torch.zeros_like(self._differences[:, 0])
            self._after = torch.zeros_like(self._differences)
            self.metric, gradient = self._output(final, metric)
            self._back(slice(len(graph.readers) - 1, None), graph.n_writers, gradient[None])
            for layer in reversed(range(graph.layers)):
                self._check(1 - 3 * (layer + 1) / (4 * graph.layers))  # a layer is made again, and goes back
                self._layer_back(layer)
            if self._at is not None:
                by_row = (self._after * self._whole).sum(dim=2).unflatten(1, (engine.batch, -1))  # type: ignore[no-untyped-call]
                self.by_position: Tensor = by_row.sum(dim=1)
                del self._whole
        del self._differences, self._after

    # ---- what reads what ----

    @property
    def _reads_heads(self) -> bool:
        """Whether an MLP reads the heads of its layer."""
        return not self._graph.parallel

    def _writers(self, layer: int) -> tuple[range, int]:
        """The numbers of a layer's heads and of its MLP among the writers."""
        first = 1 + layer * (self._graph.heads + 1)
        return range(first, first + self._graph.heads), first + self._graph.heads

    def _port_numbers(self, layer: int) -> slice:
        ports = self._graph.heads + 2 * self._graph.kv_heads
        return slice(layer * (ports + 1), layer * (ports + 1) + ports)

    def _mlp_number(self, layer: int) -> slice:
        number = self._port_numbers(layer).stop
        return slice(number, number + 1)

    def _streams(self, reader: Reader, numbers: slice, writers: int) -> Tensor:
        """What some readers that stand at one place read: [readers, batch, rows, width]. writers: how many write
        before."""
        size = (self._engine.batch, self._rows.count, self._adapter.shape.width)
        reference = self._reference.stream(reader, self._rows).expand(size)
        shares = self._shares[numbers, :writers]
        read = (shares @ self._differences[:writers].flatten(1)).unflatten(1, size)  # type: ignore[no-untyped-call]
        return (read + reference).to(self._adapter.dtype)  # type: ignore[no-any-return]

    def _keep(self, number: int, difference: Tensor) -> None:
        self._set(slice(number, number + 1), difference.flatten(0, 1)[None])

    def _set(self, numbers: slice, differences: Tensor) -> None:
        if self._at is not None:
            self._whole[numbers] = differences
            differences = differences * self._at[numbers]
        self._differences[numbers] = differences

    def _gradient_at(self, numbers: slice) -> Tensor:
        """The gradient at what some writers write: [writers, batch and rows, width]."""
        gradient = self._after[numbers]
        return gradient if self._at is None else gradient * self._at[numbers]

    def _keep_heads(self, layer: int, heads: range) -> None:
        math = LayerMath(self._adapter, layer)
        x = self._streams(Reader("q", layer), self._port_numbers(layer), heads.start)
        z = self._mix(math, self._project(math, x))
        of_reference = self._reference.z(layer, list(range(len(heads))), self._rows)
        if of_reference is None:
            outs = math.outs(z, range(len(heads)), math.factor(z))
            differences = widened(outs) - self._reference.outs(list(heads), self._rows)
        else:  # what a head adds is linear in what it mixes
            weights = replace(math.weights, w_o=widened(math.weights.w_o))
            differences = heads_out(weights, widened(z) - widened(of_reference), range(len(heads)))
        self._set(slice(heads.start, heads.stop), differences.flatten(1, 2))

    def _keep_mlp(self, layer: int, heads: range, mlp: int) -> None:
        read = mlp if self._reads_heads else heads.start
        out = self._mlp(layer, self._streams(Reader("mlp", layer), self._mlp_number(layer), read)[0])
        self._keep(mlp, widened(out) - self._reference.out_at(mlp, self._rows))

    # ---- a layer ----

    def _project(self, math: LayerMath, x: Tensor) -> Tensor:
        """What the ports of a layer make of what they read [ports, batch, rows, width]: [ports, batch * rows,
        head_width]."""
        return math.project_each(math.norm(x).flatten(1, 2), range(len(x)))

    def _mix(self, math: LayerMath, projected: Tensor) -> Tensor:
        """z of all heads, from that: [batch, rows, heads, head_width]."""
        first = self._rows.first
        by_row = projected.unflatten(1, (self._engine.batch, -1)).permute(1, 2, 0, 3)  # type: ignore[no-untyped-call]
        q, k, v = math.split(by_row)
        everywhere = self._rows.places(projected, self._engine.grid)
        below = Below(self._reference.run, first) if first > 0 else None  # those of B, as they are of A
        return math.mix(q, k, v, everywhere, below=below).z

    def _mlp(self, layer: int, x: Tensor) -> Tensor:
        return LayerMath(self._adapter, layer).mlp(x)

    def _output(self, final: Tensor, metric: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
        """The metric [batch] and its gradient at the last stream."""
        with torch.enable_grad():
            x = final.detach().requires_grad_()
            values = metric(Rows(self._rows.length, index=self._engine.reads).of(x, self._rows.first))
            (gradient,) = torch.autograd.grad(values.sum(), x)
        return values.detach(), gradient

    # ---- back ----

    def _layer_back(self, layer: int) -> None:
        heads, mlp = self._writers(layer)
        if self._used[mlp]:
            read = mlp if self._reads_heads else heads.start
            with torch.enable_grad():
                x = self._streams(Reader("mlp", layer), self._mlp_number(layer), read)[0].detach().requires_grad_()
                out = self._mlp(layer, x)
                gradient = pull_back(out, x, self._gradient_at(slice(mlp, mlp + 1)).view_as(out))
            self._back(self._mlp_number(layer), read, gradient[None])
        if self._used[heads.start : heads.stop].any():
            ports, math = self._port_numbers(layer), LayerMath(self._adapter, layer)
            x = self._streams(Reader("q", layer), ports, heads.start)
            with torch.enable_grad():
                projected = self._project(math, x).detach().requires_grad_()
                z = self._mix(math, projected)
                outs = math.outs(z, range(len(heads)), math.factor(z))
                gradient = pull_back(outs, projected, self._gradient_at(slice(heads.start, heads.stop)).view_as(outs))
            at_streams = ports_back(math, range(len(x)), x.flatten(1, 2), gradient)
            self._back(ports, heads.start, at_streams.view_as(x))

    def _back(self, numbers: slice, writers: int, gradient: Tensor) -> None:
        """From the gradient at some readers to that of their shares, and on to their writers."""
        flat = widened(gradient.flatten(1))
        self.by_share[numbers, :writers] = flat @ self._differences[:writers].flatten(1).T
        after = self._after[:writers].flatten(1)
        after += self._shares[numbers, :writers].T @ flat
        at_readers = widened(gradient).flatten(1, -2).sum(dim=1)
        self.by_reference[:writers] += (1 - self._shares[numbers, :writers]).T @ at_readers

    def _check(self, share: float) -> None:
        progress.at(share)
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
