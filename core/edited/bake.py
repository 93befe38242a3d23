"""Edits of nodes as plain weights: `ws.bake(model, edits)`.

Edits of neurons and of experts are held too: what they add becomes c times that, and of a neuron a constant may be
added, in the bias of the last linear map.

What a node writes becomes  c * what it writes + v,  at every position:

    zero: c = 1 - strength          scale: c = 1 - strength + strength * value
    mean, optimal: c = 1 - strength, v = strength * the mean or constant          steer: c = 1, v = strength * vector

1. A head: its columns of the output projection times c; v, less LayerScale, to that projection's bias.
2. An MLP: its last linear map, of every expert, times c; where a norm follows, that norm's weight instead; v to its
   bias.
3. A neuron: its column of the last linear map times c; v times that column, before the edit, to the map's bias. An
   expert: its last weights and bias times c.

What no weight holds is refused with the reason: edits of edges and readers, at some positions, of values that differ by
position, of `input` (an embedding is often the unembedding too), of heads that a norm holds together, and a bias that
the family does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.edit_kinds import KINDS
from core.edited.folder import save_baked
from core.edited.plan import Inputs, plan_edits
from core.edits import Edit
from core.errors import EditError
from core.graph import Edge, Entries, Node
from core.models.eight_bit import check_whole
from core.models.model import Model
from core.models.sharing import sharing_copy
from core.models.wiring import Wiring

HELD = ("zero", "scale", "mean", "optimal", "steer")
OTHERWISE = "Take ws.apply, or ws.export_model, which puts edits of any kind beside the weights."


@dataclass(frozen=True)
class BakedModel:
    """module: the model with the edits in its weights; those that do not change are shared with the original. edits: as
    they are written. changed: names of the parameters that are other ones."""

    module: Any
    model: Model
    edits: tuple[str, ...]
    changed: tuple[str, ...]

    def save(self, folder: str | Path) -> None:
        """Write a checkpoint that transformers or timm opens, with what reads its inputs and a card (README.md) that
        lists the edits. Raises WirescopeError where the folder holds something already, or cannot be written."""
        save_baked(self.model, self.module, self.edits, self.changed, Path(folder))


def bake(model: Model, edits: Sequence[Edit], session: Inputs | None = None) -> BakedModel:
    """The model with edits of nodes in its weights. session: where means are taken from, as in `ws.apply`. Raises
    EditError, with the reason, for what weights cannot hold; ModelError for weights in 8 bits; ArgumentError."""
    check_whole(model.adapter.module, "A checkpoint")
    reasons = why_not_baked(model, edits)
    if reasons:
        raise EditError(reasons[0], OTHERWISE)
    experts = {target: edit for edit in edits if (target := _target(model, edit)).kind == "expert"}  # the last of each
    planned = plan_edits(model, [edit for edit in edits if _target(model, edit) not in experts], session)
    module = sharing_copy(model.adapter.module)
    names = {id(part): name for name, part in model.adapter.module.named_modules()}
    changes = _Changes(module)
    for unit, edit in experts.items():
        block = names[id(model.adapter.blocks[unit.layer])]
        changes.expert(block, model.adapter.wiring(unit.layer), unit, _factor(edit))
    for mlp, neurons in planned.plan["neurons"].items():
        layer = _target(model, mlp).layer
        for number, slots in neurons.items():
            unit = Node("neuron", layer, int(number))
            factor, constant = _affine(slots[-1], _one_value(unit.name, slots[-1], planned.values))
            block = names[id(model.adapter.blocks[layer])]
            changes.neuron(block, model.adapter.wiring(layer), unit, factor, constant)
    for name, slots in planned.plan["nodes"].items():
        slot = slots[-1]
        factor, added = _affine(slot, _one_value(name, slot, planned.values))
        node = _target(model, name)
        block = names[id(model.adapter.blocks[node.layer])]
        wiring = model.adapter.wiring(node.layer)
        if node.kind == "head":
            changes.head(block, wiring, node, model.adapter.shape.head_width, factor, added)
        else:
            changes.mlp(block, wiring, node, factor, added)
    return BakedModel(module, model, tuple(map(str, edits)), tuple(changes.names))


def _target(model: Model, what: Edit | str) -> Node:
    """Of an edit, or a name, of a node or a unit."""
    target = what if isinstance(what, str) else what.target
    target = model.graph.parse(target) if isinstance(target, str) else target
    assert isinstance(target, Node)
    return target


def _one_value(name: str, slot: dict[str, Any], values: dict[str, Tensor]) -> Tensor | None:
    """What a slot puts in. Raises EditError where that is not one for all positions."""
    value = None if slot["value"] is None else values[slot["value"]]
    if value is not None and not slot["everywhere"]:
        raise EditError(
            f"{name} would be replaced by another value at each position, and a bias is one for all.",
            "Take one mean over all positions: ws.Session(..., mean_over_positions=True).",
        )
    return value


def _factor(edit: Edit) -> float:
    """c of a kind that only multiplies."""
    value = edit.value if isinstance(edit.value, float) else 0.0
    return 1.0 - edit.strength + edit.strength * value


def why_not_baked(model: Model, edits: Sequence[Edit]) -> list[str]:
    """Why weights cannot hold some of the edits, a sentence each, as far as that can be told without their values;
    empty where they can. Raises ArgumentError for a target that is not there."""
    reasons = []
    for edit in edits:
        target = model.graph.parse(edit.target) if isinstance(edit.target, str) else edit.target
        if isinstance(target, Entries):
            reasons.append(f"{edit} is of weights of attention, which are made of the input anew each time.")
        elif not isinstance(target, Node) or target.kind == "logits":
            what = "an edge" if isinstance(target, Edge) else "a reader"
            reasons.append(f"{edit.name} is {what}: weights hold what a node writes for all its readers alike.")
        elif target.kind == "input":
            reasons.append("`input` is made of several embeddings, which may be the unembedding too.")
        elif KINDS[edit.kind].takes == "direction":
            reasons.append(f"{edit.name}={edit.kind} turns what it writes: weights are only scaled, with a bias.")
        elif edit.kind not in HELD:
            reasons.append(f"{edit.name}={edit.kind} takes its values from inputs, which weights do not know.")
        elif KINDS[edit.kind].routes:
            reasons.append(f"{edit.name}={edit.kind} changes what a router chooses, which it does anew for each input.")
        elif target.kind == "expert" and KINDS[edit.kind].inputs:
            reasons.append(
                f"{edit.name}={edit.kind} would need a bias of {target.name} that its router does not weigh."
            )
        elif edit.positions is not None:
            reasons.append(f"{edit} is at some positions, and weights are the same at all.")
        elif target.kind == "head" and (reason := _held_together(model, target.layer)):
            reasons.append(f"{target.name} cannot be changed alone: {reason}.")
    return reasons


def _held_together(model: Model, layer: int) -> str:
    wiring = model.adapter.wiring(layer)
    if wiring.joint is not None:
        return "a norm follows what all heads of its layer write together"
    inner = None if wiring.inner is None else model.adapter.blocks[layer].get_submodule(wiring.inner)
    return "a norm takes the mean over all heads of its layer" if isinstance(inner, nn.LayerNorm) else ""


def _affine(slot: dict[str, Any], value: Tensor | None) -> tuple[float, Tensor | None]:
    """c and v of a slot; v [width] in fp64."""
    strength = float(slot["strength"])
    if slot["op"] == "scale":
        return 1.0 - strength + strength * float(slot["factor"]), None
    assert value is not None
    added = strength * float(slot["factor"]) * value[0, 0].double()
    return (1.0 - strength if slot["op"] == "set" else 1.0), added


class _Changes:
    """Parameters of a module that are set anew. names: theirs."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.names: dict[str, None] = {}

    def head(self, block: str, wiring: Wiring, node: Node, size: int, factor: float, added: Tensor | None) -> None:
        path = f"{block}.{wiring.output}"
        columns = slice(node.head * size, (node.head + 1) * size)
        conv = type(self.module.get_submodule(path)).__name__ == "Conv1D"

        def times(w: Tensor) -> Tensor:
            w = w.clone()
            w[(columns,) if conv else (slice(None), columns)] *= factor
            return w

        if factor != 1.0:
            self._set(f"{path}.weight", times)
        if added is not None:
            scale = self._scale(block, wiring.scale)
            self._add(f"{path}.bias", node, added, scale)

    def neuron(self, block: str, wiring: Wiring, unit: Node, factor: float, constant: Tensor | None) -> None:
        """constant: what it holds besides, one number."""
        path = f"{block}.{wiring.mlp_last}"
        conv = type(self.module.get_submodule(path)).__name__ == "Conv1D"
        column = (unit.head,) if conv else (slice(None), unit.head)
        weight = self.module.get_parameter(f"{path}.weight").detach().double()[column]

        def times(w: Tensor) -> Tensor:
            w = w.clone()
            w[column] *= factor
            return w

        if constant is not None:
            self._add(f"{path}.bias", unit, constant.to(weight) * weight, None)
        if factor != 1.0:
            self._set(f"{path}.weight", times)

    def expert(self, block: str, wiring: Wiring, unit: Node, factor: float) -> None:
        def times(w: Tensor) -> Tensor:
            w = w.clone()
            w[unit.head] *= factor
            return w

        for name in (*wiring.mlp_weights, *wiring.mlp_biases):
            if "experts." in name:
                self._set(f"{block}.{name}", times)

    def mlp(self, block: str, wiring: Wiring, node: Node, factor: float, added: Tensor | None) -> None:
        if wiring.joint is None and not wiring.mlp_weights:
            raise EditError(f"{node.name} cannot be changed: its MLP's last weights are not known.", OTHERWISE)
        scale = self._scale(block, wiring.mlp_scale)
        if wiring.joint is not None:  # a norm follows the MLP too
            if added is not None:
                raise _no_bias(node, "a norm follows it, which has none")
            more = wiring.joint[1]
            if factor != 1.0:
                self._set(f"{block}.{wiring.after_mlp}.weight", lambda w: factor * (w + more) - more)
            return
        if wiring.after_mlp is not None:
            (layer_scale,) = self.module.get_submodule(f"{block}.{wiring.after_mlp}").parameters()
            scale = layer_scale.detach().double() * (1.0 if scale is None else scale)
        if factor != 1.0:
            for name in (*wiring.mlp_weights, *wiring.mlp_biases):
                self._set(f"{block}.{name}", lambda w: factor * w)
        if added is not None:
            if wiring.mlp_bias is None:
                raise _no_bias(node, "this family's MLP has none that is added as it is")
            self._add(f"{block}.{wiring.mlp_bias}", node, added, scale)

    def _scale(self, block: str, scale: float | str | None) -> Tensor | None:
        """What multiplies what is written, in fp64."""
        if isinstance(scale, str):
            return self.module.get_parameter(f"{block}.{scale}").detach().double()
        return None if scale is None else torch.tensor(scale, dtype=torch.float64, device="cpu")

    def _add(self, path: str, node: Node, added: Tensor, scale: Tensor | None) -> None:
        owner, _, name = path.rpartition(".")
        if getattr(self.module.get_submodule(owner), name, None) is None:
            raise _no_bias(node, "this family's output projection has none")
        if scale is not None:
            scale = scale.to(added.device).expand_as(added)
            if bool(((scale == 0) & (added != 0)).any()):
                raise EditError(f"{node.name} cannot get a constant: LayerScale multiplies it by 0.", OTHERWISE)
            added = torch.where(added == 0, 0.0, added / scale)
        self._set(path, lambda bias: bias + added)

    def _set(self, path: str, change: Any) -> None:
        """A parameter as a function of itself in fp64, rounded once."""
        owner, _, name = path.rpartition(".")
        parameters = self.module.get_submodule(owner)._parameters
        before = parameters[name]
        assert before is not None
        after = change(before.detach().double()).to(before.dtype)
        parameters[name] = nn.Parameter(after, requires_grad=before.requires_grad)
        self.names[path] = None


def _no_bias(node: Node, why: str) -> EditError:
    return EditError(f"{node.name} would need a new bias: {why}.", OTHERWISE)
