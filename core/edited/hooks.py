"""Edits inside a transformer, as hooks on its own modules. This file needs PyTorch alone: an exported model carries it
beside its weights, and `load` opens that folder with transformers or timm, without Wirescope.

The model runs its own forward. Hooks look at what its parts write to the residual stream, and change what they read:

1. `input` writes what the first block reads. A head writes its part of the product of the output projection with what
   the heads mix, times LayerScale, times the factor of a norm of all heads together. An MLP writes what comes out of
   it. Biases of the output projection belong to no head.
2. A node with edits: the difference between what it carries and what it writes is added to the stream, before the MLP
   of its layer reads it (where that reads after the heads), and at the end of its block.
3. Of an MLP with edited neurons, the last linear map reads other numbers in their places.
4. A reader with edits reads  x = stream + sum over its edited edges of (replacement - what the writer carries).  Of q,
   k and v of a head, the model's norm and projection run once more on x, and the result takes the place of their part.

Positions are counted from the start of the text; with a key cache, from where the cache ends. A value that was taken
from an input is there at the positions of that input, and an edit with it changes nothing beyond them.

plan: {"layers": [a layer's parts, see `core.models.wiring`], "heads", "kv_heads", "head_width", "parallel", "settings":
[[module, attribute, value]], "nodes": {name: [slot]}, "readers": {name: {"slots": [slot], "bias": value, "edges":
[{"writer", "under": [slot or null, for each of the reader's], "slots": [slot]}]}}, "watched": [node], "neurons":
{MLP: {number: [slot]}}, if any}

A slot is {"op": "set" | "scale" | "add" | "project", "value": name of a tensor [rows or 1, position or 1,
width], "everywhere": whether that is one for all positions, "factor", "positions": [[of a row], ...] or null for all,
"strength"}. Of several slots of one target the last one acts, position by position. Of "project" the tensor is
[1, 2, width]: what is measured along the first vector, more than the factor, is taken out along the second.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HALF = (torch.float16, torch.bfloat16)


def wide(x: Tensor) -> Tensor:
    """In fp32 where it is half precision: sums and differences are taken so."""
    return x.float() if x.dtype in HALF else x


class Hooks:
    """The edits of a plan on a module, until `remove`. values: the tensors that the plan names. One forward at once."""

    def __init__(self, module: nn.Module, plan: dict[str, Any], values: dict[str, Tensor]) -> None:
        self.module, self.plan = module, plan
        like = next(module.parameters())
        self.values = {name: wide(value.to(like.device)) for name, value in values.items()}
        self.handles: list[Any] = []
        self.nodes, self.readers = plan["nodes"], plan["readers"]
        edges = [edge["writer"] for reader in self.readers.values() for edge in reader["edges"]]
        self.watched = {*edges, *self.nodes, *plan.get("watched", ())}
        self.settings = [(module.get_submodule(path), name, value) for path, name, value in plan["settings"]]
        self.before = [getattr(owner, name) for owner, name, _ in self.settings]
        for owner, name, value in self.settings:
            setattr(owner, name, value)
        self._forget()
        self.handles.append(module.register_forward_pre_hook(self._begin, with_kwargs=True))
        for number, layer in enumerate(plan["layers"]):
            self._hook_layer(number, layer)

    def remove(self) -> None:
        """Take the edits out: the module computes as before."""
        for handle in self.handles:
            handle.remove()
        self.handles.clear()
        for (owner, name, _), value in zip(self.settings, self.before, strict=True):
            setattr(owner, name, value)
        self.settings = []
        self._forget()

    def _forget(self) -> None:
        self.positions: Tensor | None = None
        self.first = 0
        self.outs: dict[str, Tensor] = {}  # what watched writers wrote
        self.deltas: dict[str, Tensor] = {}  # what edited ones carry more than that
        self.in_stream: Tensor | None = None  # the deltas that the stream has in it
        self.waiting: Tensor | None = None  # those of this layer, which it has not
        self.stream = torch.empty(0, device="cpu")  # before this layer's attention

    def _begin(self, _module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Where the rows of this forward stand."""
        self._forget()
        self.positions = kwargs.get("position_ids")
        cache = next((kwargs[name] for name in ("cache", "past_key_values") if kwargs.get(name) is not None), None)
        self.first = 0 if cache is None else int(cache.get_seq_length())

    def _places(self, x: Tensor) -> Tensor:
        """The positions of the rows of x [batch, n, width]: [batch or 1, n]."""
        if self.positions is None:
            self.positions = torch.arange(x.shape[1], device=x.device)[None] + self.first
        return self.positions.to(x.device)

    # ---- the hooks of a layer ----

    def _hook_layer(self, number: int, layer: dict[str, Any]) -> None:
        block = self.module.get_submodule(layer["block"])
        norm = _part(block, layer["attention_norm"])
        ports = [name for name in self.readers if name.startswith(f"a{number}.")]
        heads = [head for head in range(self.plan["heads"]) if f"a{number}.h{head}" in self.watched]
        mlp, last = f"m{number}", number == len(self.plan["layers"]) - 1

        def before_block(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            x = args[0] if args else kwargs["hidden_states"]
            self.stream, self.waiting = x, None
            if number == 0:
                self._written("input", x)
                x, self.in_stream, self.waiting = self._with_waiting(x), self.waiting, None
            self.stream = x
            return ((x, *args[1:]), kwargs) if args else (args, {**kwargs, "hidden_states": x})

        self.handles.append(block.register_forward_pre_hook(before_block, with_kwargs=True))

        for path, holds in layer["projections"]:
            projection = block.get_submodule(path)
            edited_ports = [(name, rows) for name in ports if (rows := self._rows_of(name, holds)) is not None]
            if edited_ports:
                self.handles.append(projection.register_forward_hook(self._port_hook(norm, edited_ports)))

        if heads:
            inner = _part(block, layer["inner"])
            output = block.get_submodule(layer["output"])

            def before_output(_module: nn.Module, args: tuple[Any, ...]) -> None:
                for head, out in zip(heads, self._outs(block, layer, output, inner, args[0], heads), strict=True):
                    self._written(f"a{number}.h{head}", out)

            self.handles.append((output if layer["inner"] is None else inner).register_forward_pre_hook(before_output))

        later = not self.plan["parallel"] and any(name.startswith(f"a{number}.") for name in self.nodes)
        if mlp in self.readers or later:
            self._hook_mlp_reader(block, layer, mlp)

        if neurons := self.plan.get("neurons", {}).get(mlp):
            last_map = block.get_submodule(layer["mlp_last"])
            self.handles.append(last_map.register_forward_pre_hook(lambda _, args: self._with_neurons(neurons, args)))

        if mlp in self.watched:

            def after_mlp(_module: nn.Module, _args: Any, out: Any) -> None:
                written = out[0] if isinstance(out, tuple) else out
                written = written.reshape(self.stream.shape)
                self._written(mlp, _times(block, layer["mlp_scale"], written))

            writer = block.get_submodule(layer["after_mlp"] or layer["mlp"])
            self.handles.append(writer.register_forward_hook(after_mlp))

        def after_block(_module: nn.Module, _args: Any, out: Any) -> Any:
            x = self._with_waiting(out[0] if isinstance(out, tuple) else out)
            if self.waiting is not None:
                self.in_stream = self.waiting if self.in_stream is None else self.in_stream + self.waiting
                self.waiting = None
            if last and "logits" in self.readers:
                x = self._read("logits", x, self.in_stream)
            if last:
                self._forget()
            return (x, *out[1:]) if isinstance(out, tuple) else x

        self.handles.append(block.register_forward_hook(after_block))

    def _hook_mlp_reader(self, block: nn.Module, layer: dict[str, Any], name: str) -> None:
        """What the MLP reads: through its norm's input; where the norm is another's too, or there is none, through its
        own."""
        parallel, shared = self.plan["parallel"], layer["mlp_norm"] in (None, layer["attention_norm"])
        norm = _part(block, layer["mlp_norm"])

        def before(_module: nn.Module, args: tuple[Any, ...]) -> Any:
            given = args[0]
            x = self.stream if parallel and shared else given.reshape(self.stream.shape).to(self.stream.device)
            deltas = self.in_stream
            if not parallel:
                x = self._with_waiting(x)
                deltas = self.waiting if deltas is None else deltas if self.waiting is None else deltas + self.waiting
            if name in self.readers:
                x = self._read(name, x, deltas)
            if shared:
                x = norm.forward(x)
            return (x.reshape(given.shape).to(given.device), *args[1:])

        hooked = block.get_submodule(layer["mlp"]) if shared else norm
        self.handles.append(hooked.register_forward_pre_hook(before))

    def _rows_of(self, name: str, holds: str) -> slice | None:
        """The part of a projection's output that is a port's."""
        head, kind = int(re.split(r"\D+", name)[2]), name[-2]
        heads, kv_heads, size = self.plan["heads"], self.plan["kv_heads"], self.plan["head_width"]
        in_all = head + {"q": 0, "k": heads, "v": heads + kv_heads}[kind]
        at = {"by head": 3 * head + "qkv".index(kind), "qkv": in_all, kind: head}.get(holds)
        return None if at is None else slice(at * size, (at + 1) * size)

    def _port_hook(self, norm: nn.Module, chosen: list[tuple[str, slice]]) -> Any:
        alike: dict[str, list[slice]] = {}  # readers with the same edits share a norm
        of: dict[str, str] = {}
        for name, rows in chosen:
            key = json.dumps(self.readers[name])
            alike.setdefault(key, []).append(rows)
            of.setdefault(key, name)

        def after_projection(module: nn.Module, _args: Any, out: Tensor) -> Tensor:
            out = out.clone()
            for key, parts in alike.items():
                normed = norm.forward(self._read(of[key], self.stream, self.in_stream))
                linear = type(module) is nn.Linear or type(module).__name__ == "Conv1D"  # of which rows can be taken
                whole = None if linear else module.forward(normed).to(out.device)
                for rows in parts:
                    out[..., rows] = _project(module, normed, rows) if whole is None else whole[..., rows]
            return out

        return after_projection

    # ---- what is written ----

    def _outs(
        self, block: nn.Module, layer: dict[str, Any], output: Any, inner: Any, z: Tensor, heads: list[int]
    ) -> list[Tensor]:
        """What heads write, of what all mix [batch, n, heads * head_width]: [batch, n, width] each."""
        size = self.plan["head_width"]
        w = output.weight.T if type(output).__name__ == "Conv1D" else output.weight
        factor: Tensor | None = None
        if layer["joint"] is not None:
            path, more = layer["joint"]
            norm: Any = block.get_submodule(path)
            total = wide(F.linear(z, w))
            eps = norm.eps if hasattr(norm, "eps") else norm.variance_epsilon
            factor = torch.rsqrt(total.square().mean(-1, keepdim=True) + eps) * (wide(norm.weight) + more)
        outs = []
        for head in heads:
            rows = slice(head * size, (head + 1) * size)
            inside = layer["inner"] is not None
            out = F.linear(_share_in_norm(inner, z, rows), w) if inside else F.linear(z[..., rows], w[:, rows])
            out = _times(block, layer["scale"], out)
            outs.append(out if factor is None else (out * factor).to(out.dtype))
        return outs

    def _written(self, name: str, out: Tensor) -> None:
        if name not in self.watched:
            return
        out = self.outs[name] = wide(out).to(self.stream.device)  # a layer may lie on another one
        if name in self.nodes:
            carried = self._changed(self.nodes[name], out, out)
            delta = self.deltas[name] = carried - out
            self.waiting = delta if self.waiting is None else self.waiting + delta

    def _with_neurons(self, neurons: dict[str, list[dict[str, Any]]], args: tuple[Any, ...]) -> tuple[Any, ...]:
        """What an MLP's last linear map reads, with edited neurons."""
        hidden = wide(args[0]).reshape(*self.stream.shape[:2], -1).clone()
        for number, slots in neurons.items():
            out = hidden[..., int(number), None].clone()
            hidden[..., int(number), None] = self._changed(slots, out, out)
        return (hidden.reshape(args[0].shape).to(args[0].dtype), *args[1:])

    def _with_waiting(self, x: Tensor) -> Tensor:
        return x if self.waiting is None else (wide(x) + self.waiting).to(x.dtype)

    # ---- what is read ----

    def _read(self, name: str, stream: Tensor, deltas: Tensor | None) -> Tensor:
        """What a reader with edits reads. deltas: of edited nodes, which the stream has in it."""
        reader = self.readers[name]
        x = wide(stream)
        acting = self._acting(reader["slots"], x)  # at their rows, whatever x becomes
        unedited = x if deltas is None else x - deltas
        for slot, share in acting:
            if slot["op"] == "scale":
                bias = self.values[reader["bias"]].to(x.device)
                value = bias + (unedited - bias) * slot["factor"]
            else:
                value = self._value(slot, x, x)
            x = x + share * (value - x)
        for edge in reader["edges"]:
            out = self.outs[edge["writer"]]
            current = out + self.deltas[edge["writer"]] if edge["writer"] in self.deltas else out
            after = current
            for (_slot, share), under in zip(acting, edge["under"], strict=True):
                if under is not None:
                    after = after + share * (self._value(under, out, out) - after)
            x = x + (self._changed(edge["slots"], after, out) - after)
        return x.to(stream.dtype)

    def _changed(self, slots: list[dict[str, Any]], current: Tensor, out: Tensor) -> Tensor:
        for slot, share in self._acting(slots, out):
            current = current + share * (self._value(slot, out, out) - current)
        return current

    def _value(self, slot: dict[str, Any], out: Tensor, like: Tensor) -> Tensor:
        """The whole replacement of what is there."""
        value = out * slot["factor"] if slot["op"] == "scale" else self._at(slot, like)
        if slot["op"] == "add":
            value = out + slot["factor"] * value
        elif slot["op"] == "project":
            along, taken = value[0].to(out.dtype)
            value = out - ((out @ along)[..., None] - slot["factor"]) * taken
        return value

    def _at(self, slot: dict[str, Any], like: Tensor) -> Tensor:
        """A slot's tensor at the rows of this forward, broadcastable to them."""
        value = self.values[slot["value"]].to(like.device)  # the module may have been moved
        if not slot["everywhere"]:
            places = self._places(like).clamp(max=value.shape[1] - 1)
            if len(places) == 1:
                value = value[:, places[0]]
            else:
                rows = torch.arange(len(places), device=places.device)[:, None]
                value = self._of_batch(value, len(places))[rows if len(value) > 1 else 0, places]
        return self._of_batch(value, len(like))

    def _acting(self, slots: list[dict[str, Any]], like: Tensor) -> list[tuple[dict[str, Any], Any]]:
        """The slots with their share at each row: their strength where no later one acts, 0 elsewhere."""
        acting_slots: list[tuple[dict[str, Any], Any]] = []
        places = self._places(like)
        taken: Tensor | None = None  # the rows that later slots act at: [batch or 1, n]
        for slot in reversed(slots):
            there = torch.ones_like(places, dtype=torch.bool) if slot["positions"] is None else self._mask(slot, places)
            free = there if taken is None else there & ~taken
            whole = slot["positions"] is None and taken is None
            taken = there if taken is None else taken | there
            if slot["op"] != "scale" and not slot["everywhere"]:
                free, whole = free & (places < self.values[slot["value"]].shape[1]), False
            share: Any = 1.0 if whole else self._of_batch(free[:, :, None].to(like.dtype), len(like))
            acting_slots.append((slot, share * slot["strength"]))
        return acting_slots[::-1]

    def _mask(self, slot: dict[str, Any], places: Tensor) -> Tensor:
        """Which rows stand at a slot's positions: [batch or 1, n]."""
        rows = [torch.tensor(at, dtype=places.dtype, device=places.device) for at in slot["positions"]]
        count = max(len(rows), len(places))
        if count % len(rows) or count % len(places):
            raise ValueError(f"The edits were made for {len(rows)} inputs at once, and there are {len(places)}.")
        by_row = [rows[row * len(rows) // count] for row in range(count)]
        return torch.stack([torch.isin(places[row * len(places) // count], at) for row, at in enumerate(by_row)])

    @staticmethod
    def _of_batch(x: Tensor, batch: int) -> Tensor:
        """Rows of the edits as rows of a batch: each as often as generation repeats it."""
        if len(x) in (1, batch):
            return x
        if batch % len(x):
            raise ValueError(f"The edits were made for {len(x)} inputs at once, and there are {batch}.")
        return x.repeat_interleave(batch // len(x), dim=0)


def _part(module: nn.Module, path: str | None) -> nn.Module:
    return nn.Identity() if path is None else module.get_submodule(path)


def _times(block: nn.Module, scale: Any, x: Tensor) -> Tensor:
    """What a block multiplies what is written by: nothing, a number, or a parameter [width]."""
    if isinstance(scale, str):
        owner, _, name = scale.rpartition(".")
        scale = getattr(block.get_submodule(owner), name)
    return x if scale is None else x * scale


def _project(module: Any, x: Tensor, rows: slice) -> Tensor:
    w = module.weight.T if type(module).__name__ == "Conv1D" else module.weight
    return F.linear(x.to(w.device), w[rows], None if module.bias is None else module.bias[rows])


def _share_in_norm(norm: Any, z: Tensor, rows: slice) -> Tensor:
    """What a norm makes of a part of its input z, by the scale of the whole and without its bias."""
    whole, part = wide(z), torch.zeros_like(wide(z))
    part[..., rows] = whole[..., rows]
    if isinstance(norm, nn.LayerNorm):
        scale = torch.rsqrt(whole.var(-1, unbiased=False, keepdim=True) + norm.eps)
        part = part - part.mean(-1, keepdim=True)
    else:
        scale = torch.rsqrt(whole.square().mean(-1, keepdim=True) + norm.eps)
    part = part * scale
    return (part if norm.weight is None else part * wide(norm.weight)).to(z.dtype)


def load(folder: str | Path = "", **options: Any) -> Any:
    """The model of an exported folder (by default the one that this file is in) with its edits inside. options: for
    transformers' from_pretrained. `model.edits.remove()` takes them out."""
    from safetensors.torch import load_file

    place = Path(folder) if folder else Path(__file__).resolve().parent
    plan = json.loads((place / "edits.json").read_text(encoding="utf-8"))
    config = json.loads((place / "config.json").read_text(encoding="utf-8"))
    module: Any
    if "architectures" in config:
        import transformers

        module = getattr(transformers, plan["class"]).from_pretrained(place, **options)
    else:
        import timm

        module = timm.create_model(f"local-dir:{place}", pretrained=True)
    module.eval()
    module.edits = Hooks(module, plan, load_file(place / "edits.safetensors"))
    return module
