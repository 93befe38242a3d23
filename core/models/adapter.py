"""What the engine needs to know of a model: one adapter per architecture family.

An adapter calls the model's own norm and MLP modules and re-states only the attention (projections, rotary,
scale, mask), since that is where readers are edited one by one. It never changes the model.

Shapes: stream [batch, position, width]; q, k, v, z [batch, position, head, head_width].
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

from core.errors import ModelError
from core.graph import Graph

InputKind = Literal["text", "image"]
OutputKind = Literal["next token", "classes", "embedding"]


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


@dataclass(frozen=True)
class AttentionWeights:
    """One layer's attention, all as nn.Linear stores it ([out, in]).

    w_qkv: [(heads + 2 kv_heads) * head_width, width]: all q, all k, all v.
    w_o: [width, heads * head_width], with LayerScale multiplied in: what really reaches the stream.
    b_o: [width] or None: belongs to no head.
    window: how many positions back a query sees (itself included); None: all.
    """

    w_qkv: Tensor
    b_qkv: Tensor | None
    w_o: Tensor
    b_o: Tensor | None
    scale: float
    window: int | None = None


class Adapter(ABC):
    """One model, as the engine sees it."""

    family: str  # as `wirescope` names it, for example "GPT-2"
    shape: Shape
    prefix: int = 0  # positions before the first patch of an image (class token, registers)
    blocks: Sequence[Any]  # one module a layer
    attention_norm_name: str  # of the norm before attention, in a block
    mlp_norm_name: str

    def __init__(self, module: Any) -> None:
        self.module: Any = module
        self.dtype = next(module.parameters()).dtype
        self.device = next(module.parameters()).device

    @cached_property
    def graph(self) -> Graph:
        shape = self.shape
        return Graph(shape.layers, shape.heads, shape.kv_heads, shape.parallel)

    @cached_property
    def attention(self) -> tuple[AttentionWeights, ...]:
        """The attention weights of every layer."""
        with torch.no_grad():
            return tuple(self.attention_weights(layer) for layer in range(self.shape.layers))

    @cached_property
    def _attention_norms(self) -> list[Any]:
        return [part(block, self.attention_norm_name) for block in self.blocks]

    @cached_property
    def _mlp_norms(self) -> list[Any]:
        return [part(block, self.mlp_norm_name) for block in self.blocks]

    @cached_property
    def _mlps(self) -> list[Any]:
        return [part(block, "mlp") for block in self.blocks]

    def attention_norm(self, layer: int, stream: Tensor) -> Tensor:
        return self._attention_norms[layer](stream)  # type: ignore[no-any-return]

    def mlp_norm(self, layer: int, stream: Tensor) -> Tensor:
        return self._mlp_norms[layer](stream)  # type: ignore[no-any-return]

    def mlp(self, layer: int, normed: Tensor) -> Tensor:
        """What the MLP writes to the stream, LayerScale included."""
        return self._mlps[layer](normed)  # type: ignore[no-any-return]

    # ---- what a family states ----

    @abstractmethod
    def attention_weights(self, layer: int) -> AttentionWeights: ...

    @abstractmethod
    def embed(self, inputs: Tensor) -> Tensor:
        """What the `input` node writes: [batch, position, width]. inputs: ids [batch, position] or pixels."""

    def turn(self, layer: int, qk: Tensor, first: int | Tensor) -> Tensor:
        """Rotate q or k [batch, position, head, head_width] to its place; the positions start at `first`, or
        are given as a tensor [batch, position]. Families without rotary embeddings leave it as it is."""
        return qk

    @abstractmethod
    def read(self, stream: Tensor) -> Tensor:
        """What the `logits` reader makes of the stream at the positions it reads: final norm, pooling and
        head.

        stream: [batch, n, width]. Text: [batch, n, vocabulary]. Images: [batch, classes] or [batch, width].
        """

    @property
    def reads_class_token_only(self) -> bool:
        """Whether the output of an image model reads position 0 alone."""
        return False

    @abstractmethod
    def own_forward(self, inputs: Tensor) -> Tensor:
        """The model's own forward pass, for the parity check: logits at every position [batch, position,
        vocabulary], or [batch, classes], or [batch, width]."""

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
    found = getattr(owner, leaf, None)
    if not isinstance(found, Tensor):
        raise ModelError(
            f"{type(module).__name__} has no weight called {path!r}.",
            "The installed version of its library lays this model out in another way than Wirescope expects.",
        )
    return found


def optional_weight(module: Any, path: str) -> Tensor | None:
    name, _, leaf = path.rpartition(".")
    found = getattr(part(module, name), leaf, None)
    return found if isinstance(found, Tensor) else None


def join(parts: list[Tensor | None]) -> Tensor | None:
    """Biases of q, k, v as one vector; None where there are none."""
    present = [p for p in parts if p is not None]
    if not present:
        return None
    return torch.cat(present)
