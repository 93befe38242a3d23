"""The oracle: what an edited run gives, from PyTorch hooks on the original model. It shares no code with core.

The model runs its own forward. Hooks only look, and change what a reader reads:

1. Each component's output to the stream is recorded as it is added: the stream itself before the first block for
   `input`; for a head, what the model's own output projection and LayerScale make of the head's part of their input
   minus what they make of nothing (so that no bias belongs to a head), times what a norm of all heads together makes
   of their sum in that pass; the MLP's output after its LayerScale or norm.
2. A reader's input is the stream in this run plus, for each edited edge into it, (what the edit lets flow) - (what the
   writer wrote in this run).
3. An MLP and the output read theirs through the input of their norm. For q, k and v of each head, the model's own norm
   and projection run once more on the reader's input, and the reader's slice replaces that of the real projection.

The stream, the mask, rotary embeddings, pooling and everything else stay the model's own.

What flows along an edge is stated in `core/edits.py`, and again, on its own, in `_flow`.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tests.layouts import Block, layout


class AnyEdit(Protocol):
    """An intervention, by its fields alone."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Any: ...
    @property
    def positions(self) -> Any: ...
    @property
    def value(self) -> Any: ...
    @property
    def strength(self) -> float: ...
    @property
    def seed(self) -> int: ...


ADDED = ("steer", "noise", "project")  # kinds that add to all that a reader reads


@dataclass(frozen=True)
class Run:
    """The model's own output, what each writer added to the stream, and the streams: before each layer's attention
    (`a0`), before its MLP (`m0`), at the end (`logits`)."""

    output: Tensor
    outs: dict[str, Tensor]
    streams: dict[str, Tensor]


