"""Rules of layer-wise relevance propagation as gradients: an adapter whose backward pass carries relevance.

    norm         what it divides by is held constant
    activation   f(x) is x times f(x) / x, which is held constant (identity rule)
    product      of two activations: each factor gets half of the gradient (half rule)
    attention    the pattern is held constant, so queries and keys get nothing

The forward pass is the model's own. The rules are put in by watching which functions the model's modules call: an
elementwise function of one tensor is followed to its end, however many functions it is written in (GELU by tanh, SiLU
by sigmoid), and becomes one activation there. A function without a rule is refused by name.

Source: Rezaei Jafari et al. 2025, "RelP: Faithful and Efficient Circuit Discovery in Language Models via Relevance
Patching", table 1; half rule and attention of Ali et al. 2022, "XAI for Transformers", and Achtibat et al. 2024,
"AttnLRP".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from core.engine.divisor import Divisor
from core.errors import ModelError
from core.models.adapter import Adapter, AttentionWeights, JointScale, Places

# By name, since a function goes by several objects (torch.mul, Tensor.mul, Tensor.__rmul__).
ASKING = {"__len__", "size", "dim", "is_floating_point", "numel", "stride", "is_contiguous"}
LINEAR = {
    "linear", "matmul", "__matmul__", "addmm", "mm", "bmm", "mean", "sum", "neg", "__neg__", "dropout", "to", "float",
    "type", "type_as", "double", "reshape", "view", "flatten", "unflatten", "transpose", "permute", "contiguous",
    "__get__", "chunk", "split", "unbind", "cat", "stack", "expand", "squeeze", "unsqueeze", "clone", "__getitem__",
}  # fmt: skip
ELEMENTWISE = {
    "gelu", "silu", "relu", "relu_", "tanh", "sigmoid", "pow", "__pow__", "square", "exp", "erf", "clamp", "clamp_min",
    "clamp_max", "softplus", "leaky_relu", "elu", "mish", "hardtanh", "relu6", "hardswish", "hardsigmoid",
}  # fmt: skip
PRODUCT = {"mul", "__mul__", "__rmul__", "multiply"}
QUOTIENT = {"div", "__truediv__"}
SUM = {"add", "__add__", "__radd__", "sub", "__sub__", "__rsub__", "rsub"}
NORM = {"layer_norm": True, "rms_norm": False}  # whether it takes the mean away


class Rules(TorchFunctionMode):
    """The rules for what is called meanwhile. where: what is called, for a refusal."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where
        self._open: dict[int, tuple[Tensor, Tensor]] = {}  # by id: elementwise functions, and of what they are

    def __torch_function__(
        self, func: Callable[..., Any], types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        given = [*args, *kwargs.values(), *(x for xs in args if isinstance(xs, list | tuple) for x in xs)]
        active = [x for x in given if isinstance(x, Tensor) and x.requires_grad and not isinstance(x, nn.Parameter)]
        name = func.__name__
        if not active or name in ASKING:
            result = func(*args, **kwargs)
            return result.detach() if isinstance(result, Tensor) else result  # of weights alone
        if name in LINEAR:
            return func(*(self._closed(x) for x in args), **kwargs)
        if name in NORM:
            return _frozen_norm(NORM[name], func, self._closed(args[0]), args[1:], kwargs)
        if name == "rsqrt":
            return func(*args, **kwargs).detach()
        sources = {id(self._source(x)) for x in active}
        if name in ELEMENTWISE and len(active) == 1:
            return self._opened(func(*args, **kwargs), self._source(active[0]))
        single = len(sources) == 1 and (name not in QUOTIENT or active[0] is args[0])
        if name in PRODUCT | SUM | QUOTIENT and single:
            result = func(*args, **kwargs)
            squared = len(active) == 2 and name not in SUM
            bent = squared or any(id(x) in self._open for x in active)
            return self._opened(result, self._source(active[0])) if bent else result
        if name in SUM:
            return func(*(self._closed(x) for x in args), **kwargs)
        if name in PRODUCT:
            left, right = (self._closed(x) for x in args)
            return (left * right.detach() + left.detach() * right) / 2
        raise ModelError(
            f"RelP has no rule for {name!r}, which {self._where} uses.",
            "Mixtures of experts are such models. Use another method, for example eap-ig.",
        )

    def close(self, x: Tensor) -> Tensor:
        """What leaves: an elementwise function ends here."""
        return cast(Tensor, self._closed(x))

    def _source(self, x: Tensor) -> Tensor:
        return self._open[id(x)][1] if id(x) in self._open else x

    def _opened(self, x: Tensor, source: Tensor) -> Tensor:
        self._open[id(x)] = x, source
        return x

    def _closed(self, x: Any) -> Any:
        """The identity rule, where x is an elementwise function of something."""
        if isinstance(x, list | tuple):
            return type(x)(self._closed(item) for item in x)
        if id(x) not in self._open:
            return x
        value, source = (part.detach() for part in self._open[id(x)])
        there = source != 0
        ratio = torch.where(there, value / torch.where(there, source, 1), 0)
        passed = self._open[id(x)][1] * ratio
        return passed + (value - passed.detach())  # the value is the model's own


def _frozen_norm(centred: bool, func: Callable[..., Tensor], x: Tensor, rest: tuple[Any, ...], kwargs: Any) -> Tensor:
    """A norm over the last axis: its value, and the gradient with what it divides by held constant."""
    value = func(x.detach(), *rest, **kwargs)
    weight = rest[1] if len(rest) > 1 else kwargs.get("weight")
    eps = rest[3] if centred and len(rest) > 3 else rest[2] if not centred and len(rest) > 2 else kwargs.get("eps")
    eps = torch.finfo(x.dtype).eps if eps is None else eps
    divisor = Divisor(centred, eps)
    passed = divisor.centre(x) / divisor(x.detach())
    passed = passed if weight is None else passed * weight
    return passed + (value - passed.detach())


class _Relevance:
    """An adapter that calls its modules under the rules."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    @cached_property
    def attention(self) -> Sequence[AttentionWeights]:
        if not self._adapter.shape.coupled:
            return self._adapter.attention
        return tuple(
            weights if weights.joint_scale is None else replace(weights, joint_scale=_constant(weights.joint_scale))
            for weights in self._adapter.attention
        )

    def attention_norm(self, layer: int, stream: Tensor) -> Tensor:
        return self._under("norm", lambda x: self._adapter.attention_norm(layer, x), stream)

    def mlp_norm(self, layer: int, stream: Tensor) -> Tensor:
        return self._under("norm", lambda x: self._adapter.mlp_norm(layer, x), stream)

    def mlp(self, layer: int, normed: Tensor) -> Tensor:
        return self._under("MLP", lambda x: self._adapter.mlp(layer, x), normed)

    def read(self, stream: Tensor) -> Tensor:
        return self._under("head", self._adapter.read, stream)

    def query(self, layer: int, q: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        return self._adapter.query(layer, q, places, heads).detach()

    def key(self, layer: int, k: Tensor, places: Places, heads: Sequence[int] | None = None) -> Tensor:
        return self._adapter.key(layer, k, places, heads).detach()

    def _under(self, part: str, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        rules = Rules(f"the {part} of {self._adapter.family}")
        with rules:
            result = function(x)
        return rules.close(result)


def _constant(scale: JointScale) -> JointScale:
    def constant(z: Tensor, total: Tensor) -> Tensor:
        return scale(z, total).detach()

    return constant


def with_relevance(adapter: Adapter) -> Adapter:
    """The adapter whose gradients are relevance. Gradients raise ModelError where a function has no rule."""
    return cast(Adapter, _Relevance(adapter))
