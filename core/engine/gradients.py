"""Gradients of the metric at every reader's input, from one backward pass.

Steps:
1. A forward pass that keeps the projected q, k, v of every layer and the input of every MLP and of the output.
2. One backward pass gives the gradient at each of those. In head space it is small: [batch, position, head,
   head_width].
3. Layer by layer, when asked: through the head's rows of w_qkv and the norm to the stream, [ports, batch, position,
   width].

Where autograd's graph of the whole run would be too large (a long prompt), the first pass keeps the stream before each
layer alone, and each layer is made a second time on the way back (`GRAPH_BYTES`): the same gradients, for a third more
time.

The gradient at an edge's input is the gradient at its reader; the gradient at a node is the sum over its outgoing
edges.

There are two passes back. This one has one stream for all ports of a layer, so that one graph of the whole run gives
the gradients of every edge. In `core.engine.circuit_gradients` each port reads a stream of its own, and each layer is
made a second time on the way back, which keeps the graph of one layer alone. What they have in common is stated by
layer, once: `LayerMath` forward, `ports_back` (`core.engine.norm_slopes`) from what ports project to back to the
streams, `pull_back` through all else, and the metric of a stream (`MetricReading.slope`). With all shares 1 the other
pass gives what this one gives, in about twice the time (`make bench ARGS=speed`), since it norms and projects the
stream once for every port: so both stay.

In an interpolated run every edge carries a share of what it carries, and for the rest its replacement:

    x_r = reference stream at r + share * (stream at r - reference stream at r)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from core import progress
from core.engine.layer import Below, LayerMath, Mixed
from core.engine.norm_slopes import ports_back
from core.engine.remade import slimmed
from core.engine.rows import Rows
from core.engine.sizes import gradient_bytes
from core.engine.state import Readout, RunState
from core.graph import Node, Reader
from core.memory import give_back
from core.models.adapter import Adapter
from core.models.streamed import saved_by_layer

Part = tuple[slice, slice]  # of the rows of the batch, and of the rows of the stream
EVERYTHING: Part = (slice(None), slice(None))
GRAPH_BYTES = 2**30  # of autograd's graph of a run; where it would be larger it is that of one layer at a time


def _passed(share: float, at: progress.At) -> Callable[[Tensor], None]:
    """A hook for when the gradient has come so far. It holds nothing of the run, which could then never go."""
    return lambda gradient: at(share)


def _fill(state: RunState, stream: Tensor, mixed: Mixed, factor: Tensor | None) -> None:
    """What a run's state holds of one layer's attention."""
    state.attention_in.append(stream.detach())
    state.q.append(mixed.q.detach())
    state.k.append(mixed.k.detach())
    state.v.append(mixed.v.detach())
    state.z.append(mixed.z.detach())
    state.factors.append(None if factor is None else factor.detach())


@dataclass(frozen=True)
class EdgeInterpolation:
    """share: of what every edge carries, 0 to 1. stream: what a reader reads at 0, [batch or 1, position or 1,
    width]."""

    share: float
    stream: Callable[[Reader], Tensor]


class ReaderGradients:
    """Gradients of sum(metric) over a batch of runs that start from given streams.

    stream: [batch, position, width], an embedding, or what the readers of stage `start` read where the run starts later
    (stage 2l is the attention of layer l, 2l + 1 its MLP, 2 * layers the output; readers before it have no gradients).
    reads: [batch, n] or None, the positions that the output reads. metric: of what `logits` reads there [batch, n,
    width]: [batch]. grid: rows and columns of an image's patches. partly: of the edges.
    first: every tensor holds the rows from there on. below: in a causal model, a run whose rows before those are this
    one's too, so that they are not computed. Its batch may be a part of this one that is repeated.
    state: an empty one, of a run over all rows of a whole stream: it is filled with what this run computes.
    writes: whether `written` and `out` are asked for.
    """

    of_attention: tuple[str, ...] = ("q", "k", "v")  # where gradients are wanted there, or at "z", what heads mix

    def __init__(
        self,
        adapter: Adapter,
        stream: Tensor,
        reads: Tensor | None,
        metric: Callable[[Tensor], Tensor],
        grid: tuple[int, int] | None,
        *,
        partly: EdgeInterpolation | None = None,
        below: RunState | None = None,
        first: int = 0,
        start: int = 0,
        state: RunState | None = None,
        writes: bool = True,
    ) -> None:
        self.adapter = adapter
        self._partly = partly
        self._below = None if below is None or first == 0 else Below(below, first)
        self._rows = Rows(stream.shape[1], 0 if self._below is None else first)  # that are computed
        self._held = slice(first - self._rows.first, None)  # of these
        self._state = state
        self._everywhere = self._rows.places(stream, grid)
        self._norm_in: dict[int, Tensor] = {}
        self._z: dict[int, Tensor] = {}
        self._factors: dict[int, Tensor | None] = {}
        self._mlp_out: dict[int, Tensor] = {}
        self._stream = stream.detach()[:, self._rows.first :]
        self._wanted: dict[tuple[str, int], Tensor] = {}
        self._gradients: dict[tuple[str, int], Tensor] = {}
        self._start = start
        self._writes = writes
        self._run(metric, reads)
        self.metric = self._metrics.detach()
        del self._metrics
        self._wanted.clear()
        self._stream = self._stream.detach()[:, self._held]

    @property
    def _layers(self) -> range:
        return range(self._start // 2, self.adapter.shape.layers)

    def _run(self, metric: Callable[[Tensor], Tensor], reads: Tensor | None) -> None:
        """Both passes."""
        graph, _ = gradient_bytes(self.adapter, self._stream.shape[0] * self._stream.shape[1])
        if graph > GRAPH_BYTES:
            self._by_layers(metric, reads)
        else:
            self._writes = True
            self._at_once(metric, reads)

    def _at_once(self, metric: Callable[[Tensor], Tensor], reads: Tensor | None) -> None:
        """With a graph of the whole run."""
        layers = self.adapter.shape.layers
        with torch.enable_grad(), saved_by_layer(self.adapter):
            x = self._wanted["stream", 0] = self._stream.requires_grad_()
            for layer in self._layers:
                progress.at((layer - self._layers.start) / (3 * layers))
                x.register_hook(_passed(1 - 2 * (layer + 1) / (3 * layers), progress.now()))  # type: ignore[no-untyped-call]
                x = self._layer(layer, x)
            self._metrics = metric(self._output_reads(x, reads))
        self._finish_state(x)
        self._back()

    def _by_layers(self, metric: Callable[[Tensor], Tensor], reads: Tensor | None) -> None:
        """With a graph of one layer at a time. What was freed before, and meanwhile, goes back to the system."""
        give_back()
        layers = self.adapter.shape.layers
        streams, x = self._streams()
        with torch.enable_grad(), saved_by_layer(self.adapter):
            passed = self._from_output(x, metric, reads)
            for layer in reversed(self._layers):
                progress.at(1 - 3 * (layer + 1) / (4 * layers))
                x = streams.pop().detach().requires_grad_()
                passed = self._pass_back(self._layer(layer, x, again=True), x, passed)
        self._gradients["stream", 0] = passed[:, self._held]
        give_back()

    def _streams(self) -> tuple[list[Tensor], Tensor]:
        """The stream before each layer, and that after the last."""
        layers, x = self.adapter.shape.layers, self._stream
        streams = []
        with torch.no_grad():
            for layer in self._layers:
                progress.at((layer - self._layers.start) / (4 * layers))
                streams.append(x)
                x = self._layer(layer, x)
                self._wanted.clear()
        self._finish_state(x)
        return streams, x

    def _from_output(self, x: Tensor, metric: Callable[[Tensor], Tensor], reads: Tensor | None) -> Tensor:
        """From the metric back to the stream after the last layer."""
        x = x.detach().requires_grad_()
        self._metrics = metric(self._output_reads(x, reads))
        return self._pass_back(self._metrics.sum(), x)

    def _pass_back(self, made: Tensor, x: Tensor, gradient: Tensor | None = None) -> Tensor:
        """From what was made of a stream to that; keeps the gradients that are wanted between them."""
        wanted = [x, *self._wanted.values()]
        passed, *others = torch.autograd.grad(made, wanted, gradient, materialize_grads=True)
        self._gradients |= {key: each[:, self._held] for key, each in zip(self._wanted, others, strict=True)}
        self._wanted.clear()
        return passed

    def _layer(self, layer: int, x: Tensor, again: bool = False) -> Tensor:
        """The stream after a layer. again: all but the graph is kept already."""
        added = None if self._start == 2 * layer + 1 else self._attention(layer, x, again)
        after = x if added is None else x + added
        if self._state is not None:
            self._state.after_attention.append(after.detach())
        x = after + self._mlp(layer, x if self.adapter.shape.parallel else after, again)
        if self._state is not None and self._state.slim:
            slimmed(self._state, self.adapter, layer)
        return x

    def _finish_state(self, x: Tensor) -> None:
        if self._state is not None:
            self._state.final = x.detach()
            self._state.readout = Readout(self._state.final, self.adapter)
        self._state = None

    def _back(self) -> None:
        progress.at(1 / 3)
        wanted = list(self._wanted.values())
        with torch.enable_grad():
            total = self._metrics.sum()
        gradients = torch.autograd.grad(total, wanted, materialize_grads=True)
        of_rows = (gradient[:, self._held] for gradient in gradients)
        self._gradients = dict(zip(self._wanted, of_rows, strict=True))

    # ---- forward ----

    def _attention(self, layer: int, stream: Tensor, again: bool) -> Tensor:
        math = LayerMath(self.adapter, layer)
        x = self._read(Reader("q", layer), stream)
        q, k, v = (part.clone() for part in math.split(math.project(math.norm(x))))
        mixed = math.mix(q, k, v, self._everywhere, below=self._below)
        z = mixed.z
        added, factor = math.write(z)
        if not again:
            self._norm_in[layer] = x.detach()[:, self._held]
        if self._writes and not again:
            self._z[layer] = z.detach()[:, self._held]
            self._factors[layer] = None if factor is None else factor.detach()[:, self._held]
        if self._state is not None:
            _fill(self._state, x, mixed, factor)
        attention = {"q": q, "k": k, "v": v, "z": z}
        self._wanted.update({(name, layer): attention[name] for name in self.of_attention})
        return added

    def _mlp(self, layer: int, stream: Tensor, again: bool) -> Tensor:
        x = self._wanted["mlp", layer] = self._read(Reader("mlp", layer), stream).clone()  # the MLP's own
        out = LayerMath(self.adapter, layer).mlp(x)
        if self._writes and not again:
            self._mlp_out[layer] = out.detach()[:, self._held]
        if self._state is not None:
            self._state.mlp_out.append(out.detach())
        return out

    def _output_reads(self, stream: Tensor, reads: Tensor | None) -> Tensor:
        x = self._wanted["logits", self.adapter.shape.layers] = self._read(Reader("logits"), stream).clone()
        return Rows(self._rows.length, index=reads).of(x, self._rows.first)

    def _read(self, reader: Reader, stream: Tensor) -> Tensor:
        if self._partly is None:
            return stream
        reference = self._rows.of(self._partly.stream(reader))
        return reference + self._partly.share * (stream - reference)

    # ---- gradients ----

    def at_start(self) -> Tensor:
        """Gradient at the stream that was given: [batch, position, width]."""
        return self._gradients["stream", 0]

    def layer(self, layer: int, part: Part = EVERYTHING) -> Tensor:
        """Gradients at the readers of a layer, in their order (q, k, v, MLP): [readers, batch, position, width]. Zero
        at those that the run starts behind. part: of the batch and the positions."""
        shape, d_mlp = self.adapter.shape, self._gradients["mlp", layer][part]
        ports = shape.heads + 2 * shape.kv_heads
        gradients = d_mlp.new_empty(ports + 1, *d_mlp.shape)
        gradients[ports] = d_mlp
        if layer not in self._norm_in:
            gradients[:ports] = 0
        else:
            by_kind = [self._gradients[kind, layer][part] for kind in "qkv"]
            by_port = torch.cat(by_kind, dim=2).permute(2, 0, 1, 3)  # [ports, batch, position, head_width]
            self.to_stream(layer, by_port, part=part, out=gradients[:ports])
        return gradients

    def to_stream(
        self, layer: int, by_port: Tensor, first_port: int = 0, part: Part = EVERYTHING, out: Tensor | None = None
    ) -> Tensor:
        """Gradients at what some ports of a layer project to [ports, ..., batch, position, head_width] as gradients at
        what they read, [ports, ..., batch, position, width]. first_port: the number of the first among all q, k, v.
        part: which rows these are. out: where to write them, [ports, batch, position, width]."""
        ports = range(first_port, first_port + len(by_port))
        several = by_port.shape[1:-3].numel()  # of gradients at the same rows
        x = self._norm_in[layer][part].flatten(0, 1).repeat(several, 1)
        rows = None if out is None else out.flatten(1, 2)
        gradients = ports_back(LayerMath(self.adapter, layer), ports, x, by_port.flatten(1, -2), rows)
        return gradients.view(*by_port.shape[:-1], -1)

    def logits(self) -> Tensor:
        """Gradient at the `logits` reader: [1, batch, position, width]."""
        return self._gradients["logits", self.adapter.shape.layers][None]

    def readers(self, layer: int, part: Part = EVERYTHING) -> Tensor:
        """Gradients at the readers of a layer; of the layer after the last, at `logits`."""
        if layer < self.adapter.shape.layers:
            return self.layer(layer, part)
        return self.logits()[(slice(None), *part)]

    @property
    def size(self) -> tuple[int, int]:
        """How many rows of the batch, and of the stream, there are."""
        return self._stream.shape[0], self._stream.shape[1]

    def written(self, layer: int) -> tuple[Tensor, Tensor | None, Tensor]:
        """What the writers of a layer add to the stream in this run: what its heads mix [batch, position, heads,
        head_width], the factor of their joint scale, and what its MLP adds [batch, position, width]."""
        return self._z[layer], self._factors[layer], self._mlp_out[layer]

    def out(self, node: Node) -> Tensor:
        """What a node adds to the stream in this run: [batch, position, width]."""
        if node.kind == "input":
            return self._stream
        if node.kind == "mlp":
            return self._mlp_out[node.layer]
        math = LayerMath(self.adapter, node.layer)
        return math.out(self._z[node.layer][:, :, node.head], node.head, self._factors[node.layer])
