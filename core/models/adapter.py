"""What the engine needs to know of a model: one adapter per architecture family.

An adapter calls the model's own norm and MLP modules and re-states only the attention (projections, rotary,
scale, soft-cap, bias, mask, sinks), since that is where readers are edited one by one. It never changes the model.

Shapes: stream [batch, position, width]; q, k, v, z [batch, position, head, head_width].
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor, nn

from core.errors import ModelError
from core.graph import Graph
from core.models.eight_bit import holds_eight_bits
from core.models.mapped_files import on_disk
from core.models.mixtures import units_of
from core.models.products import Products
from core.models.spread import weights_of
from core.models.streamed import LayerByLayer
from core.models.units import NO_UNITS, Units, calls
from core.models.wiring import Wiring
from core.precision import widened

InputKind = Literal["text", "image"]
OutputKind = Literal["next token", "classes", "embedding"]
T = TypeVar("T")


@dataclass(frozen=True)
class Shape:
    """The sizes of a model. With `causal`, a position reads only itself and those before it."""

    layers: int
    heads: int
    kv_heads: int
    head_width: int
    width: int
    causal: bool
    input_kind: InputKind
    output_kind: OutputKind
    parallel: bool = False
    coupled: bool = False


@dataclass(frozen=True, eq=False)
class Places:
    """Where the rows of a tensor stand: index [batch or 1, n] of a stream of `length` positions. grid: rows and
    columns of an image's patches."""

    index: Tensor
    length: int
    grid: tuple[int, int] | None = None
    _made: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """What is made of them for every layer alike (masks, angles), made once."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]  # type: ignore[no-any-return]


JointScale = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class AttentionWeights:
    """One layer's attention, all as nn.Linear stores it ([out, in]); w_qkv and w_o where the layer lies.

    w_qkv: [(heads + 2 kv_heads) * head_width, width]: all q, all k, all v.
    w_o: [width, heads * head_width], with LayerScale and residual multiplier in it: what really reaches the stream.
    b_o: [width] or None: belongs to no head, and is added as it is (LayerScale and multiplier in it too).
    scale: of the scores q . k.
    window: how many positions back a query sees (itself included); None: all.
    softcap: scores are softcap * tanh(scores / softcap), before bias and mask.
    sinks: [heads], the score of a key that has no value: a head's attention then sums to less than 1.
    joint_scale: for a norm over all heads of a layer. From z [batch, n, heads * head_width] and z w_o^T
        [batch, n, width] of the current pass to the factor [batch, n, width or 1] that multiplies what each head
        adds to the stream (the norm's weight in it), in fp32 where the model is in half precision. Such a model is
        `coupled`. A bias after the norm belongs in b_o, a bias before it cannot be stated.
    """

    w_qkv: Tensor
    b_qkv: Tensor | None
    w_o: Tensor
    b_o: Tensor | None
    scale: float
    window: int | None = None
    softcap: float | None = None
    sinks: Tensor | None = None
    joint_scale: JointScale | None = None


class Adapter(ABC):
    """One model, as the engine sees it."""

    family: str  # as `wirescope` names it, for example "GPT-2"
    learned_positions = False  # whether an embedding of the position is added to that of the token
    shape: Shape
    prefix_labels: tuple[str, ...] = ()  # of an image's positions before its first patch: class token, registers
    blocks: Sequence[Any]  # one module a layer
    attention_norm_name: str | None  # of the norm before attention, in a block; None: there is none
    mlp_norm_name: str | None
    mlp_name: str = "mlp"
    after_mlp_name: str | None = None  # of a norm (or scale) that the MLP's output goes through
    q_norm_name: str | None = None  # of a norm of q [batch, n, heads, head_width], head by head, before `turn`
    k_norm_name: str | None = None
    final_norm: Any  # module before the head; an Identity where there is none
    compares_at_end = False  # whether training asked for an answer in texts, at the end of the tower alone

    def __init__(self, module: Any) -> None:
        self.module: Any = module
        self.dtype = next(module.parameters()).dtype
        self.device = next(module.parameters()).device
        self.products = Products()

    @property
    def prefix(self) -> int:
        """How many positions stand before the first patch of an image."""
        return len(self.prefix_labels)

    @cached_property
    def graph(self) -> Graph:
        shape = self.shape
        units = tuple(NO_UNITS if each is None else (each.kind, each.count) for each in self.units)
        return Graph(shape.layers, shape.heads, shape.kv_heads, shape.parallel, shape.coupled, units)

    @cached_property
    def units(self) -> tuple[Units | None, ...]:
        """What the MLP of every layer opens into; None where it does not."""
        return tuple(units_of(self, layer) for layer in range(self.shape.layers))

    @cached_property
    def attention(self) -> Sequence[AttentionWeights]:
        """The attention weights of every layer."""
        if holds_eight_bits(self.module) or any(on_disk(weight) for weight in self.module.parameters()):
            return LayerByLayer(self)
        with torch.no_grad():
            attention = tuple(weights_of(self, layer) for layer in range(self.shape.layers))
        assert self.shape.coupled or all(weights.joint_scale is None for weights in attention)
        return attention

    def _in_blocks(self, name: str | None) -> list[Any]:
        """A module of every layer; None leaves its input as it is."""
        return [nn.Identity() if name is None else part(block, name) for block in self.blocks]

    @cached_property
    def _attention_norms(self) -> list[Any]:
        return self._in_blocks(self.attention_norm_name)

    @cached_property
    def _mlp_norms(self) -> list[Any]:
        return self._in_blocks(self.mlp_norm_name)

    @cached_property
    def _mlps(self) -> list[Any]:
        return self._in_blocks(self.mlp_name)

    @cached_property
    def _after_mlp(self) -> list[Any]:
        return self._in_blocks(self.after_mlp_name)

    @cached_property
    def _q_norms(self) -> list[Any]:
        return self._in_blocks(self.q_norm_name)

    @cached_property
    def _k_norms(self) -> list[Any]:
        return self._in_blocks(self.k_norm_name)

    def norm_before(self, layer: int, what: Literal["attention", "mlp"]) -> Any:
        """The module that norms what a layer's attention or its MLP reads."""
        return (self._attention_norms if what == "attention" else self._mlp_norms)[layer]

    def attention_norm(self, layer: int, stream: Tensor) -> Tensor:
        return self._attention_norms[layer](stream)  # type: ignore[no-any-return]

    def mlp_norm(self, layer: int, stream: Tensor) -> Tensor:
        return self._mlp_norms[layer](stream)  # type: ignore[no-any-return]

    def mlp(self, layer: int, normed: Tensor) -> Tensor:
        """What the MLP writes to the stream: after LayerScale, a norm of its own, the residual multiplier."""
        with calls(self):
            made = self.mlp_module(layer, normed)
        return self.mlp_written(layer, made)

    def mlp_written(self, layer: int, made: Tensor) -> Tensor:
        """What reaches the stream of what the MLP's own module makes."""
        return self._after_mlp[layer](made)  # type: ignore[no-any-return]

    def after_mlp(self, layer: int) -> Any:
        """The module that the MLP's output goes through."""
        return self._after_mlp[layer]

    def mlp_part(self, layer: int) -> Any:
        """The MLP's own module."""
        return self._mlps[layer]

    def mlp_module(self, layer: int, normed: Tensor) -> Tensor:
        """What the MLP's own module makes of it."""
        return self._mlps[layer](normed)  # type: ignore[no-any-return]

    def neurons(self, layer: int, normed: Tensor) -> Tensor:
        """What the last linear map of the MLP reads: [batch, n, neurons]. Raises ModelError for a mixture, whose
        experts have neurons of their own for each position."""
        units = self.units[layer]
        if units is None or units.kind != "neuron":
            raise ModelError(f"m{layer} is a mixture of experts: it has no neurons that are there at every position.")
        return units.made(normed)[1]

    def query(self, layer: int, q: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        """q [batch, n, head, head_width] as attention uses it: normed, turned. heads: which ones these are; None:
        all. A circuit run of a coupled model always brings all of them."""
        return self.turn(layer, self._q_norms[layer](q), places)

    def key(self, layer: int, k: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        """The same for k; heads: of those with keys."""
        return self.turn(layer, self._k_norms[layer](k), places)

    @cached_property
    def plain_keys(self) -> bool:
        """Whether attention uses keys as they are projected, of every layer."""
        family = type(self)
        return self.k_norm_name is None and family.key is Adapter.key and family.turn is Adapter.turn

    # ---- what a family states ----

    @abstractmethod
    def attention_weights(self, layer: int) -> AttentionWeights: ...

    @abstractmethod
    def embed(self, inputs: Tensor) -> Tensor:
        """What the `input` node writes: [batch, position, width]. inputs: ids [batch, position] or pixels."""

    def wiring(self, layer: int) -> Wiring:
        """Where the parts of a layer are. Raises ModelError where the family does not say it."""
        raise ModelError(
            f"Edits cannot be put into a {type(self.module).__name__} itself: its adapter does not say where its "
            "parts are.",
            "State it in the adapter's wiring(layer).",
        )

    def turn(self, layer: int, qk: Tensor, places: Places) -> Tensor:
        """Rotate q or k [batch, n, head, head_width] to its places. Families or layers without rotary embeddings
        leave it as it is."""
        return qk

    def score_bias(self, layer: int, queries: Places) -> Tensor | None:
        """What is added to the scores of queries at these places: broadcastable to [batch, heads, n, position]; None
        for nothing. The causal mask and the window are not part of it."""
        return None

    @abstractmethod
    def head(self, normed: Tensor) -> Tensor:
        """What the `logits` reader makes of the normed stream at the positions it reads: pooling and head.

        normed: [batch, n, width]. Text: [batch, n, vocabulary], or the embedding that each of these positions gives,
        [batch, n, width]. Images: [batch, classes] or [batch, width].
        """

    def read(self, stream: Tensor) -> Tensor:
        """What the `logits` reader makes of the stream at the positions it reads: final norm, then `head`."""
        return self.head(self.final_norm(stream))

    def answering(self, answers: Sequence[int]) -> Adapter | None:
        """The same model giving the logits of some answers alone, in this order; None where its head cannot be cut. A
        large vocabulary costs as much as several layers."""
        return None

    def read_positions(self, inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
        """Which positions the output reads: [batch, n], or None for all. lengths: how many positions of each row are
        real, [batch]; None: all. Text: one, the last real one. Images: all."""
        if self.shape.input_kind == "image":
            return None
        if lengths is None:
            return torch.full((len(inputs), 1), inputs.shape[1] - 1, device=inputs.device)
        return lengths[:, None] - 1

    @abstractmethod
    def own_forward(self, inputs: Tensor) -> Tensor:
        """The model's own forward pass, for the parity check: logits at every position [batch, position,
        vocabulary], or [batch, classes], or [batch, width]."""

    def own_answers(self, inputs: Tensor, reads: Tensor | None) -> Tensor:
        """The model's own forward pass where the output is read, [batch, answers]. reads: [batch, 1], or None for
        outputs without positions."""
        output = self.own_forward(inputs)
        if output.ndim == 2 or reads is None:
            return output
        return output.gather(1, reads[:, :, None].expand(-1, -1, output.shape[-1]))[:, 0]

    def own_answer(self, inputs: Tensor) -> Tensor:
        """The model's own forward pass at the last position alone: what an edit's run is timed against."""
        return self.own_forward(inputs)

    def image_grid(self, inputs: Tensor) -> tuple[int, int] | None:
        """Patch rows and columns of pixels [batch, channel, height, width]; None for text."""
        return None

    @property
    def context_length(self) -> int | None:
        """How many tokens the model takes at most."""
        return None

    @property
    def padded_length(self) -> int | None:
        """How many tokens every prompt is padded to, for a model that was trained so and reads the padding; None: no
        padding."""
        return None

    @property
    def vocabulary(self) -> int | None:
        """How many token ids there are; None for images."""
        return None


def part(module: Any, path: str) -> Any:
    """A submodule by its path. Raises ModelError that names what is missing."""
    try:
        return module.get_submodule(path)
    except AttributeError:
        raise ModelError(
            f"{type(module).__name__} has no part called {path!r}.",
            "The installed version of its library lays this model out in another way than Wirescope expects.",
        ) from None


def weight(module: Any, path: str) -> Tensor:
    """A parameter by its path. Raises ModelError that names what is missing."""
    name, _, leaf = path.rpartition(".")
    owner = part(module, name) if name else module
    weight = getattr(owner, leaf, None)
    if not isinstance(weight, Tensor):
        raise ModelError(
            f"{type(module).__name__} has no weight called {path!r}.",
            "The installed version of its library lays this model out in another way than Wirescope expects.",
        )
    return weight


def optional_weight(module: Any, path: str) -> Tensor | None:
    name, _, leaf = path.rpartition(".")
    weight = getattr(part(module, name), leaf, None)
    return weight.detach() if isinstance(weight, Tensor) else None


def join(parts: list[Tensor | None]) -> Tensor | None:
    """Biases of q, k, v as one vector; None where there are none."""
    present = [p for p in parts if p is not None]
    if not present:
        return None
    return torch.cat(present)


def rms_scale(weight: Tensor, eps: float) -> JointScale:
    """The joint scale of an RMSNorm after attention; weight [width] as it multiplies (Gemma: 1 + the parameter)."""
    wide_weight = widened(weight)

    def scale(_z: Tensor, total: Tensor) -> Tensor:
        return torch.rsqrt(widened(total).square().mean(-1, keepdim=True) + eps) * wide_weight

    return scale


def first_positions(inputs: Tensor, count: int = 1) -> Tensor:
    """The first positions of every row, [batch, count], for an output that reads the class token (and the one after
    it)."""
    return torch.arange(count, device=inputs.device).expand(len(inputs), count)


def prefix_labels(class_token: bool, registers: int) -> tuple[str, ...]:
    return (*(["CLS"] if class_token else []), *(f"reg{i}" for i in range(1, registers + 1)))


def norm_heads(norm: Any, x: Tensor, heads: Sequence[int] | None, total: int, axis: int = 2) -> Tensor:
    """q or k [batch, n, head, head_width] through a norm that has weights of its own for each of `total` heads.

    heads: which ones x holds; None: all. axis: where the norm expects the heads: 2, or 1 before the positions.
    """
    whole = x
    if heads is not None:
        whole = x.new_zeros(*x.shape[:2], total, x.shape[3])
        whole[:, :, list(heads)] = x
    normed: Tensor = norm(whole.transpose(2, axis)).transpose(2, axis)
    return normed if heads is None else normed[:, :, list(heads)]


def refuse(module: Any, reasons: dict[str, bool], hint: str) -> None:
    """Raise ModelError with the first reason that holds: options of a family that its adapter does not state."""
    for reason, holds in reasons.items():
        if holds:
            raise ModelError(f"This {type(module).__name__} is not supported: {reason}.", hint)
