"""From a session's edits to what `core.edited.hooks` puts into a model: a plan and the tensors that it names.

A plan knows no session: positions are absolute, values are there in full. What edits replace by is asked of the same
`References` that the engine's runs use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from core.edit_kinds import KINDS
from core.edited.neurons import neurons_of, replaced_value
from core.edits import Edit, ResolvedEdit, resolve
from core.engine.engine import Engine
from core.engine.references import References, bias_before
from core.engine.replacement import REPLACEMENTS, Ablation
from core.errors import ArgumentError, EditError
from core.graph import Edge, Entries, Node, Reader
from core.models.adapter import Adapter
from core.models.model import Model
from core.positions import Extent, plain_positions
from core.precision import wide_dtype
from core.replacements.project import projection_of
from core.replacements.zero import Zero
from core.towers_graph import check_one_tower

NO_SESSION = "Give the session that it was made in: session=..."
NO_WEIGHTS = "Run it in a session, or cut what it does: the head, or edges into it."
_UNBOUNDED = 1 << 40  # longer than any input

Slot = dict[str, Any]


class Inputs(Protocol):
    """What edits take values and positions from: a session."""

    @property
    def model(self) -> Model: ...

    @property
    def engine(self) -> Engine: ...


@dataclass(frozen=True)
class PlannedEdits:
    """plan, values: see `core.edited.hooks`. edits: as they are written."""

    plan: dict[str, Any]
    values: dict[str, Tensor]
    edits: tuple[str, ...]


def plan_edits(model: Model, edits: Sequence[Edit], session: Inputs | None = None) -> PlannedEdits:
    """Everything that edits do, as hooks do it. session: where values and positions are taken from; needed by edits
    that have any. Raises ArgumentError, EditError, ModelError for a family that does not say where its parts are."""
    check_one_tower(model.graph, "Putting edits into the model itself")
    if session is not None and session.model.adapter.module is not model.adapter.module:
        raise ArgumentError("The session is of another model.", "Take model = session.model.")
    return _Planner(model, session).plan(edits)


class _Planner:
    def __init__(self, model: Model, session: Inputs | None) -> None:
        self.adapter, self.graph = model.adapter, model.graph
        self.session = session
        self.references: References | None = None if session is None else session.engine.references
        self.values: dict[str, Tensor] = {}

    def plan(self, edits: Sequence[Edit]) -> PlannedEdits:
        nodes: dict[str, list[Slot]] = {}
        of_readers: dict[Reader, list[ResolvedEdit]] = {}
        of_edges: dict[Reader, dict[Node, list[ResolvedEdit]]] = {}
        neurons: dict[str, dict[str, list[Slot]]] = {}
        with torch.no_grad():
            for edit in edits:
                resolved = self._resolved(edit)
                target = resolved.target
                if isinstance(target, Entries):
                    raise EditError(
                        f"{edit} is of weights of attention, which no module of the model gives.", NO_WEIGHTS
                    )
                if isinstance(target, Edge):
                    of_edges.setdefault(target.reader, {}).setdefault(target.writer, []).append(resolved)
                elif isinstance(target, Reader):
                    of_readers.setdefault(target, []).append(resolved)
                elif target.is_unit:
                    of_mlp = neurons.setdefault(target.whole.name, {})
                    of_mlp.setdefault(str(target.head), []).append(self._neuron(target, resolved))
                else:
                    nodes.setdefault(target.name, []).append(self._slot(target, resolved))
            readers = {
                reader.name: self._reader(reader, of_readers.get(reader, []), of_edges.get(reader, {}))
                for reader in {**of_readers, **of_edges}
            }
        plan = {**layout_of(self.adapter), "nodes": nodes, "readers": readers, "neurons": neurons}
        return PlannedEdits(plan, self.values, tuple(str(edit) for edit in edits))

    def _resolved(self, edit: Edit) -> ResolvedEdit:
        """An edit with absolute positions; without a session those from the start alone. Raises EditError."""
        width = self.adapter.shape.width
        if self.session is not None:
            extent = self.session.engine.extent
        else:
            counted = () if edit.positions is None else plain_positions(edit.positions)
            if any(isinstance(place, str) or place < 0 for place in counted):
                raise EditError(f"{edit} counts positions from the end of an input, or by a role.", NO_SESSION)
            extent = Extent((_UNBOUNDED,), _UNBOUNDED)
        resolved = resolve(edit, self.graph, extent, width)
        if edit.positions is None:
            return resolved
        rows = extent.places(edit.positions)  # all of an input are not all of a longer one
        rows = rows[:1] if len(set(rows)) == 1 else rows
        return ResolvedEdit(resolved.target, resolved.kind, rows, resolved.value, resolved.strength, resolved.seed)

    # ---- slots ----

    def _reader(
        self, reader: Reader, edits: list[ResolvedEdit], edges: dict[Node, list[ResolvedEdit]]
    ) -> dict[str, Any]:
        def under(node: Node) -> list[Slot | None]:
            return [None if KINDS[edit.kind].adds else self._slot(node, edit) for edit in edits]

        written = [
            {"writer": node.name, "under": under(node), "slots": [self._slot(node, edit) for edit in slots]}
            for node, slots in edges.items()
        ]
        entry: dict[str, Any] = {"slots": [self._slot(reader, edit) for edit in edits], "edges": written}
        if any(slot["op"] == "scale" for slot in entry["slots"]):
            entry["bias"] = self._bias(reader)
        return entry

    def _slot(self, target: Node | Reader, edit: ResolvedEdit) -> Slot:
        """What an edit puts in the place of what a node writes, or of all that a reader reads."""
        of_node = isinstance(target, Node)
        kind, is_zero = KINDS[edit.kind], isinstance(REPLACEMENTS[edit.kind], Zero)
        if is_zero and isinstance(target, Reader):  # biases that belong to no head stay
            return _slot(edit, "set", self._bias(target), everywhere=True)
        if is_zero or kind.turns_value:
            return _slot(edit, "scale", factor=0.0 if is_zero else edit.value)
        if kind.repeats:
            return _slot(edit, "add", self._vector(edit), everywhere=True)
        if kind.takes == "direction":
            return self._projection(edit)
        references = self._references(edit)
        key = f"{'' if of_node else '->'}{target.name} {edit.kind} {edit.seed}"
        if kind.adds:
            return _slot(edit, "add", self._kept(key, references.noise(target, edit.seed)), factor=edit.value)
        if kind.others:
            drawn = references.resampled_value if isinstance(target, Node) else references.resampled_stream
            return _slot(edit, "set", self._kept(key, drawn(target, edit.seed)))  # type: ignore[arg-type]
        ablation = self._ablation(edit)
        value = ablation.out(references, target) if isinstance(target, Node) else ablation.before(references, target)
        is_mean = kind.inputs and not kind.learned
        everywhere = references.over_positions if is_mean else value.shape[1] == 1 and not ablation.one_run
        return _slot(edit, "set", self._kept(key, value), everywhere=everywhere)

    def _neuron(self, unit: Node, edit: ResolvedEdit) -> Slot:
        """What an edit puts in the place of what a neuron holds."""
        neurons_of(self.adapter, unit)
        kind, is_zero = KINDS[edit.kind], isinstance(REPLACEMENTS[edit.kind], Zero)
        if is_zero or kind.turns_value:
            return _slot(edit, "scale", factor=0.0 if is_zero else edit.value)
        references = self._references(edit)
        value = self._kept(f"{unit.name} {edit.kind} {edit.seed}", replaced_value(self.adapter, references, unit, edit))
        if kind.adds:
            return _slot(edit, "add", value, factor=edit.value)
        everywhere = kind.inputs and not kind.others and references.over_positions
        return _slot(edit, "set", value, everywhere=everywhere)

    def _bias(self, reader: Reader) -> str:
        return self._kept(f"{reader.name} bias", bias_before(self.adapter, reader)[None, None])

    def _ablation(self, edit: ResolvedEdit) -> Ablation:
        row = REPLACEMENTS[edit.kind]
        if not isinstance(row, Ablation):
            raise EditError(f"An edit of the kind {edit.kind} cannot be put into a model.", "Take zero, mean or scale.")
        return row

    def _references(self, edit: ResolvedEdit) -> References:
        if self.references is None:
            words = f"{edit.target.name}={edit.kind}"
            raise EditError(f"{words} takes its value from inputs, and there are none.", NO_SESSION)
        if not (isinstance(edit.target, Node) and edit.target.is_unit):  # a neuron's are of its MLP alone
            REPLACEMENTS[edit.kind].prepare(self.references)
        return self.references

    def _projection(self, edit: ResolvedEdit) -> Slot:
        assert not isinstance(edit.value, float)
        along, taken, level = projection_of(edit.value, self.adapter.shape.width)
        vectors = torch.stack([along, taken]).to(wide_dtype(self.adapter.dtype))[None]
        value = self._kept(f"direction {len(self.values)}", vectors)
        return _slot(edit, "project", value, everywhere=True, factor=level)

    def _vector(self, edit: ResolvedEdit) -> str:
        vector = torch.tensor(edit.value, dtype=torch.float64, device="cpu").to(self.adapter.dtype)
        name = f"vector {len(self.values)}"
        return self._kept(name, vector[None, None])

    def _kept(self, name: str, value: Tensor) -> str:
        value = value.detach()
        if len(value) > 1 and bool((value == value[:1]).all()):
            value = value[:1]
        self.values[name] = value.contiguous().clone()
        return name


def _slot(
    edit: ResolvedEdit, op: str, value: str | None = None, everywhere: bool = False, factor: Any = 1.0
) -> dict[str, Any]:
    positions = None if edit.positions is None else [list(row) for row in edit.positions]
    return {
        "op": op,
        "value": value,
        "everywhere": everywhere,
        "factor": factor,
        "positions": positions,
        "strength": edit.strength,
    }


def layout_of(adapter: Adapter) -> dict[str, Any]:
    """Where the parts of a model are, as a plan says it."""
    shape = adapter.shape
    names = {id(part): name for name, part in adapter.module.named_modules()}
    layers = []
    for number, block in enumerate(adapter.blocks):
        wiring = adapter.wiring(number)
        layers.append(
            {
                "block": names[id(block)],
                "attention_norm": adapter.attention_norm_name,
                "mlp_norm": adapter.mlp_norm_name,
                "projections": [list(projection) for projection in wiring.projections],
                "output": wiring.output,
                "inner": wiring.inner,
                "joint": None if wiring.joint is None else list(wiring.joint),
                "scale": wiring.scale,
                "mlp": wiring.mlp,
                "mlp_last": wiring.mlp_last,
                "mlp_scale": wiring.mlp_scale,
                "after_mlp": wiring.after_mlp,
            }
        )
    sizes = {"heads": shape.heads, "kv_heads": shape.kv_heads, "head_width": shape.head_width}
    return {
        "class": type(adapter.module).__name__,
        **sizes,
        "parallel": shape.parallel,
        "layers": layers,
        "settings": settings_of(adapter.module),
    }


def settings_of(module: nn.Module) -> list[list[Any]]:
    """What keeps projections from being called as modules, where hooks see them: timm adds the biases of some inside
    one call with their weights, unless it is told to add them apart."""
    name = "qkv_bias_separate"
    return [[path, name, True] for path, part in module.named_modules() if getattr(part, name, True) is False]
