"""The oracle of edits of single weights of attention. It shares no code with core.

The model runs its own forward, with the oracle's hooks for all other edits. A mode of PyTorch's sees each softmax of an
attention as the model calls it (a fused attention is written out, as PyTorch's manual states it), and changes entries
one by one: scores before it, weights after it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from tests.oracle import AnyEdit, Oracle, output_of

Entry = tuple[int, int, int, int, int]  # layer, head, row, query, key
_FUSED = F.scaled_dot_product_attention
_SOFTMAXES = (torch.softmax, F.softmax, Tensor.softmax)


class _Attention(TorchFunctionMode):
    """layer: of the attention that runs now, else None. change: scores, whether before the softmax -> what they become,
    both [batch, head, query, key and, with a sink, one more]."""

    def __init__(self, change: Callable[[int, Tensor, bool], Tensor]) -> None:
        super().__init__()
        self.layer: int | None = None
        self._change = change

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self.layer is None or (func is not _FUSED and func not in _SOFTMAXES):
            return func(*args, **kwargs)
        if func is _FUSED:
            return self._written_out(*args, **kwargs)
        scores, *rest = args
        changed = self._change(self.layer, scores, True)
        return self._change(self.layer, func(changed, *rest, **kwargs), False)

    def _written_out(
        self,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        assert self.layer is not None
        assert dropout_p == 0
        if k.shape[1] != q.shape[1]:
            k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], dim=1) for x in (k, v))
        scores = q @ k.transpose(-2, -1) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
        if is_causal:
            unseen = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(diagonal=1)
            scores = scores.masked_fill(unseen, -math.inf)
        if attn_mask is not None:
            scores = scores.masked_fill(~attn_mask, -math.inf) if attn_mask.dtype == torch.bool else scores + attn_mask
        scores = self._change(self.layer, scores, True)
        weights = scores.exp() / scores.exp().sum(dim=-1, keepdim=True)
        return self._change(self.layer, weights, False) @ v


class PatternOracle:
    """Runs of an oracle's model with edits of weights of attention beside its own."""

    def __init__(self, oracle: Oracle, b: Tensor | None) -> None:
        self.oracle = oracle
        self._of_b: dict[int, Tensor] = {}
        self._last: tuple[list[AnyEdit], tuple[Tensor, dict[int, Tensor]]] | None = None  # a run, for all that asks
        if b is not None:
            with torch.no_grad():
                self._under(self._keep(self._of_b), lambda: output_of(oracle.model, b))

    def run(self, edits: Iterable[AnyEdit]) -> Tensor:
        """The model's output with edits."""
        return self._both(edits)[0]

    def pattern(self, edits: Iterable[AnyEdit], layer: int, head: int) -> Tensor:
        """The weights of a head under edits: [batch, query, key]. A sink's is no weight of a position."""
        weights = self._both(edits)[1][layer][:, head]
        return weights[..., : weights.shape[-2]]

    def _both(self, edits: Iterable[AnyEdit]) -> tuple[Tensor, dict[int, Tensor]]:
        edits = list(edits)
        if self._last is not None and self._last[0] == edits:
            return self._last[1]
        entries: dict[Entry, AnyEdit] = {}  # the last edit of each
        others = []
        for edit in edits:
            if "[" in edit.name:
                entries.update(dict.fromkeys(self._entries(edit), edit))
            else:
                others.append(edit)
        seen: dict[int, Tensor] = {}
        keep = self._keep(seen)

        def change(layer: int, x: Tensor, before: bool) -> Tensor:
            of_layer = {entry: edit for entry, edit in entries.items() if entry[0] == layer}
            if of_layer:
                x = x.clone()
            for (_, head, row, query, key), edit in of_layer.items():
                at = row, head, query, key
                if edit.kind == "knockout":
                    if before:
                        x[at] += math.log(1 - edit.strength) if edit.strength < 1 else -math.inf
                elif not before:
                    value = {"zero": 0.0, "patch": None, "scale": None}[edit.kind]
                    if edit.kind == "patch":
                        value = float(self._of_b[layer][at])
                    elif edit.kind == "scale":
                        value = edit.value * float(x[at])
                    assert value is not None
                    x[at] = (1 - edit.strength) * x[at] + edit.strength * value
            return keep(layer, x, before)

        self._last = edits, (self._under(change, lambda: self.oracle.run(others)), seen)
        return self._last[1]

    def _entries(self, edit: AnyEdit) -> list[Entry]:
        head, _, keys = edit.name.rstrip("]").partition("[")
        layer, number = (int(part) for part in head.removeprefix("a").split(".h"))
        rows, length = self.oracle.a.shape[0], self.oracle.clean.streams["a0"].shape[1]
        named = [int(key) if key.lstrip("-").isdigit() else key for key in keys.split(",")]
        every = range(length)
        found = []
        for row in range(rows):
            real = length if self.oracle.lengths is None else self.oracle.lengths[row]
            sides = []
            for positions in (edit.positions, named):
                places: set[int] = set(every) if positions is None else set()
                for position in positions or ():
                    if isinstance(position, str):
                        places |= set(range(*self.oracle.roles[position][row]))
                    else:
                        places.add(position % real)
                sides.append(sorted(places))
            found += [(layer, number, row, query, key) for query in sides[0] for key in sides[1]]
        return found

    @staticmethod
    def _keep(seen: dict[int, Tensor]) -> Callable[[int, Tensor, bool], Tensor]:
        def keep(layer: int, x: Tensor, before: bool) -> Tensor:
            if not before:
                seen[layer] = x
            return x

        return keep

    def _under(self, change: Callable[[int, Tensor, bool], Tensor], run: Callable[[], Tensor]) -> Tensor:
        """What `run` gives while each attention of the model is changed."""
        mode = _Attention(change)

        def enter(number: int) -> Callable[..., None]:
            return lambda *_: setattr(mode, "layer", number)

        with ExitStack() as hooks, mode:
            for number, block in enumerate(self.oracle.layout.blocks):
                first = block.stream or block.attention_norm
                inner = None if type(block.inner).__name__ == "Identity" else block.inner
                handles = (
                    first.register_forward_pre_hook(enter(number)),
                    (inner or block.output).register_forward_pre_hook(lambda *_: setattr(mode, "layer", None)),
                )
                for handle in handles:
                    hooks.callback(handle.remove)
            return run()