class Oracle:
    """Edited runs of `model` on the input `a`, with values from the counterfactual `b`.

    lengths: how many positions of each row are real. mean_over_positions: one mean for all positions; by default for a
    single row alone. roles: half-open spans by name, one a row. dataset: other clean inputs and their lengths, for
    means and resampling.
    """

    def __init__(
        self,
        model: nn.Module,
        a: Tensor,
        b: Tensor | None = None,
        lengths: Sequence[int] | None = None,
        mean_over_positions: bool | None = None,
        roles: Mapping[str, Sequence[tuple[int, int]]] | None = None,
        dataset: tuple[Tensor, Sequence[int]] | None = None,
    ) -> None:
        self.model, self.a, self.lengths, self.roles = model, a, lengths, roles or {}
        self.layout = layout(model)
        one = len(a if dataset is None else dataset[0]) == 1
        self.over_positions = one if mean_over_positions is None else mean_over_positions
        self._means: dict[str, Tensor] = {}
        self._masks: dict[tuple[Any, ...], Tensor] = {}
        self.clean = self._run(a, {})
        self.dataset = a if dataset is None else dataset[0]
        size = a.shape[1] if a.ndim == 2 else 0
        own = lengths if dataset is None else dataset[1]
        self.dataset_lengths = list(own) if own is not None else [size] * len(self.dataset)
        self.others = self.clean if dataset is None else self._run(self.dataset, {})
        self.counterfactual = None if b is None else self._run(b, {})

    @property
    def writers(self) -> list[str]:
        return list(self.clean.outs)

    def run(self, edits: Iterable[AnyEdit]) -> Tensor:
        """The model's output with edits: logits [batch, position, vocabulary], [batch, classes] or [batch, width]."""
        targets: dict[str, list[AnyEdit]] = {}
        for edit in edits:
            targets.setdefault(_canonical(edit.name), []).append(edit)
        return self._run(self.a, targets).output

    def _run(self, x: Tensor, edits: dict[str, list[AnyEdit]]) -> Run:
        outs: dict[str, Tensor] = {}
        streams: dict[str, Tensor] = {}

        def read(reader: str, stream: Tensor) -> Tensor:
            """Step 2: the reader's input. All that is in `outs` was written before it."""
            if not edits:
                return stream
            of_nodes = stream  # with the edits of nodes alone
            whole = f"->{reader}" in edits
            for writer, out in outs.items():
                if self.layout.parallel and writer.startswith(f"a{reader.removeprefix('m')}."):
                    continue  # it writes beside this MLP, not before it
                if whole or writer in edits or f"{writer}->{reader}" in edits:
                    stream = stream + (self._flow(edits, writer, reader, out) - out)
                    if whole and writer in edits:
                        of_nodes = of_nodes + (self._flow({writer: edits[writer]}, writer, reader, out) - out)
            if whole:
                stream = stream + self._added(edits[f"->{reader}"], reader, of_nodes)
            return stream

        def asked(writer: str) -> bool:
            """Whether a run with edits needs what a writer writes."""
            return not edits or writer in edits or any(name.startswith(("->", f"{writer}->")) for name in edits)

        with ExitStack() as hooks, torch.no_grad():
            for layer, block in enumerate(self.layout.blocks):
                self._hook_attention(hooks, layer, block, outs, streams, read, asked)
                self._hook_mlp(hooks, layer, block, outs, streams, read)

            def before_logits(_module: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
                streams["logits"] = args[0]
                return (read("logits", args[0]),)

            def after_blocks(module: nn.Module, _args: Any, output: Tensor) -> Tensor:
                return before_logits(module, (output,))[0]

            if self.layout.norm is not None:
                _hook(hooks, self.layout.norm.register_forward_pre_hook(before_logits))
            else:
                assert self.layout.last is not None
                _hook(hooks, self.layout.last.register_forward_hook(after_blocks))
            output = output_of(self.model, x)
        return Run(output, outs, streams)

    def _hook_attention(
        self,
        hooks: ExitStack,
        layer: int,
        block: Block,
        outs: dict[str, Tensor],
        streams: dict[str, Tensor],
        read: Callable[[str, Tensor], Tensor],
        asked: Callable[[str], bool],
    ) -> None:
        heads, kv_heads = self.layout.heads, self.layout.kv_heads

        def before_norm(_module: nn.Module, args: tuple[Tensor, ...]) -> None:
            streams[f"a{layer}"] = args[0]
            if layer == 0:
                outs["input"] = args[0]

        def after_projection(ports: list[tuple[str, int, slice]]) -> Callable[..., Tensor]:
            def replace(module: nn.Module, _args: Any, output: Tensor) -> Tensor:
                output = output.clone()
                stream = streams[f"a{layer}"]
                for port, head, where in ports:
                    letter = "h" if port == "q" or heads == kv_heads else "kv"
                    x = read(f"a{layer}.{letter}{head}<{port}>", stream)
                    if x is not stream:
                        output[..., where] = module.forward(block.attention_norm.forward(x))[..., where]
                return output

            return replace

        inner = None if isinstance(block.inner, nn.Identity) else block.inner

        def before_output(_module: nn.Module, args: tuple[Tensor, ...]) -> None:
            z = args[0]
            size = z.shape[-1] // heads
            names = {head: f"a{layer}.h{head}" for head in range(heads)}
            names = {head: name for head, name in names.items() if asked(name)}
            if not names:
                return
            nothing = block.scale.forward(block.output.forward(torch.zeros_like(z)))
            factor: Tensor | float = 1.0
            if block.joint is not None:  # an RMSNorm: each number of the sum times a factor
                together = block.output.forward(z)
                factor = torch.where(together == 0, 0.0, block.joint.forward(together) / together)
            for head, name in names.items():
                part = torch.zeros_like(z)
                part[..., head * size : (head + 1) * size] = z[..., head * size : (head + 1) * size]
                if inner is not None:
                    part = _share_in_norm(inner, z, part)
                outs[name] = (block.scale.forward(block.output.forward(part)) - nothing) * factor

        _hook(hooks, (block.stream or block.attention_norm).register_forward_pre_hook(before_norm))
        for module, ports in block.projections:
            _hook(hooks, module.register_forward_hook(after_projection(ports)))
        _hook(hooks, (inner or block.output).register_forward_pre_hook(before_output))

    def _hook_mlp(
        self,
        hooks: ExitStack,
        layer: int,
        block: Block,
        outs: dict[str, Tensor],
        streams: dict[str, Tensor],
        read: Callable[[str, Tensor], Tensor],
    ) -> None:
        def before_norm(_module: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            streams[f"m{layer}"] = args[0].reshape(streams[f"a{layer}"].shape)  # OPT joins batch and positions
            return (read(f"m{layer}", streams[f"m{layer}"]).reshape(args[0].shape),)

        def before_mlp(_module: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            streams[f"m{layer}"] = streams[f"a{layer}"]
            x = read(f"m{layer}", streams[f"m{layer}"])
            return args if x is streams[f"m{layer}"] else (block.mlp_norm.forward(x),)

        def after_mlp(_module: nn.Module, _args: Any, output: Tensor) -> None:
            written = block.mlp_scale.forward(output[0] if isinstance(output, tuple) else output)
            outs[f"m{layer}"] = written.reshape(streams[f"m{layer}"].shape)

        if block.mlp_norm is block.attention_norm:
            _hook(hooks, block.mlp.register_forward_pre_hook(before_mlp))
        else:
            _hook(hooks, block.mlp_norm.register_forward_pre_hook(before_norm))
        _hook(hooks, block.mlp.register_forward_hook(after_mlp))

    def _flow(self, edits: dict[str, list[AnyEdit]], writer: str, reader: str, out: Tensor) -> Tensor:
        """What flows along an edge: the node's edits, then the reader's, then the edge's, each blending with what the
        one before left; of several edits of one target, the last at each position."""
        flowing = out
        for target in (writer, f"->{reader}", f"{writer}->{reader}"):
            changed = flowing
            for edit in edits.get(target, ()):
                apart = target.startswith("->") and edit.kind in ADDED  # see _added
                value = flowing if apart else self._value(edit, writer, out)
                blend = (1 - edit.strength) * flowing + edit.strength * value
                changed = blend if edit.positions is None else torch.where(self._mask(edit, out), blend, changed)
            flowing = changed
        return flowing

    def _added(self, edits: list[AnyEdit], reader: str, stream: Tensor) -> Tensor:
        """What `steer`, `noise` and `project` add to all that a reader reads, where no later edit of it took their
        place."""
        added = torch.zeros_like(stream)
        for edit in edits:
            vector = self._vector(edit, f"->{reader}", stream) if edit.kind in ADDED else None
            for row, at in self._places(edit, stream):
                added[row, at] = 0.0 if vector is None else edit.strength * vector[row, at]
        return added

    def _vector(self, edit: AnyEdit, target: str, like: Tensor) -> Tensor:
        """The vector that `steer` adds everywhere, what `noise` adds to a writer or (`->name`) a reader, or what
        `project` adds to what is there (`like`)."""
        if edit.kind == "project":
            width = like.shape[-1]
            numbers = torch.as_tensor(edit.value, dtype=like.dtype)
            p = numbers[:width]
            q = numbers[width : 2 * width] if len(numbers) >= 2 * width else p
            level = float(numbers[-1]) if len(numbers) % width else 0.0
            over = torch.einsum("brw,w->br", like, p) - level * p.norm()
            return -torch.einsum("br,w->brw", over, q) / torch.dot(p, q)
        if edit.kind == "steer":
            return torch.as_tensor(edit.value, dtype=like.dtype).expand_as(like)
        if target.startswith("->"):
            name = target[2:]
            layer = name[1:].partition(".")[0]
            key = name if name in self.clean.streams else f"a{layer}"
            clean = self.clean.streams[key]
        else:
            clean = self.clean.outs[target]
        numbers = torch.Generator().manual_seed(zlib.crc32(f"{edit.seed} {target}".encode()))
        drawn = torch.randn(clean.shape, generator=numbers, dtype=torch.float64)
        for row in range(len(clean)):
            length = clean.shape[1] if self.lengths is None else self.lengths[row]
            drawn[row] *= clean[row, :length].square().mean().sqrt()
        return edit.value * drawn

    def _mask(self, edit: AnyEdit, out: Tensor) -> Tensor:
        """Where an edit of some positions is: [batch, position, 1]."""
        key = (*edit.positions, out.shape[:2])
        if key not in self._masks:
            mask = self._masks[key] = torch.zeros(*out.shape[:2], 1, dtype=torch.bool)
            for row, at in self._places(edit, out):
                mask[row, at] = True
        return self._masks[key]

    def _places(self, edit: AnyEdit, out: Tensor) -> list[tuple[int, list[int]]]:
        """Rows, and the positions of each that an edit means. Negative ones count from the row's real end."""
        found = []
        for row in range(out.shape[0]):
            length = out.shape[1] if self.lengths is None else self.lengths[row]
            places: set[int] = set()
            for position in range(out.shape[1]) if edit.positions is None else edit.positions:
                if isinstance(position, str):
                    places |= set(range(*self.roles[position][row]))
                else:
                    places.add(position + length if position < 0 else position)
            found.append((row, sorted(places)))
        return found

    def _value(self, edit: AnyEdit, writer: str, out: Tensor) -> Tensor:
        if edit.kind == "patch":
            assert self.counterfactual is not None
            return self.counterfactual.outs[writer]
        if edit.kind == "zero":
            return torch.zeros_like(out)
        if edit.kind == "mean":
            return self.mean(writer)
        if edit.kind == "scale":
            return edit.value * out  # type: ignore[no-any-return]
        if edit.kind == "resample":
            donors = [self._donor(row, edit.seed) for row in range(len(out))]
            return self.others.outs[writer][donors][:, : out.shape[1]]
        return out + self._vector(edit, writer, out)

    def _donor(self, row: int, seed: int) -> int:
        """Another input, no shorter, drawn by the seed."""
        mine = self.a[row] if self.lengths is None else self.a[row, : self.lengths[row]]
        fit = []
        for number, other in enumerate(self.dataset):
            length = self.dataset_lengths[number]
            same = other[: len(mine)] if mine.ndim == 1 else other
            if (mine.ndim > 1 or length >= len(mine)) and not torch.equal(mine, same):
                fit.append(number)
        return random.Random(f"{seed} {row}").choice(fit)

    def mean(self, writer: str) -> Tensor:
        """The mean of a writer's output over the real positions of the clean inputs: [batch, position, width]."""
        if writer in self._means:
            return self._means[writer]
        out = self.others.outs[writer]
        lengths = [out.shape[1]] * len(out) if self.a.ndim > 2 else self.dataset_lengths
        result = torch.zeros_like(self.clean.outs[writer])
        for row, values in enumerate(result):
            size = len(values) if self.lengths is None or self.a.ndim > 2 else self.lengths[row]
            for position in range(size):
                alike = self._alike(row, position, size, lengths)
                values[position] = torch.stack([out[other, place] for other, place in alike]).mean(dim=0)
        self._means[writer] = result
        return result

    def _alike(self, row: int, position: int, size: int, lengths: Sequence[int]) -> list[tuple[int, int]]:
        """The positions, with their rows, that a mean at a position is over: of all rows those that are as far from the
        nearer end of a role that holds it, else of the row; from the other end where fewer than two reach so far."""
        if self.over_positions:
            return [(other, place) for other, length in enumerate(lengths) for place in range(length)]
        spans = [((0, size), [(0, length) for length in lengths])]
        for role in self.roles.values() if self.dataset is self.a else ():
            if role[row][0] <= position < role[row][1]:
                spans.insert(0, (role[row], list(role)))
        for (start, stop), others in sorted(spans, key=lambda item: item[0][1] - item[0][0]):
            left, right = position - start, stop - position
            from_start = [(o, first + left) for o, (first, last) in enumerate(others) if left < last - first]
            from_end = [(o, last - right) for o, (first, last) in enumerate(others) if right <= last - first]
            for alike in (from_end, from_start) if right - 1 <= left else (from_start, from_end):
                if len(alike) >= min(2, len(lengths)):
                    return alike
        raise ValueError(f"position {position} has no mean")


def _canonical(name: str) -> str:
    """`a0.h1<q>` and `logits` as targets mean the readers `->a0.h1<q>` and `->logits`."""
    return f"->{name}" if name == "logits" or ("<" in name and "->" not in name) else name


def _share_in_norm(norm: Any, z: Tensor, part: Tensor) -> Tensor:
    """What a norm makes of a part of its input z, with the deviation of the whole and without its bias."""
    if isinstance(norm, nn.LayerNorm):
        deviation = ((z - z.mean(-1, keepdim=True)) ** 2).mean(-1, keepdim=True).add(norm.eps).sqrt()
        part = part - part.mean(-1, keepdim=True)
    else:
        deviation = (z**2).mean(-1, keepdim=True).add(norm.eps).sqrt()
    return part / deviation * norm.weight


def _hook(hooks: ExitStack, handle: Any) -> None:
    hooks.callback(handle.remove)


def output_of(model: nn.Module, inputs: Tensor) -> Tensor:
    """What a model gives: logits, or of one without a head its pooled embedding. The pooler of ViT and DeiT is no part
    of it: theirs is the normed class token."""
    output: Any = model(inputs)
    if isinstance(output, Tensor):
        return output
    named = (getattr(output, name, None) for name in ("logits", "image_embeds", "text_embeds"))
    found: Tensor | None = next((each for each in named if each is not None), None)
    if type(model).__name__ == "IJepaModel":
        found = output.last_hidden_state.mean(dim=1)
    if found is None and not type(model).__name__.startswith(("ViT", "DeiT")):
        found = output.pooler_output
    return output.last_hidden_state[:, 0] if found is None else found  # type: ignore[no-any-return]
